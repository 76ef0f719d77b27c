//! The life of a plugin process: as long as its connection.
//!
//! The thread that called `serve` watches the socket, and nothing else. An author's code never runs
//! on it, so nothing that an author does keeps the process alive when the host is gone.

use std::convert::Infallible;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{Shutdown, shutdown};
use signal_hook::consts::{SIGINT, SIGPIPE, SIGTERM};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::children;
use super::launch::LaunchError;
use super::log;
use super::session::PluginServer;
use crate::bindings::handshake::PluginClient;
use crate::os;
use crate::rpc::{Client, Disconnect, own};
use crate::transport::{self, Connection, Role, Socket};

/// How long the calls that a `shutDown` cancels may take to end, and to be logged.
const CANCEL: Duration = Duration::from_secs(2);

/// How long the RPC layer may take to say why the connection ended, which it knows at once.
const REASON: Duration = Duration::from_secs(1);

/// How long destructors and `atexit` functions of an author's may take.
const EXIT: Duration = Duration::from_secs(1);

/// Ends the session when the host asks for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lifeline {
    shutdown: CancellationToken,
}

impl Lifeline {
    /// Has the process exit, once the calls that are running have been answered.
    pub(super) fn shut_down(&self) {
        self.shutdown.cancel();
    }
}

/// Serves until the connection has ended, and then ends the process.
///
/// An error is one of the operating system's, before anything was served.
pub(super) fn hold(
    socket: Socket,
    server: impl FnOnce(Lifeline) -> PluginServer,
) -> io::Result<Infallible> {
    // A handler rather than an ignored signal: a program that an author starts gets the default.
    let ignored = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGINT, Arc::clone(&ignored))?;
    signal_hook::flag::register(SIGPIPE, ignored)?;
    // The kernel sends it when the host dies. It takes the rest of the group along.
    let (terminated, terminate) = UnixStream::pair()?;
    signal_hook::low_level::pipe::register(SIGTERM, terminate)?;

    let watched = socket.as_fd().try_clone_to_owned()?;
    let lifeline = Lifeline::default();
    let plugin = PluginClient::new(server(lifeline.clone()));
    let connection = transport::open(socket, Role::Plugin(plugin.capability().clone()))?;
    let runtime = own()?;
    runtime.spawn(end_on_request(lifeline, connection.clone()));
    runtime.spawn(wake_at_end(connection.clone(), watched.try_clone()?));

    if let End::Terminated = wait_for_end(&watched, &terminated)? {
        leave(128 + SIGTERM);
    }
    let reason = runtime.block_on(async { timeout(REASON, connection.link.ended()).await });
    leave(match reason {
        Ok(Disconnect::Closed | Disconnect::EndOfFile) | Err(_) => 0,
        Ok(reason) => LaunchError::Lost(reason).report(),
    })
}

/// Closes the connection after a `shutDown`, when every call has been answered.
pub(crate) async fn end_on_request(lifeline: Lifeline, connection: Connection) {
    tokio::select! {
        () = lifeline.shutdown.cancelled() => {}
        _ = connection.link.ended() => return,
    }
    connection.link.stop();
    let end = async {
        // A second request may have come with the first one.
        connection.answered().await;
        log::flush().await;
    };
    // Whatever does not end is ended with the process.
    let _ = timeout(CANCEL, end).await;
    connection.close().await;
}

/// Has the watching thread notice an end that came from this side.
async fn wake_at_end(connection: Connection, socket: OwnedFd) {
    connection.link.ended().await;
    // It may be shut down already.
    let _ = shutdown(socket, Shutdown::Both);
}

/// Why a plugin ends.
enum End {
    Connection,
    Terminated,
}

/// Returns when the peer has closed the socket, or this side has, or when SIGTERM has come.
fn wait_for_end(socket: &impl AsFd, terminated: &impl AsFd) -> io::Result<End> {
    #[cfg(target_os = "linux")]
    let end = PollFlags::RDHUP | PollFlags::HUP;
    #[cfg(not(target_os = "linux"))]
    let end = PollFlags::HUP;
    let mut watched = [
        PollFd::new(socket, end),
        PollFd::new(terminated, PollFlags::IN),
    ];
    loop {
        match poll(&mut watched, None) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) if watched[1].revents().is_empty() => return Ok(End::Connection),
            Ok(_) => return Ok(End::Terminated),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Ends the process, and asks the other processes of its group to end, if it leads one.
fn leave(status: i32) -> ! {
    if rustix::process::getpgrp() == rustix::process::getpid() {
        // This process gets the signal as well, and handles it.
        let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TERM);
    }
    children::end_all();
    let watchdog = thread::Builder::new().spawn(move || {
        let (_never, end) = mpsc::channel::<Infallible>();
        let _ = end.recv_timeout(EXIT);
        os::exit_now(status)
    });
    if watchdog.is_err() {
        os::exit_now(status);
    }
    std::process::exit(status)
}
