//! The socket, with the defects that lie below the RPC library.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use capnp::message::{Builder, ReaderOptions};
use capnp::serialize;
use capnp::traits::HasTypeId;
use capnp_rpc::rpc_capnp::{call, message, message_target};
use futures::{AsyncRead, AsyncWrite};
use otto_plugin::wire::app_capnp::app;
use otto_plugin::wire::handshake_capnp::{plugin, session};

use crate::defect::Defect;
use crate::serve::Heard;
use crate::socket::Socket;

/// The number of the call that is answered twice: no ordinary session makes so many.
const TWICE: u32 = 8;
/// How many messages there is room for, where that is a defect.
const ROOM: usize = 40;
/// The calls that the plugin knows: interfaces, and how many methods each of them has.
const KNOWN: [(u64, u16); 3] = [
    (plugin::Client::TYPE_ID, 1),
    (session::Client::TYPE_ID, 3),
    (app::Client::TYPE_ID, 7),
];
/// An interface that nobody implements.
const NO_INTERFACE: u64 = 0xdead_dead_dead_dead;

/// What the plugin reads from.
#[derive(Debug)]
pub(crate) struct Inlet {
    stream: Rc<Socket>,
    defect: Option<Defect>,
    heard: Rc<Heard>,
    arrived: Vec<u8>,
    passed_on: VecDeque<u8>,
    bootstraps: u32,
    metas: u32,
}

impl Inlet {
    pub(crate) fn new(stream: Rc<Socket>, defect: Option<Defect>, heard: Rc<Heard>) -> Self {
        Self {
            stream,
            defect,
            heard,
            arrived: Vec::new(),
            passed_on: VecDeque::new(),
            bootstraps: 0,
            metas: 0,
        }
    }

    /// Passes on the whole messages among what has arrived.
    fn filter(&mut self) -> capnp::Result<()> {
        let mut messages = 0;
        while let Some(size) = message_size(&self.arrived).filter(|s| self.arrived.len() >= *s) {
            let rest = self.arrived.split_off(size);
            let message = std::mem::replace(&mut self.arrived, rest);
            messages += 1;
            if messages > ROOM && self.defect == Some(Defect::HasRoomFor40Messages) {
                continue;
            }
            if let Some(message) = self.look_at(message)? {
                self.passed_on.extend(message);
            }
        }
        if self.defect == Some(Defect::DiscardsTheBeginningOfAMessage) {
            self.arrived.clear();
        }
        Ok(())
    }

