//! `otto-conformance stand-in`, which the suite runs to have a host that can be killed.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use command_fds::{CommandFdExt, FdMapping};

use crate::exit;
use crate::report::Screen;
use crate::stage::USUAL_DESCRIPTOR;

/// The name of the command.
pub(crate) const NAME: &str = "stand-in";

/// Starts a plugin on the socket that is standard input, passes on what it prints, and ends when it
/// has ended.
///
/// The host's end of that socket is open here under the number that the plugin's has there. Nothing
/// is done with it: it is there to be closed by the death of this process.
pub(crate) fn stand_in(screen: &mut Screen, plugin: &Path) -> u8 {
    match run(plugin) {
        Ok(status) => status,
        Err(error) => {
            screen.tell(format_args!("error: {}: {error}", plugin.display()));
            exit::HARNESS
        }
    }
}

fn run(plugin: &Path) -> io::Result<u8> {
    let socket = take_stdin()?;
    let mut command = Command::new(plugin);
    command
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
    let status = child.wait()?;
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    Ok(code
        .and_then(|code| code.try_into().ok())
        .unwrap_or(u8::MAX))
}

/// Takes what is there as standard input away from there.
fn take_stdin() -> io::Result<OwnedFd> {
    let taken = io::stdin().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(taken)
}
