//! A plugin that is spoken to in bytes, with no RPC library in between.

use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use capnp::message::Builder;
use capnp::serialize;
use capnp_rpc::rpc_capnp::message;
use futures::{AsyncReadExt, AsyncWriteExt};
use rustix::net::Shutdown;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Stage, Start, USUAL_DESCRIPTOR};
use crate::process::{Process, Usage};
use crate::verdict::Stop;
use crate::wire::{Link, Message, Party, Reader, Record, Writer};

/// How often a process is looked at while something is waited for.
const LOOK: Duration = Duration::from_millis(5);

/// A started plugin, and the recorded socket to it.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) process: Process,
    pub(crate) link: Rc<Link>,
    over: watch::Receiver<bool>,
    reading: JoinHandle<()>,
}

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Answer,
    /// The connection has ended.
    End,
    /// Neither came in time.
    Nothing,
}

/// What a plugin did while its end of the connection was waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    /// Whether the connection has ended.
    pub(crate) over: bool,
    pub(crate) waited: Duration,
    /// The most memory that it was seen with, in bytes.
    pub(crate) memory: u64,
    /// How long it has run on a processor.
    pub(crate) busy: Duration,
}

impl Raw {
    /// Starts the plugin in the ordinary way, and says nothing to it.
    pub(crate) fn start(stage: &Stage<'_>, label: &str) -> Result<Self, Stop> {
        let (link, end) = stage.link()?;
        let process = stage.start(label, Start::by_host(end, USUAL_DESCRIPTOR), Some(&link))?;
        let (ended, over) = watch::channel(false);
        let mut reader = Reader::new(link.clone());
        let reading = tokio::task::spawn_local(async move {
            let mut buffer = [0; 4096];
            // What is read is in the record.
            while matches!(reader.read(&mut buffer).await, Ok(1..)) {}
            let _ = ended.send(true);
        });
        Ok(Self {
            process,
            link,
            over,
            reading,
        })
    }

    /// Writes bytes in one piece. A plugin that is gone by now does not take them.
    pub(crate) async fn write(&self, bytes: &[u8], within: Duration) {
        let mut writer = Writer(self.link.clone());
        let written = async {
            writer.write_all(bytes).await?;
            writer.flush().await
        };
        let _: Result<io::Result<()>, _> = timeout(within, written).await;
    }

    /// Says that nothing more comes: the plugin reads an end of file, and can still be heard.
    pub(crate) fn finish(&self) -> io::Result<()> {
        match rustix::net::shutdown(self.link.descriptor()?, Shutdown::Write) {
            // The plugin is gone already.
            Ok(()) | Err(rustix::io::Errno::NOTCONN) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for the answer to a question, or the end of the connection.
    pub(crate) async fn answer(&self, question: u32, within: Duration) -> Heard {
        let answers = |message: &Message| matches!(message, Message::Return { question: answered, .. } if *answered == question);
        self.hear(within, answers).await
    }

    /// Waits for a message like this, or the end of the connection.
    pub(crate) async fn hear(&self, within: Duration, is_it: impl Fn(&Message) -> bool) -> Heard {
        let is_there = |record: &Record| {
            let mut events = record.events().iter();
            events.any(|event| event.from == Party::Plugin && is_it(&event.message))
        };
        tokio::select! {
            biased;
            there = self.link.until(within, is_there) => match there {
                true => Heard::Answer,
                false => Heard::Nothing,
            },
            () = self.ended() => match self.link.record(is_there) {
                true => Heard::Answer,
                false => Heard::End,
            },
        }
    }

    /// Waits for the end of the connection, and looks at what the plugin takes meanwhile.
    pub(crate) async fn ending(&self, within: Duration) -> Ending {
        let pid = self.process.pid();
        let first = Usage::of(pid).unwrap_or_default();
        let began = Instant::now();
        let (mut last, mut memory) = (first, first.memory);
        let over = loop {
            let rest = within.saturating_sub(began.elapsed());
            if timeout(rest.min(LOOK), self.ended()).await.is_ok() {
                break true;
            }
            if let Some(usage) = Usage::of(pid) {
                memory = memory.max(usage.memory);
                last = usage;
            }
            if rest.is_zero() {
                break false;
            }
        };
        Ending {
            over,
            waited: began.elapsed(),
            memory,
            busy: last.processor.saturating_sub(first.processor),
        }
    }

    async fn ended(&self) {
        let _ = self.over.clone().wait_for(|over| *over).await;
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.reading.abort();
        self.link.close();
    }
}

/// A message of the RPC protocol, as it goes into the socket.
pub(crate) fn message(fill: impl FnOnce(message::Builder<'_>)) -> Vec<u8> {
    let mut builder = Builder::new_default();
    fill(builder.init_root());
    serialize::write_message_to_words(&builder)
}

/// The question for the bootstrap capability, which every plugin can answer at any time.
pub(crate) fn bootstrap(question: u32) -> Vec<u8> {
    message(|message| message.init_bootstrap().set_question_id(question))
}
