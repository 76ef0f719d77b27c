//! The process of a plugin: started from one thread, waited for, and reaped.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::thread;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process_group, waitid, waitpid,
};
use tokio::sync::{oneshot, watch};

use super::environment::environment;
use crate::dial::Dial;
use crate::os::exec::Image;
use crate::rpc::Once;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a process has no third way to end")]
pub enum Exit {
    /// A signal ended it.
    Signal(i32),
    /// It ended by itself, with this status.
    Status(i32),
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "exited with status {status}"),
            Self::Signal(signal) => match signal_hook::low_level::signal_name(*signal) {
                Some(name) => write!(f, "was ended by signal {signal} ({name})"),
                None => write!(f, "was ended by signal {signal}"),
            },
        }
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        match status.signal() {
            Some(signal) => Self::Signal(signal),
            None => Self::Status(status.code().unwrap_or_default()),
        }
    }
}

/// A process that leads a group of its own.
///
/// When it has ended, what is left of its group is killed, and then it is reaped.
#[derive(Debug)]
pub(crate) struct Process {
    pid: Pid,
    /// Whether its number is still its own: it is, until it is reaped.
    running: Mutex<bool>,
    exit: watch::Sender<Option<Exit>>,
}

/// The ends of a new process's pipes that the host has.
#[derive(Debug)]
pub(crate) struct Pipes {
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

impl Process {
    /// Starts `path` with the environment of a plugin, which has to do with `socket`, with `dial`,
    /// or with both.
    pub(crate) async fn start(
        path: &Path,
        added: &[(OsString, OsString)],
        socket: Option<OwnedFd>,
        dial: Option<Dial>,
    ) -> io::Result<(Arc<Self>, Pipes)> {
        let (reply, started) = oneshot::channel();
        let request = Request {
            path: path.into(),
            added: added.into(),
            socket,
            dial,
            reply,
        };
        let gone = || io::Error::other("the thread that starts plugins is gone");
        starter()?.send(request).map_err(|_| gone())?;
        let mut started = started.await.map_err(|_| gone())??;
        started.0.take().ok_or_else(gone)
    }

    /// Sends a signal to the whole group. Nothing happens if the process has been reaped.
    pub(crate) fn signal(&self, signal: Signal) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if *running {
            // It may have ended, or changed its user: there is nothing else to try.
            let _ = kill_process_group(self.pid, signal);
        }
    }

    /// Ends when the process has been reaped.
    pub(crate) async fn exited(&self) -> Exit {
        let mut exit = self.exit.subscribe();
        // The sender is in `self`, so there is always an exit to come.
        let exit = exit
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|exit| *exit);
        exit.unwrap_or(Exit::Status(0))
    }

    /// How the process ended, if it has.
    pub(crate) fn exit(&self) -> Option<Exit> {
        *self.exit.borrow()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Waits for the end of the process, on a thread of its own.
    fn watch(child: Child) -> io::Result<Arc<Self>> {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("the process has no number"))?;
        let process = Arc::new(Self {
            pid,
            running: Mutex::new(true),
            exit: watch::Sender::new(None),
        });
        let watched = Arc::clone(&process);
        let thread = thread::Builder::new().name("otto-plugin-wait".into());
        if let Err(error) = thread.spawn(move || watched.reap(child)) {
            // Nobody else would ever wait for it.
            process.signal(Signal::KILL);
            let _ = waitpid(Some(pid), WaitOptions::empty());
            return Err(error);
        }
        Ok(process)
    }

    fn reap(&self, mut child: Child) {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let ended = loop {
            match waitid(WaitId::Pid(self.pid), options) {
                Err(rustix::io::Errno::INTR) => {}
                ended => break ended,
            }
        };
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // Until it is reaped, its number cannot become another process's. A program that ignores
        // SIGCHLD has it reaped by the kernel, and then nothing can be said of the number.
        if ended.is_ok() {
            let _ = kill_process_group(self.pid, Signal::KILL);
        }
        *running = false;
        drop(running);
        // The status is lost only if somebody else has reaped it.
        let exit = child.wait().map_or(Exit::Status(0), Exit::from);
        self.exit.send_replace(Some(exit));
    }
}

/// Kills the process in its place when it is dropped, at once, on whatever thread that happens.
#[derive(Debug, Default)]
pub(crate) struct KillOnDrop(Arc<OnceLock<Arc<Process>>>);

impl KillOnDrop {
    /// Where the process is put when it is there.
    pub(crate) fn place(&self) -> Arc<OnceLock<Arc<Process>>> {
        Arc::clone(&self.0)
    }

    /// Leaves the process to others.
    pub(crate) fn release(&mut self) {
        self.0 = Arc::default();
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if let Some(process) = self.0.get() {
            process.signal(Signal::KILL);
        }
    }
}

/// What the thread that starts plugins is asked to do.
struct Request {
    path: PathBuf,
    added: Vec<(OsString, OsString)>,
    socket: Option<OwnedFd>,
    dial: Option<Dial>,
    reply: oneshot::Sender<io::Result<Started>>,
}

/// A process that nobody has taken yet. Dropping it kills it, wherever the drop happens: the
/// channel drops it as well, when its receiver goes away after the send.
struct Started(Option<(Arc<Process>, Pipes)>);

impl Drop for Started {
    fn drop(&mut self) {
        if let Some((process, _)) = &self.0 {
            process.signal(Signal::KILL);
        }
    }
}

/// Gives the thread that starts plugins. The kernel ends a plugin with the *thread* that started
/// it, so this one lives as long as the process does.
fn starter() -> io::Result<&'static mpsc::Sender<Request>> {
    static STARTER: Once<mpsc::Sender<Request>> = Once::new();
    STARTER.get(|| {
        let (requests, queue) = mpsc::channel::<Request>();
        thread::Builder::new()
            .name("otto-plugin-start".into())
            .spawn(move || {
                for request in queue {
                    let started = start(&request).map(|started| Started(Some(started)));
                    let Request { socket, reply, .. } = request;
                    drop(socket);
                    let _ = reply.send(started);
                }
            })?;
        Ok(requests)
    })
}

fn start(request: &Request) -> io::Result<(Arc<Process>, Pipes)> {
    let Request {
        path,
        added,
        socket,
        dial,
        ..
    } = request;
    let socket = socket.as_ref().map(AsRawFd::as_raw_fd);
    let mut command = Command::new(path);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let environment = environment(added, socket, dial.as_ref());
    Image::new(path, &environment, socket)?.replace(&mut command);
    let mut child = command.spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let process = Process::watch(child)?;
    match (stdout, stderr) {
        (Some(stdout), Some(stderr)) => Ok((
            process,
            Pipes {
                stdout: stdout.into(),
                stderr: stderr.into(),
            },
        )),
        _ => Err(io::Error::other("the process has no pipes")),
    }
}
