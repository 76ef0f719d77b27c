//! `otto-conformance stand-in`, which the suite runs to have a host that can be killed.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;

use command_fds::{CommandFdExt, FdMapping};
use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::exit;
use crate::report::Screen;
use crate::stage::USUAL_DESCRIPTOR;

/// The name of the command.
pub(crate) const NAME: &str = "stand-in";

/// Starts a plugin, by the command that it is given, on the socket that is standard input, passes on
/// what it prints, and ends when it has ended.
///
/// The host's end of that socket is open here under the number that the plugin's has there. Nothing
/// is done with it: it is there to be closed by the death of this process. The plugin is not reaped,
/// so that how it ended can be seen by whoever inherits it.
pub(crate) fn stand_in(screen: &mut Screen, command: &[OsString]) -> u8 {
    match run(command) {
        Ok(status) => status,
        Err(error) => {
            let program = command.first().cloned().unwrap_or_default();
            screen.tell(format_args!("error: {}: {error}", program.display()));
            exit::HARNESS
        }
    }
}

fn run(command: &[OsString]) -> io::Result<u8> {
    let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let socket = take_stdin()?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mapping = FdMapping {
        parent_fd: socket,
        child_fd: USUAL_DESCRIPTOR,
    };
    command
        .fd_mappings(vec![mapping])
        .map_err(io::Error::other)?;
    let mut child = command.spawn()?;
    // It holds the plugin's end of the socket.
    drop(command);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    if let (Some(mut stdout), Some(mut stderr)) = (stdout, stderr) {
        thread::spawn(move || io::copy(&mut stdout, &mut io::stdout()));
        thread::spawn(move || io::copy(&mut stderr, &mut io::stderr()));
    }
    let code = wait(child.id())?;
    Ok(code.try_into().unwrap_or(u8::MAX))
}

/// Waits for the end of a process, which is not reaped, and says it as shells do.
fn wait(process: u32) -> io::Result<i32> {
    let pid = process.try_into().ok().and_then(Pid::from_raw);
    let pid = pid.ok_or(io::ErrorKind::InvalidInput)?;
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    let status = loop {
        match waitid(WaitId::Pid(pid), options) {
            Err(Errno::INTR) => {}
            status => break status?,
        }
    };
    let status = status.ok_or(io::ErrorKind::NotFound)?;
    let by_signal = || status.terminating_signal().map(|signal| 128 + signal);
    Ok(status.exit_status().or_else(by_signal).unwrap_or(-1))
}

/// Takes what is there as standard input away from there.
fn take_stdin() -> io::Result<OwnedFd> {
    let taken = io::stdin().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(taken)
}
