//! Programs that a plugin starts for a call, and that end with it.

mod tree;

use std::collections::BTreeSet;
use std::io;
use std::process::ExitStatus;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::Signal;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::rpc::{Pass, Scope, own};
use tree::Tree;

/// How long a program may take to end after SIGTERM.
const TERMINATE: Duration = Duration::from_secs(2);

/// How long a process may take to end after SIGKILL, which nothing can delay but the kernel.
const KILLED: Duration = Duration::from_secs(1);

/// The programs that are running, by the numbers of their processes.
static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Notified when one of them has ended.
static ENDED: Condvar = Condvar::new();

/// A program that ends with the call it was started for: what
/// [`Host::spawn`](crate::bindings::host::Host::spawn) gives.
///
/// Dropping it ends the program.
#[derive(Debug)]
#[non_exhaustive]
pub struct Child {
    /// Its standard input, if the command asked for a pipe.
    pub stdin: Option<ChildStdin>,
    /// Its standard output, likewise.
    pub stdout: Option<ChildStdout>,
    /// Its standard error, likewise.
    pub stderr: Option<ChildStderr>,
    id: u32,
    exit: watch::Receiver<Option<Ended>>,
    stop: CancellationToken,
    _on_drop: DropGuard,
}

type Ended = Result<ExitStatus, Arc<io::Error>>;

impl Child {
    /// The number of its process, which is its own until it has ended.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Waits until it has ended. Dropping the future ends nothing. An error is one of the operating
    /// system's.
    pub async fn wait(&self) -> io::Result<ExitStatus> {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(Ok(status))) => Ok(*status),
            Ok(Some(Err(error))) => Err(io::Error::new(error.kind(), Arc::clone(error))),
            _ => Err(io::Error::other("nobody waits for the program any more")),
        }
    }

    /// Ends it and what it has started: SIGTERM, and 2 s later SIGKILL. Says how it ended.
    pub async fn stop(self) -> io::Result<ExitStatus> {
        self.stop.cancel();
        self.wait().await
    }
}

/// Starts a program that ends with `scope`. `pass` is dropped when it is gone.
pub(super) fn spawn(
    command: &mut Command,
    scope: Option<Arc<Scope>>,
    pass: Option<Pass>,
) -> io::Result<Child> {
    let runtime = own()?;
    // Its end is noticed where nothing of an author's can stall.
    let _inside = runtime.enter();
    let mut process = command.kill_on_drop(true).spawn()?;
    let id = process
        .id()
        .ok_or_else(|| io::Error::other("the program has no process"))?;
    with_running(|running| running.insert(id));
    let (stdin, stdout, stderr) = (
        process.stdin.take(),
        process.stdout.take(),
        process.stderr.take(),
    );
    let stop = CancellationToken::new();
    let (ended, exit) = watch::channel(None);
    runtime.spawn({
        let stop = stop.clone();
        async move {
            let status = supervise(process, id, scope, stop).await;
            with_running(|running| running.remove(&id));
            ENDED.notify_all();
            ended.send_replace(Some(status.map_err(Arc::new)));
            drop(pass);
        }
    });
    Ok(Child {
        stdin,
        stdout,
        stderr,
        id,
        exit,
        _on_drop: stop.clone().drop_guard(),
        stop,
    })
}

/// Waits for the end of a program, and brings it about when it is time.
async fn supervise(
    mut process: tokio::process::Child,
    id: u32,
    scope: Option<Arc<Scope>>,
    stop: CancellationToken,
) -> io::Result<ExitStatus> {
    let over = async {
        match &scope {
            Some(scope) => tokio::select! {
                () = scope.over() => {}
                // Code that blocks on it is set free.
                _ = scope.let_go() => {}
            },
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        status = process.wait() => return status,
        () = stop.cancelled() => {}
        () = over => {}
    }
    // It reads much of /proc, and waits. Until it is through, nobody takes the program's status, so
    // that its number stays its own.
    let end = spawn_blocking(move || {
        let mut tree = Tree::of(id);
        tree.signal(Signal::TERM);
        if !tree.wait(TERMINATE) {
            tree.grow();
            tree.signal(Signal::KILL);
            tree.wait(KILLED);
        }
    });
    if end.await.is_err() {
        process.start_kill()?;
    }
    process.wait().await
}

/// Waits for the programs that are running, whose group has got SIGTERM, and then ends them. Called
/// at the end of the process, which must not wait for long.
pub(super) fn end_all() {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = ENDED.wait_timeout_while(running, TERMINATE, |running| !running.is_empty());
    let (running, _) = waited.unwrap_or_else(PoisonError::into_inner);
    for id in &*running {
        Tree::of(*id).signal(Signal::KILL);
    }
}

fn with_running<T>(f: impl FnOnce(&mut BTreeSet<u32>) -> T) -> T {
    f(&mut RUNNING.lock().unwrap_or_else(PoisonError::into_inner))
}
