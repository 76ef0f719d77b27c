//! From a socket to the end of the process.

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::pin::Pin;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use capnp::message::ReaderOptions;
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::{RpcSystem, twoparty};
use otto_plugin::wire::handshake_capnp::plugin;
use otto_plugin::wire::host_capnp::log;
use tokio::net::{TcpListener, UnixStream};
use tokio::sync::Notify;
use tokio::task::LocalSet;
use tokio::time::timeout;

use crate::defect::Defect;
use crate::plugin::Mutant;
use crate::stream::{Inlet, Outlet};

/// How long the last answers may take to be written.
const GOODBYE: Duration = Duration::from_secs(2);

/// What the objects of the plugin share.
pub(crate) struct Shared {
    pub(crate) defect: Option<Defect>,
    /// Set by `shutDown`.
    pub(crate) ending: Notify,
    /// What `connect` brought.
    pub(crate) log: RefCell<Option<log::Client>>,
    pub(crate) metas: Cell<u32>,
    pub(crate) awaited: RefCell<Option<tokio::sync::oneshot::Sender<()>>>,
    /// Empty until the plugin serves.
    pub(crate) system: RefCell<Option<Rc<RefCell<RpcSystem<Side>>>>>,
}

impl Shared {
    pub(crate) fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }
}

/// Serves until the host is gone, or has had enough.
pub(crate) fn serve(socket: OwnedFd, defect: Option<Defect>) -> io::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, run(socket, defect))
}

async fn run(socket: OwnedFd, defect: Option<Defect>) -> io::Result<ExitCode> {
    let socket = StdStream::from(socket);
    socket.set_nonblocking(true)?;
    let stream = Rc::new(UnixStream::from_std(socket)?);
    let spoken_to = Rc::new(Cell::new(false));
    let network = twoparty::VatNetwork::new(
        Inlet::new(stream.clone(), defect, spoken_to.clone()),
        Outlet(stream),
        Side::Server,
        ReaderOptions::new(),
    );
    let shared = Rc::new(Shared {
        defect,
        ending: Notify::new(),
        log: RefCell::default(),
        metas: Cell::default(),
        awaited: RefCell::default(),
        system: RefCell::default(),
    });
    let plugin: plugin::Client = capnp_rpc::new_client(Mutant::new(shared.clone()));
    let system = RpcSystem::new(Box::new(network), Some(plugin.client));
    let disconnector = system.get_disconnector();
    let system = Rc::new(RefCell::new(system));
    *shared.system.borrow_mut() = Some(system.clone());
    let served = tokio::task::spawn_local(async move {
        let _ = poll_fn(|cx| Pin::new(&mut *system.borrow_mut()).poll(cx)).await;
    });
    tokio::select! {
        _ = served => after_the_host(defect, spoken_to.get()).await,
        () = shared.ending.notified() => {
            // The answer to shutDown is queued when the call has returned, which it does first.
            tokio::task::yield_now().await;
            let _ = timeout(GOODBYE, disconnector).await;
            match defect {
                Some(Defect::FailsAtShutdown) => Ok(ExitCode::from(3)),
                _ => Ok(ExitCode::SUCCESS),
            }
        }
    }
}

async fn after_the_host(defect: Option<Defect>, spoken_to: bool) -> io::Result<ExitCode> {
    match defect {
        Some(Defect::WaitsIfTheHostNeverCalls) if !spoken_to => pending().await,
        Some(Defect::AbortsAtTheEnd) if spoken_to => std::process::abort(),
        Some(Defect::WaitsForTheNextHost) if spoken_to => {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            loop {
                let _ = listener.accept().await?;
            }
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}
