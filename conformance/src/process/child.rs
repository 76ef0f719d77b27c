//! One plugin process.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use command_fds::{CommandFdExt, FdMapping};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{PidfdFlags, WaitId, WaitIdOptions, pidfd_open, waitid};
use tokio::sync::watch;
use tokio::time::timeout;

use super::output::Output;
use super::{proc, registry};

/// How long a killed process may take to be gone before it is left to the system.
const DEATH: Timespec = Timespec {
    tv_sec: 5,
    tv_nsec: 0,
};

/// How a process is started.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) directory: PathBuf,
    /// The whole environment.
    pub(crate) environment: BTreeMap<OsString, OsString>,
    /// What it inherits beside its three standard streams, and under which number.
    pub(crate) descriptor: Option<(OwnedFd, RawFd)>,
}

/// The program could not be started.
#[derive(Debug, thiserror::Error)]
#[error("{program}: {error}", program = program.display())]
pub(crate) struct StartError {
    program: PathBuf,
    #[source]
    pub(crate) error: io::Error,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// By itself, with this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "exited with status {status}"),
            Self::Signal(signal) => match rustix::process::Signal::from_named_raw(*signal) {
                Some(name) => write!(f, "killed by signal {signal} ({name:?})"),
                None => write!(f, "killed by signal {signal}"),
            },
        }
    }
}

/// A process, leader of its own group. Dropping it kills the group, and whatever escaped from it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    ended: watch::Receiver<bool>,
    pub(crate) stdout: Rc<Output>,
    pub(crate) stderr: Rc<Output>,
    started: Instant,
}

impl Process {
    /// Starts a program. Its output is stamped with the time since `began`.
    pub(crate) fn start(launch: Launch, began: Instant) -> Result<Self, StartError> {
        let program = launch.program.clone();
        let fail = |error| StartError {
            program: program.clone(),
            error,
        };
        let mut command = Command::new(&launch.program);
        command
            .current_dir(&launch.directory)
            .env_clear()
            .envs(launch.environment)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some((parent_fd, child_fd)) = launch.descriptor {
            let mappings = vec![FdMapping {
                parent_fd,
                child_fd,
            }];
            command
                .fd_mappings(mappings)
                .map_err(io::Error::other)
                .map_err(fail)?;
        }
        let mut child = registry::spawn(&mut command).map_err(fail)?;
        let started = Instant::now();
        // The command holds the plugin's end of the socket: while it lives, there is no end of file.
        drop(command);
        match Self::watch(&mut child, began) {
            Ok((ended, stdout, stderr)) => Ok(Self {
                child,
                ended,
                stdout,
                stderr,
                started,
            }),
            Err(error) => {
                end(&mut child);
                Err(fail(error))
            }
        }
    }

    fn watch(
        child: &mut Child,
        began: Instant,
    ) -> io::Result<(watch::Receiver<bool>, Rc<Output>, Rc<Output>)> {
        let ended = watch_end(child.id())?;
        let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let stdout = Output::capture(stdout.into(), began)?;
        let stderr = Output::capture(stderr.into(), began)?;
        Ok((ended, stdout, stderr))
    }

    /// Its process id, which stays its own while this lives.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// When it was started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Waits for it to end, without reaping it. All that it wrote has then been read.
    pub(crate) async fn exited(&self, within: Duration) -> Option<Exit> {
        let mut ended = self.ended.clone();
        timeout(within, ended.wait_for(|ended| *ended))
            .await
            .ok()?
            .ok()?;
        self.stdout.drain();
        self.stderr.drain();
        self.exit()
    }

    /// How it ended, if it has.
    pub(crate) fn exit(&self) -> Option<Exit> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        let status = waitid(WaitId::Pid(registry::pid(self.child.id())?), options).ok()??;
        match (status.exit_status(), status.terminating_signal()) {
            (Some(status), _) => Some(Exit::Status(status)),
            (None, Some(signal)) => Some(Exit::Signal(signal)),
            (None, None) => None,
        }
    }

    /// Kills it and its group. It is not reaped.
    pub(crate) fn kill(&self) {
        registry::kill_group(self.child.id());
    }

    /// Waits for everything that it started to be gone, and returns what is not.
    pub(crate) async fn left_behind(&self, within: Duration) -> Vec<u32> {
        let deadline = Instant::now() + within;
        let mut left = Vec::new();
        for pid in family(self.child.id()) {
            let Ok(mut ended) = watch_end(pid) else {
                continue;
            };
            let wait = deadline.saturating_duration_since(Instant::now());
            if timeout(wait, ended.wait_for(|ended| *ended)).await.is_err() && proc::runs(pid) {
                left.push(pid);
            }
        }
        left
    }
}

/// Waits for the end of a process, in a thread that ends with it. The process is not reaped.
fn watch_end(process: u32) -> io::Result<watch::Receiver<bool>> {
    let pid = registry::pid(process).ok_or(io::ErrorKind::NotFound)?;
    let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
    let (sender, receiver) = watch::channel(false);
    std::thread::Builder::new()
        .name(format!("pid {process}"))
        .spawn(move || {
            let mut fds = [PollFd::new(&pidfd, PollFlags::IN)];
            while rustix::event::poll(&mut fds, None) == Err(rustix::io::Errno::INTR) {}
            let _ = sender.send(true);
        })?;
    Ok(receiver)
}

/// What descends from a process: its group, its children, and the orphans, which are ours.
fn family(leader: u32) -> Vec<u32> {
    let mut family = proc::descendants(leader);
    let adopted = proc::children_of(std::process::id()).into_iter();
    family.extend(adopted.filter(|pid| !registry::started_here(*pid)));
    family.sort_unstable();
    family.dedup();
    family
}

/// Kills a process with all that descends from it, and reaps what there is to reap.
fn end(child: &mut Child) {
    let leader = child.id();
    // While the leader is not reaped, its number cannot be another group's.
    registry::kill_group(leader);
    wait_for_death(leader);
    for process in family(leader) {
        registry::kill(process);
        wait_for_death(process);
    }
    for orphan in proc::children_of(std::process::id()) {
        if !registry::started_here(orphan)
            && let Some(pid) = registry::pid(orphan)
        {
            let _ = waitid(
                WaitId::Pid(pid),
                WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
            );
        }
    }
    let _ = child.try_wait();
    registry::forget(leader);
}

fn wait_for_death(process: u32) {
    let Some(pidfd) =
        registry::pid(process).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok())
    else {
        return;
    };
    let mut fds = [PollFd::new(&pidfd, PollFlags::IN)];
    let _ = rustix::event::poll(&mut fds, Some(&DEATH));
}

impl Drop for Process {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Whether a file can be executed, as far as its mode says.
pub(crate) fn is_executable(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(path)?;
    Ok(metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
