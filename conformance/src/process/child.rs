//! One plugin process.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::ops::Deref;
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use command_fds::{CommandFdExt, FdMapping};
use rustix::process::Signal;

use super::end::{Exit, Watched};
use super::output::Output;
use super::registry;

/// How a process is started.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) directory: PathBuf,
    /// The whole environment.
    pub(crate) environment: BTreeMap<OsString, OsString>,
    /// What it inherits beside its three standard streams, and under which number.
    pub(crate) descriptor: Option<(OwnedFd, RawFd)>,
    /// Its standard input, which is empty if there is none.
    pub(crate) stdin: Option<OwnedFd>,
}

/// The program could not be started.
#[derive(Debug, thiserror::Error)]
#[error("{program}: {error}", program = program.display())]
pub(crate) struct StartError {
    program: PathBuf,
    #[source]
    pub(crate) error: io::Error,
}

/// How long a process may take to say what it is doing.
const STACKS: Duration = Duration::from_millis(500);

/// A process, leader of its own group. Dropping it kills the group, and whatever escaped from it.
#[derive(Debug)]
pub(crate) struct Process {
    /// None if the user started it, who then ends it too.
    child: Option<Child>,
    watched: Watched,
    /// Whether it is waited for in vain.
    overdue: Rc<Cell<bool>>,
    pub(crate) stdout: Rc<Output>,
    pub(crate) stderr: Rc<Output>,
}

impl Process {
    /// Starts a program. Its output is stamped with the time since `began`. If it still runs when it
    /// is dropped, and is `overdue` then, it is asked what it is doing.
    pub(crate) fn start(
        launch: Launch,
        began: Instant,
        overdue: Rc<Cell<bool>>,
    ) -> Result<Self, StartError> {
        let program = launch.program.clone();
        let fail = |error| StartError {
            program: program.clone(),
            error,
        };
        let mut command = Command::new(&launch.program);
        command
            .args(&launch.arguments)
            .current_dir(&launch.directory)
            .env_clear()
            .envs(launch.environment)
            .process_group(0)
            .stdin(launch.stdin.map_or_else(Stdio::null, Stdio::from))
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
        // The command holds the plugin's end of the socket: while it lives, there is no end of file.
        drop(command);
        match Self::watch(&mut child, began) {
            Ok((watched, stdout, stderr)) => Ok(Self {
                child: Some(child),
                watched,
                overdue,
                stdout,
                stderr,
            }),
            Err(error) => {
                end(&mut child);
                Err(fail(error))
            }
        }
    }

    /// A process that the user has started, of which only the end is seen.
    pub(crate) fn of_user(pid: u32, began: Instant) -> io::Result<Self> {
        Ok(Self {
            child: None,
            watched: Watched::of(pid)?,
            overdue: Rc::default(),
            stdout: Output::unseen(began),
            stderr: Output::unseen(began),
        })
    }

    fn watch(child: &mut Child, began: Instant) -> io::Result<(Watched, Rc<Output>, Rc<Output>)> {
        let watched = Watched::of(child.id())?;
        let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let stdout = Output::capture(stdout.into(), began)?;
        let stderr = Output::capture(stderr.into(), began)?;
        Ok((watched, stdout, stderr))
    }

    /// Waits for it to end, without reaping it. All that it wrote has then been read.
    pub(crate) async fn exited(&self, within: Duration) -> Option<Exit> {
        let exit = self.watched.exited(within).await?;
        self.stdout.drain();
        self.stderr.drain();
        Some(exit)
    }

    /// Asks what it is doing, as many runtimes tell on SIGQUIT: of those that do not, it is the end.
    fn ask_for_stacks(&self) {
        self.stderr.drain();
        self.stderr.mark("stacks, asked for with SIGQUIT");
        self.signal_group(Signal::QUIT);
        super::end::wait_for_death(self.pid(), STACKS);
        self.stderr.drain();
    }

    /// Kills it and its group. It is not reaped.
    pub(crate) fn kill(&self) {
        self.signal_group(Signal::KILL);
    }
}

impl Deref for Process {
    type Target = Watched;

    fn deref(&self) -> &Watched {
        &self.watched
    }
}

/// Kills a process with all that descends from it, and reaps what there is to reap.
pub(crate) fn end(child: &mut Child) {
    super::end::end(child.id());
    let _ = child.try_wait();
    registry::forget(child.id());
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.overdue.get() && self.child.is_some() && self.exit().is_none() {
            self.ask_for_stacks();
        }
        if let Some(child) = &mut self.child {
            end(child);
        }
    }
}

/// Whether a file can be executed, as far as its mode says.
pub(crate) fn is_executable(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(path)?;
    Ok(metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
