//! A connection: a socket with the RPC layer on it, owned by the RPC thread.

mod frames;
mod guard;
mod meter;
mod network;
mod socket;

use std::cell::RefCell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use capnp::message::ReaderOptions;
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::twoparty::VatNetwork;
use capnp_rpc::{Disconnector, RpcSystem};
use futures::FutureExt;
use futures::io::BufReader;
use tokio::io::AsyncReadExt;
use tokio::sync::oneshot;
use tokio_util::compat::{TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};
use tokio_util::sync::CancellationToken;

use crate::limits::TRAVERSAL_WORDS;
use crate::rpc::{Capability, Disconnect, Link, panic_text, rpc_thread};
use frames::Frames;
use guard::{Guard, Tally};
use meter::Meter;
use network::Metered;

pub(crate) use socket::{Registered, Socket};

/// How long what is queued for a peer may take to go out when a connection is closed.
const FLUSH: Duration = Duration::from_secs(1);

/// How long the end of file may come after the `Abort` that announces it.
const ABORT: Duration = Duration::from_millis(200);

/// How many turns of the RPC layer bring all answers to the socket: several for each, 32 at a time,
/// and no more answers than calls that are served at once.
const TURNS: usize = 64;

/// How much is read from a socket at once, in bytes.
const READ_BUFFER: usize = 64 << 10;

/// A connection, as every thread may hold it. Dropping the last clone closes it.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) link: Arc<Link>,
    seen: Arc<Mutex<Seen>>,
    open: Arc<Open>,
}

/// What came from the peer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// How many whole messages.
    pub(crate) messages: u64,
    /// The first bytes.
    pub(crate) first: Vec<u8>,
}

/// Closes the connection when it is dropped.
#[derive(Debug)]
struct Open(CancellationToken);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// What runs on the RPC thread at the start of a connection, with the peer's bootstrap capability.
pub(crate) type Begin = Box<dyn FnOnce(capnp::capability::Client, &Arc<Link>) + Send>;

/// Which end of a connection this is.
pub(crate) enum Role {
    /// The host's. It asks for the peer's bootstrap capability, and calls it before anything is
    /// read.
    Host(Begin),
    /// The plugin's. It serves a bootstrap capability.
    Plugin(Capability),
}

/// Opens a connection on `socket`.
pub(crate) fn open(socket: impl Into<Socket>, role: Role) -> io::Result<Connection> {
    let socket = socket.into();
    socket.set_nonblocking()?;
    let link = Arc::new(Link::new());
    let seen = Arc::<Mutex<Seen>>::default();
    let close = CancellationToken::new();
    let connection = Connection {
        link: Arc::clone(&link),
        seen: Arc::clone(&seen),
        open: Arc::new(Open(close.clone())),
    };
    rpc_thread()?.submit(move || {
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let (side, bootstrap, begin) = match role {
                Role::Host(begin) => (Side::Client, None, Some(begin)),
                Role::Plugin(bootstrap) => (Side::Server, Some(bootstrap), None),
            };
            match System::new(socket, side, bootstrap, &link) {
                Ok(mut system) => {
                    if let Some(begin) = begin {
                        begin(system.rpc.bootstrap(Side::Server), &link);
                    }
                    tokio::task::spawn_local(system.run(Arc::clone(&link), seen, close));
                }
                Err(error) => link.finish(Disconnect::Broken(error.to_string())),
            }
        }));
        if let Err(panic) = opened {
            link.finish(Disconnect::Panicked(panic_text(&*panic)));
        }
    });
    Ok(connection)
}

