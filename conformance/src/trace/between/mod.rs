//! A process between a host and a plugin, which records what they say to each other.
//!
//! The host starts it in the place of the plugin. It takes the host's socket, starts the plugin in
//! the same process group, with the same environment and a socket of its own, and passes on every
//! byte, the end of either half, signals, and the way in which the plugin ends.
//!
//! Where there is nothing to stand between, since the variables are not there or the host cannot be
//! reached, it becomes the plugin, which says by itself what is wrong. A plugin that dials although
//! it was handed a socket goes past it.

mod end;
mod host;
mod pass;
mod recorder;

use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use rustix::net::{Shutdown, shutdown};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXFSZ};
use signal_hook::iterator::Signals;

use crate::exit;
use crate::protocol;
use crate::wire::Party;
use end::End;
use host::Host;
use recorder::Recorder;

/// What is passed on. What a person stops or continues is this process as well as the plugin.
const PASSED_ON: [i32; 6] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2];
/// How long the host may take to read what a plugin has left in its socket when it ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What to record, and where.
#[derive(Debug)]
pub(crate) struct Between {
    pub(crate) plugin: PathBuf,
    pub(crate) to: PathBuf,
    /// Whether every byte is recorded, be it secret or not.
    pub(crate) raw: bool,
}

/// Stands between the host that started this process and a plugin. Gives the status to exit with.
/// If a signal ended the plugin, it ends this process as well.
pub(crate) fn between(options: &Between) -> u8 {
    let Ok(host) = host::reach() else {
        // It has no reason to return but that it fails.
        let error = Command::new(&options.plugin).exec();
        return cannot_start(options, &error);
    };
    match stand(options, host) {
        Ok(End::Status(status)) => status,
        Ok(End::Signal(signal)) => end::by_signal(signal),
        Err(error) => cannot_start(options, &error),
    }
}

fn cannot_start(options: &Between, error: &io::Error) -> u8 {
    say(&format!("{}: {error}", options.plugin.display()));
    exit::USAGE
}

/// Says something to whoever reads the output of the plugin. Nobody may.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "otto-conformance trace: {text}");
}

fn stand(options: &Between, host: Host) -> io::Result<End> {
    // From here on no signal is lost: what comes before there is a plugin waits.
    let signals = Signals::new(PASSED_ON)?;
    // A recording that grows too large is an error of the recorder, and ends nobody.
    signal_hook::flag::register(SIGXFSZ, Arc::default())?;
    let recorder = Recorder::open(options, host.transport());
    let (near, far) = UnixStream::pair()?;
    let child = start(options, &host, far.into())?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io::Error::other("the process has no number"))?;
    thread::spawn(move || pass_on_signals(signals, pid));

    let recorder = Arc::new(recorder);
    let host = Arc::new(OwnedFd::from(host));
    let near = Arc::new(OwnedFd::from(near));
    let asking = pass_on(Party::Host, &host, &near, &recorder);
    let answering = pass_on(Party::Plugin, &near, &host, &recorder);
    let end = end::wait(pid)?;
    // What is left in the socket is still read. A process that has inherited it writes in vain.
    let _ = shutdown(near.as_fd(), Shutdown::Read);
    let _ = answering.recv_timeout(LAST_WORDS);
    recorder.ended(&end);
    if asking.try_recv().is_ok() {
        // As the leader of the group, a plugin that loses its host ends what it has started.
        end::end_group();
    }
    Ok(end)
}

/// Starts the plugin. It is not reaped, so that its number stays its own.
fn start(options: &Between, host: &Host, socket: OwnedFd) -> io::Result<Child> {
    let mut command = Command::new(&options.plugin);
    command
        .env(protocol::FD, host.descriptor().to_string())
        .fd_mappings(vec![FdMapping {
            parent_fd: socket,
            child_fd: host.descriptor(),
        }])
        .map_err(io::Error::other)?;
    if host.is_dialled() {
        command
            .env_remove(protocol::CONNECT)
            .env_remove(protocol::TOKEN);
    }
    command.spawn()
}

fn pass_on_signals(mut signals: Signals, plugin: Pid) {
    for signal in signals.forever() {
        if let Some(signal) = Signal::from_named_raw(signal) {
            let _ = kill_process(plugin, signal);
        }
    }
}

/// Passes on what one side sends, on a thread of its own. Gives what becomes ready when that is over.
fn pass_on(
    from: Party,
    source: &Arc<OwnedFd>,
    sink: &Arc<OwnedFd>,
    recorder: &Arc<Recorder>,
) -> mpsc::Receiver<()> {
    let (over, wait) = mpsc::channel();
    let (source, sink) = (Arc::clone(source), Arc::clone(sink));
    let recorder = Arc::clone(recorder);
    thread::spawn(move || {
        pass::all(from, &source, &sink, &recorder);
        let _ = over.send(());
    });
    wait
}
