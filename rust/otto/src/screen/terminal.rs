//! The user's terminal, handed to a program of a plugin's.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{ExitStatus, Terminal};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpgrp, kill_process, waitid};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use tokio::sync::oneshot;

use super::{Front, Screen};

/// How long a program has to end after `SIGTERM`, before it is killed.
const GRACE: Duration = Duration::from_secs(2);

/// The beginning of the names of the protocol's variables, which no program is given.
const PROTOCOL: &str = "OTTO_PLUGIN_";

impl Screen {
    /// The terminal, to be lent to plugins. `None` if one of the standard streams is none, or nobody
    /// may be asked.
    ///
    /// A program runs in `otto`'s own process group, so that a shell stops and continues both of them
    /// as one job. What the terminal sends to that group is the program's:
    /// [`is_interrupt_of_program`](Self::is_interrupt_of_program) says so to whoever handles signals.
    pub(crate) fn terminal(&self) -> Option<impl Terminal + use<>> {
        self.0.has_terminal.then(|| UserTerminal(self.clone()))
    }
}

pub(super) struct UserTerminal(pub(super) Screen);

impl Terminal for UserTerminal {
    /// Dropping the future ends the program: `SIGTERM`, and `SIGKILL` 2 s later. The screen stays
    /// silent until it is gone.
    async fn run(
        &self,
        argv: Vec<String>,
        dir: String,
        env: BTreeMap<String, String>,
    ) -> Result<ExitStatus, Error> {
        let command = command(&argv, &dir, &env)?;
        let front = self.0.front().await;
        let (status, ended) = oneshot::channel();
        let program =
            start(command, front, status).map_err(|error| cannot_start(&argv[0], &error))?;
        let mut running = Running(Some(program));
        let status = ended.await;
        running.0 = None;
        status.map_err(|_| Error::new(ErrorKind::Unspecified, "the program was lost sight of"))?
    }
}

/// Makes the command out of what a plugin sent.
fn command(argv: &[String], dir: &str, env: &BTreeMap<String, String>) -> Result<Command, Error> {
    let Some((program, arguments)) = argv.split_first() else {
        return Err(Error::invalid(
            "argv is empty, and its first item is to be the program",
        ));
    };
    if argv
        .iter()
        .chain([&dir.to_owned()])
        .any(|text| text.contains('\0'))
    {
        return Err(Error::invalid(
            "argv or dir has a NUL, which no argument can have",
        ));
    }
    let is_name = |name: &str| !name.is_empty() && !name.contains(['=', '\0']);
    if let Some((name, _)) = env
        .iter()
        .find(|(name, value)| !is_name(name) || value.contains('\0'))
    {
        let message = format!("env has {name:?}, which cannot be a variable");
        return Err(Error::invalid(message));
    }
    if !Path::new(dir).is_absolute() {
        return Err(Error::invalid(format!(
            "dir is {dir:?}, and is to be an absolute path"
        )));
    }
    let path = which::which_in(program, env::var_os("PATH"), dir).map_err(|error| {
        let message = format!("the program {program:?} cannot be found: {error}");
        Error::new(ErrorKind::Unavailable, message).with_help("install it, or add it to the PATH")
    })?;
    let mut command = Command::new(path);
    command
        .arg0(program)
        .args(arguments)
        .current_dir(dir)
        .envs(env);
    let own = env::vars_os().map(|(name, _)| name);
    let given = env.keys().map(OsString::from);
    for name in own.chain(given).filter(is_of_protocol) {
        command.env_remove(name);
    }
    Ok(command)
}

fn is_of_protocol(name: &OsString) -> bool {
    name.as_encoded_bytes().starts_with(PROTOCOL.as_bytes())
}

fn cannot_start(program: &str, error: &io::Error) -> Error {
    let message = format!("the program {program:?} cannot be started: {error}");
    Error::new(ErrorKind::Unavailable, message)
        .with_help("look whether its directory is there, and whether it can be executed")
}

/// A program that has the terminal.
struct Program {
    /// `None` once it is reaped: its number may be another's then.
    pid: Arc<Mutex<Option<Pid>>>,
    /// Closed when it is gone.
    gone: mpsc::Receiver<()>,
}

/// Starts the program, and a thread that waits for its end, brings the terminal's modes back, and then
/// gives up the terminal.
fn start(
    mut command: Command,
    front: Front,
    status: oneshot::Sender<Result<ExitStatus, Error>>,
) -> io::Result<Program> {
    let screen = front.screen.clone();
    // Begun before the program: once it runs, somebody waits for it.
    let (started, start) = mpsc::channel::<(Child, Option<Termios>)>();
    let (alive, gone) = mpsc::channel();
    let pid = Arc::<Mutex<Option<Pid>>>::default();
    let reaped = Arc::clone(&pid);
    thread::Builder::new()
        .name("otto-terminal".into())
        .spawn(move || {
            let _alive = alive;
            let Ok((child, modes)) = start.recv() else {
                return;
            };
            let ended = wait(child, &reaped);
            if let Some(modes) = modes
                && has_foreground()
            {
                // A terminal that is gone has no modes.
                let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &modes);
            }
            let screen = &front.screen.0;
            *screen.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            screen.in_foreground.store(false, Ordering::Release);
            drop(front);
            // Whoever wanted to know may have gone away.
            let _ = status.send(ended);
        })?;
    let modes = tcgetattr(io::stdin()).ok();
    screen.0.in_foreground.store(true, Ordering::Release);
    let child = command.spawn().inspect_err(|_| {
        screen.0.in_foreground.store(false, Ordering::Release);
    })?;
    *pid.lock().unwrap_or_else(PoisonError::into_inner) = Pid::from_raw(child.id().cast_signed());
    // The thread waits for exactly this.
    let _ = started.send((child, modes));
    Ok(Program { pid, gone })
}

/// Whether the terminal is still this process group's. A shell that was killed keeps it, and changing
/// the modes would then stop this process, for good.
fn has_foreground() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}

/// Waits for the end, and reaps the program while nobody can signal it.
fn wait(mut child: Child, pid: &Mutex<Option<Pid>>) -> Result<ExitStatus, Error> {
    if let Some(id) = Pid::from_raw(child.id().cast_signed()) {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(id), options) {}
    }
    let mut pid = pid.lock().unwrap_or_else(PoisonError::into_inner);
    *pid = None;
    let status = child.wait().map_err(Error::from)?;
    Ok(match (status.code(), status.signal()) {
        (Some(code), _) => ExitStatus::Code(code),
        (None, signal) => ExitStatus::Signal(signal.unwrap_or_default()),
    })
}

/// Ends the program if it is dropped while it runs.
struct Running(Option<Program>);

impl Drop for Running {
    fn drop(&mut self) {
        let Some(program) = self.0.take() else { return };
        program.signal(Signal::TERM);
        let insist = move || {
            if program.gone.recv_timeout(GRACE) == Err(mpsc::RecvTimeoutError::Timeout) {
                program.signal(Signal::KILL);
            }
        };
        let thread = thread::Builder::new().name("otto-terminal-end".into());
        // Without a thread, it has the time that its own `SIGTERM` takes.
        let _ = thread.spawn(insist);
    }
}

impl Program {
    fn signal(&self, signal: Signal) {
        let pid = self.pid.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pid) = *pid {
            // One that has ended, and is not reaped yet, takes no signal.
            let _ = kill_process(pid, signal);
        }
    }
}