impl Connection {
    /// What has come from the peer so far. Complete once the link has ended.
    pub(crate) fn seen(&self) -> Seen {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until no call of the peer's is unanswered, those included that have been read and are
    /// on their way through the RPC layer.
    pub(crate) async fn answered(&self) {
        loop {
            self.link.served.idle().await;
            let (done, taken_up) = oneshot::channel();
            let take_up = async {
                for _ in 0..TURNS {
                    tokio::task::yield_now().await;
                }
                let _ = done.send(());
            };
            // Without a thread there is no connection.
            let Ok(thread) = rpc_thread() else { return };
            thread.submit(|| drop(tokio::task::spawn_local(take_up)));
            let _ = taken_up.await;
            if self.link.served.inside() == 0 {
                return;
            }
        }
    }

    /// Ends the connection, after what is queued has gone out, and waits until it has ended.
    pub(crate) async fn close(&self) {
        self.open.0.cancel();
        self.link.ended().await;
    }
}

/// Ends when a connection should have ended by itself.
async fn overdue(link: &Link) {
    link.ending().await;
    tokio::time::sleep(FLUSH).await;
}

/// The RPC layer of one connection, on the RPC thread.
struct System {
    rpc: RpcSystem<Side>,
    disconnector: Disconnector<Side>,
    frames: Rc<RefCell<Frames>>,
    /// To see the end of file behind a peer's `Abort`, which the RPC layer reads no further than.
    rest: Registered,
}

impl System {
    fn new(
        socket: Socket,
        side: Side,
        bootstrap: Option<Capability>,
        link: &Arc<Link>,
    ) -> io::Result<Self> {
        let rest = socket.duplicate()?;
        let (read, write) = socket.into_split()?;
        let frames = Rc::<RefCell<Frames>>::default();
        let guard = Guard::new(read.compat(), Rc::clone(&frames), Arc::clone(link));
        let mut options = ReaderOptions::new();
        options.traversal_limit_in_words(Some(TRAVERSAL_WORDS));
        let network = VatNetwork::new(
            BufReader::with_capacity(READ_BUFFER, guard),
            Tally::new(write.compat_write(), Arc::clone(link)),
            side,
            options,
        );
        let network = Metered::new(network, Meter::new(Arc::clone(link), Rc::clone(&frames)));
        let bootstrap = bootstrap
            .map(|capability| capnp::capability::Client::new(capability.hook(Some(link), None)));
        let rpc = RpcSystem::new(Box::new(network), bootstrap);
        let disconnector = rpc.get_disconnector();
        Ok(Self {
            rpc,
            disconnector,
            frames,
            rest,
        })
    }

    /// Runs until the connection ends, by whichever side.
    ///
    /// Calls in flight when the system is dropped without its disconnector would never end. They do
    /// here, since they watch the link as well.
    async fn run(self, link: Arc<Link>, seen: Arc<Mutex<Seen>>, close: CancellationToken) {
        let Self {
            rpc,
            disconnector,
            frames,
            mut rest,
        } = self;
        let mut rpc = std::pin::pin!(AssertUnwindSafe(rpc).catch_unwind());
        // The end of file is noted where it is read, and so is a frame that breaks a limit.
        let mut why = Disconnect::Broken("it sent a message that makes no sense".into());
        let ended = tokio::select! {
            biased;
            ended = &mut rpc => Some(ended),
            () = close.cancelled() => None,
            // It was ended for what the peer did.
            _ = link.ended() => None,
            // The RPC layer says good-bye, and a peer that does not read never hears it.
            () = overdue(&link) => Some(Ok(Ok(()))),
        };
        match ended {
            Some(Ok(Ok(()))) => {
                // A peer that closes its end says `Abort` first. One that only breaks the
                // protocol stays.
                let end = async { while let Ok(1..) = rest.read(&mut [0; 64]).await {} };
                if tokio::time::timeout(ABORT, end).await.is_ok() {
                    why = Disconnect::EndOfFile;
                }
            }
            Some(Ok(Err(error))) => why = Disconnect::Broken(error.to_string()),
            Some(Err(panic)) => why = Disconnect::Panicked(panic_text(&*panic)),
            None => {
                // The answers that are ready are on their way through the tasks of the RPC layer,
                // which takes a part of them in each turn.
                let mut over = false;
                for _ in 0..TURNS {
                    over = over || futures::poll!(rpc.as_mut()).is_ready();
                    tokio::task::yield_now().await;
                }
                link.blame(Disconnect::Closed);
                if !over {
                    // The disconnector waits for a peer that does not read.
                    let flush = AssertUnwindSafe(async { tokio::join!(disconnector, rpc) });
                    let _ = tokio::time::timeout(FLUSH, flush.catch_unwind()).await;
                }
            }
        }
        {
            let frames = frames.borrow();
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            *seen = Seen {
                messages: frames.complete(),
                first: frames.first().to_vec(),
            };
        }
        link.finish(why);
    }
}
