//! The host's side of the protocol, on capnp-rpc itself: what is sent, and when, is the case's.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use capnp::message::ReaderOptions;
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::{RpcSystem, twoparty};
use otto_plugin::wire::handshake_capnp::plugin;
use otto_plugin::wire::host_capnp::log;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::wire::{Answer, Link, Message, Party, Reader, Record, Writer};

/// How long after the first sign of it the end of a connection is seen.
const A_MOMENT: Duration = Duration::from_millis(20);

/// An RPC system on one end of a socket.
pub(crate) struct Rpc {
    link: Rc<Link>,
    system: Rc<RefCell<RpcSystem<Side>>>,
    bootstraps: Cell<usize>,
    ended: Rc<Ended>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Ended {
    yes: Cell<bool>,
    notify: Notify,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    Exception(capnp::Error),
    /// The connection ended first.
    Lost(String),
    TimedOut(Duration),
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The library's own prefix says what the words before it say already.
            Self::Exception(error) => {
                let text = error.extra.trim_start_matches("remote exception: ");
                write!(f, "an exception ({:?}): {text}", error.kind)
            }
            Self::Lost(why) => write!(f, "no answer: the connection ended ({why})"),
            Self::TimedOut(limit) => write!(f, "no answer within {:.1} s", limit.as_secs_f64()),
        }
    }
}

impl fmt::Debug for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rpc")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl Rpc {
    /// Begins to speak on a link.
    pub(crate) fn start(link: &Rc<Link>) -> Self {
        let network = twoparty::VatNetwork::new(
            Reader::new(link.clone()),
            Writer(link.clone()),
            Side::Client,
            ReaderOptions::new(),
        );
        let system = RpcSystem::new(Box::new(network), None);
        let system = Rc::new(RefCell::new(system));
        let ended = Rc::new(Ended::default());
        let (driven, end) = (system.clone(), ended.clone());
        let task = tokio::task::spawn_local(async move {
            let _ = poll_fn(|cx| Pin::new(&mut *driven.borrow_mut()).poll(cx)).await;
            end.yes.set(true);
            end.notify.notify_waiters();
        });
        Self {
            link: link.clone(),
            system,
            bootstraps: Cell::new(0),
            ended,
            task,
        }
    }

    /// Asks for the plugin's bootstrap capability. Each time this is a question of its own.
    pub(crate) fn bootstrap(&self) -> plugin::Client {
        self.bootstraps.set(self.bootstraps.get() + 1);
        self.system.borrow_mut().bootstrap(Side::Server)
    }

    /// Waits for an answer.
    pub(crate) async fn answer<T>(
        &self,
        answer: impl Future<Output = Result<T, capnp::Error>>,
        within: Duration,
    ) -> Result<T, NoAnswer> {
        let mut answer = std::pin::pin!(answer);
        let answered = tokio::select! {
            biased;
            answered = &mut answer => Some(answered),
            () = self.over() => None,
            () = sleep(within) => return Err(NoAnswer::TimedOut(within)),
        };
        match answered {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(error)) if self.is_lost(&error).await => Err(self.lost(&error.extra)),
            Some(Err(error)) => Err(NoAnswer::Exception(error)),
            None => Err(self.lost("end of file")),
        }
    }

    /// Waits for the end of the connection.
    pub(crate) async fn over(&self) {
        let notified = self.ended.notify.notified();
        if !self.ended.yes.get() {
            notified.await;
        }
    }

    /// Asks for the bootstrap capability, and waits for the answer, as seen on the wire.
    ///
    /// capnp-rpc makes calls on the promise of it for ever, but from here on it is a kept one.
    pub(crate) async fn answered_bootstrap(
        &self,
        within: Duration,
    ) -> Result<(plugin::Client, Answer), NoAnswer> {
        let plugin = self.bootstrap();
        let nth = self.bootstraps.get();
        let answer = |record: &Record| record.bootstrap(nth);
        let answered = self.link.until(within, |record| answer(record).is_some());
        let in_time = tokio::select! {
            biased;
            in_time = answered => in_time,
            () = self.over() => true,
        };
        match self.link.record(answer) {
            Some(answer) => Ok((plugin, answer)),
            None if in_time => Err(self.lost("end of file")),
            None => Err(NoAnswer::TimedOut(within)),
        }
    }

    /// The end of the connection rejects every open call, with the error of whatever ended it, a
    /// moment before it is complete.
    async fn is_lost(&self, error: &capnp::Error) -> bool {
        error.kind == capnp::ErrorKind::Disconnected || timeout(A_MOMENT, self.over()).await.is_ok()
    }

    /// The connection is lost, for what the plugin has sent, if that is no message.
    fn lost(&self, why: &str) -> NoAnswer {
        NoAnswer::Lost(self.link.record(|record| {
            let mut events = record.events().iter();
            let nonsense = events
                .find(|event| event.from == Party::Plugin && event.message == Message::Malformed);
            match nonsense {
                _ if record.is_flooded() => "it sent more than anybody asked for".to_owned(),
                Some(event) => event.line.clone(),
                None => why.to_owned(),
            }
        }))
    }

    /// Ends the connection, as a host does that closes its socket.
    pub(crate) fn end(&self) {
        self.link.end();
    }

    /// Whether the connection has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.ended.yes.get()
    }

    /// Whether the RPC library itself has failed.
    pub(crate) fn panicked(&self) -> bool {
        self.task.is_finished() && !self.ended.yes.get()
    }
}

impl Drop for Rpc {
    fn drop(&mut self) {
        // The system reads the end, rejects what is open, and lets go of everything.
        self.link.close();
    }
}

/// The host's log, which takes everything: what was written is in the record.
#[derive(Debug)]
pub(crate) struct TakesAll;

impl log::Server for TakesAll {
    async fn write(
        self: Rc<Self>,
        _: log::WriteParams,
        _: log::WriteResults,
    ) -> Result<(), capnp::Error> {
        Ok(())
    }
}
