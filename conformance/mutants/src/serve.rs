//! From a socket to the end of the process.

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::io::{self, Write};
use std::pin::Pin;
use std::process::{Child, ExitCode};
use std::rc::Rc;
use std::time::Duration;

use capnp::message::ReaderOptions;
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::{RpcSystem, twoparty};
use futures::future::LocalBoxFuture;
use otto_plugin::wire::handshake_capnp::plugin;
use otto_plugin::wire::host_capnp::log;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::LocalSet;
use tokio::time::timeout;

use crate::defect::Defect;
use crate::plugin::Mutant;
use crate::signals::Signals;
use crate::socket::{Connection, Socket};
use crate::stream::{Inlet, Outlet};

/// How many turns of the RPC library bring the answers of one flight to the socket.
const TURNS: usize = 64;
/// How long the last answers may take to be written.
const GOODBYE: Duration = Duration::from_secs(2);

/// What the objects of the plugin share.
pub(crate) struct Shared {
    pub(crate) defect: Option<Defect>,
    /// Set by `shutDown`.
    pub(crate) ending: Notify,
    /// What has come from the host.
    pub(crate) heard: Rc<Heard>,
    /// What `connect` brought.
    pub(crate) log: RefCell<Option<log::Client>>,
    pub(crate) metas: Cell<u32>,
    /// How many of them are not over.
    pub(crate) running: Cell<u32>,
    pub(crate) shut_downs: Cell<u32>,
    pub(crate) awaited: RefCell<Option<tokio::sync::oneshot::Sender<()>>>,
    /// What comes when the host knows that a call is over.
    pub(crate) ended: RefCell<Option<LocalBoxFuture<'static, capnp::Result<()>>>>,
    /// Empty until the plugin serves.
    pub(crate) system: RefCell<Option<Rc<RefCell<RpcSystem<Side>>>>>,
    /// What connect has started.
    pub(crate) child: RefCell<Option<Child>>,
    /// Whether a host has been refused.
    pub(crate) refused: Cell<bool>,
}

/// What has come from the host.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Anything at all.
    pub(crate) anything: Cell<bool>,
    /// A call of `shutDown`.
    pub(crate) shut_down: Cell<bool>,
}

impl Shared {
    pub(crate) fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    /// Says that it was called, as some authors do.
    pub(crate) fn print(&self) {
        if self.has(Defect::DiesWithoutAReader) && writeln!(io::stdout(), "a call").is_err() {
            let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGPIPE);
        }
    }
}

/// Serves until the host is gone, or has had enough.
pub(crate) fn serve(
    connection: Connection,
    inherited: bool,
    defect: Option<Defect>,
) -> io::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, run(connection, inherited, defect))
}

async fn run(
    connection: Connection,
    inherited: bool,
    defect: Option<Defect>,
) -> io::Result<ExitCode> {
    let signals = Signals::handle(defect)?;
    let stream = Rc::new(Socket::new(connection)?);
    let heard = Rc::<Heard>::default();
    let network = twoparty::VatNetwork::new(
        Inlet::new(stream.clone(), defect, heard.clone()),
        Outlet(stream, defect),
        Side::Server,
        ReaderOptions::new(),
    );
    let shared = Rc::new(Shared {
        defect,
        ending: Notify::new(),
        heard,
        log: RefCell::default(),
        metas: Cell::default(),
        running: Cell::default(),
        shut_downs: Cell::default(),
        awaited: RefCell::default(),
        ended: RefCell::default(),
        system: RefCell::default(),
        child: RefCell::default(),
        refused: Cell::default(),
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
        biased;
        () = signals.term() => {}
        () = signals.int() => {}
        () = shared.ending.notified() => {
            // The answers are queued when the calls have returned, which they do first.
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
            let _ = timeout(GOODBYE, disconnector).await;
        }
        _ = served => {
            // A shutDown that came before the end is what the plugin ends for.
            if !shared.heard.shut_down.get() {
                after_the_host(&shared, inherited).await?;
            }
        }
    }
    Ok(leave(&shared, &signals))
}

/// What there is to do when the host is gone, which for a good plugin is nothing.
async fn after_the_host(shared: &Shared, inherited: bool) -> io::Result<()> {
    let spoken_to = shared.heard.anything.get();
    match shared.defect {
        Some(Defect::WaitsIfTheHostNeverCalls) if !spoken_to => pending().await,
        Some(Defect::StaysWhenItHasDialled) if !inherited => pending().await,
        Some(Defect::StaysWhenItHasRefused) if shared.refused.get() => pending().await,
        Some(Defect::AbortsAtTheEnd) if spoken_to => std::process::abort(),
        Some(Defect::WaitsForTheNextHost) if spoken_to => {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            loop {
                let _ = listener.accept().await?;
            }
        }
        _ => Ok(()),
    }
}

/// Ends what the plugin has started, and says with which status it exits.
fn leave(shared: &Shared, signals: &Signals) -> ExitCode {
    let terminated = signals.terminated();
    let shut_down = shared.heard.shut_down.get() && !terminated;
    if let Some(mut child) = shared.child.take()
        && (shut_down || !shared.has(Defect::KeepsItsChildren))
    {
        let _ = child.kill();
        let _ = child.wait();
    }
    match shared.defect {
        Some(Defect::FailsAtTheEnd) if !terminated && !shut_down => ExitCode::FAILURE,
        Some(Defect::FailsAtSigterm) if terminated => ExitCode::FAILURE,
        _ if terminated => ExitCode::from(143),
        Some(Defect::FailsAtShutdown) if shut_down => ExitCode::from(3),
        _ => ExitCode::SUCCESS,
    }
}