    /// What becomes of a message before the RPC library sees it.
    fn look_at(&mut self, bytes: Vec<u8>) -> capnp::Result<Option<Vec<u8>>> {
        let reader = serialize::read_message(&bytes[..], ReaderOptions::new())?;
        match reader.get_root::<message::Reader<'_>>()?.which()? {
            message::Bootstrap(bootstrap) => {
                let question = bootstrap?.get_question_id();
                self.bootstraps += 1;
                match self.defect {
                    Some(Defect::BootstrapsOnce) if self.bootstraps > 1 => {
                        self.answer(question, Some("there has been a bootstrap already"))?;
                        return Ok(None);
                    }
                    Some(Defect::SecondBootstrapIsNull) if self.bootstraps > 1 => {
                        self.answer(question, None)?;
                        return Ok(None);
                    }
                    _ => {}
                }
            }
            message::Call(call) => {
                let call = call?;
                if !self.takes(call)? {
                    return Ok(None);
                }
                if call.get_interface_id() == app::Client::TYPE_ID && call.get_method_id() == 0 {
                    self.metas += 1;
                    if self.defect == Some(Defect::AnswersACallTwice) && self.metas == TWICE {
                        self.answer(call.get_question_id(), None)?;
                    }
                }
                if self.defect == Some(Defect::RefusesCallsOnPromises) && is_on_a_field(call)? {
                    return to_no_interface(&reader).map(Some);
                }
            }
            _ => {}
        }
        Ok(Some(bytes))
    }

    /// Whether the RPC library is to see a call. It answers those that nobody knows by itself.
    fn takes(&self, call: call::Reader<'_>) -> capnp::Result<bool> {
        let (interface, method) = (call.get_interface_id(), call.get_method_id());
        let is_shut_down = (interface, method) == (session::Client::TYPE_ID, 2);
        self.heard
            .shut_down
            .set(is_shut_down || self.heard.shut_down.get());
        let mut known = KNOWN.iter();
        if known.any(|(known, methods)| *known == interface && method < *methods) {
            return Ok(true);
        }
        let question = call.get_question_id();
        match self.defect {
            Some(Defect::AnswersAnUnknownCall) => self.answer(question, None)?,
            Some(Defect::FailsAtAnUnknownCall) => self.answer(question, Some("what is that?"))?,
            Some(Defect::HangsUpAtAnUnknownCall) => {
                return Err(capnp::Error::failed("what is that?".to_owned()));
            }
            _ => return Ok(true),
        }
        Ok(false)
    }

    /// Answers a question behind the back of the RPC library.
    fn answer(&self, question: u32, exception: Option<&str>) -> capnp::Result<()> {
        let mut message = Builder::new_default();
        let mut answer = message.init_root::<message::Builder<'_>>().init_return();
        answer.set_answer_id(question);
        match exception {
            Some(reason) => answer.init_exception().set_reason(reason),
            None => drop(answer.init_results()),
        }
        // Between two messages of the library's, which writes each in one go while there is room.
        self.stream
            .try_write(&serialize::write_message_to_words(&message))?;
        Ok(())
    }
}

/// The size of the message that begins here. Hosts are trusted: this plugin is run by the suite.
fn message_size(bytes: &[u8]) -> Option<usize> {
    let word = |index: usize| {
        let bytes = bytes.get(index * 4..index * 4 + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    };
    let segments = word(0)? + 1;
    let table = (4 * (segments + 1)).next_multiple_of(8);
    (1..=segments).try_fold(table, |size, segment| Some(size + word(segment)? * 8))
}

/// Whether a call is on a field of an answer, and not on an object that was handed over.
fn is_on_a_field(call: call::Reader<'_>) -> capnp::Result<bool> {
    Ok(match call.get_target()?.which()? {
        message_target::PromisedAnswer(answer) => !answer?.get_transform()?.is_empty(),
        message_target::ImportedCap(_) => false,
    })
}

/// The same call, for an interface that is not there.
fn to_no_interface(
    call: &capnp::message::Reader<serialize::OwnedSegments>,
) -> capnp::Result<Vec<u8>> {
    let mut copy = Builder::new_default();
    copy.set_root(call.get_root::<message::Reader<'_>>()?)?;
    if let message::Call(call) = copy.get_root::<message::Builder<'_>>()?.which()? {
        call?.set_interface_id(NO_INTERFACE);
    }
    Ok(serialize::write_message_to_words(&copy))
}

impl AsyncRead for Inlet {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        while this.passed_on.is_empty() {
            futures::ready!(this.stream.poll_read_ready(cx))?;
            let mut bytes = [0; 16 << 10];
            match this.stream.try_read(&mut bytes) {
                Ok(0) => return Poll::Ready(Ok(0)),
                Ok(count) => {
                    let first = !this.heard.anything.replace(true);
                    this.arrived.extend(&bytes[..count]);
                    if first && this.defect == Some(Defect::DiscardsWhatIsBuffered) {
                        let kept = message_size(&this.arrived).unwrap_or(count);
                        this.arrived.truncate(kept);
                    }
                    this.filter().map_err(io::Error::other)?;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) if this.defect == Some(Defect::IgnoresAReset) => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(io::Read::read(&mut this.passed_on, buffer))
    }
}

/// What the plugin writes to.
#[derive(Debug)]
pub(crate) struct Outlet(pub(crate) Rc<Socket>);

impl AsyncWrite for Outlet {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            futures::ready!(self.0.poll_write_ready(cx))?;
            match self.0.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
