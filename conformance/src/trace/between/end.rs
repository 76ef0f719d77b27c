//! How the plugin has ended, and how this process ends in the same way.

use std::fmt;
use std::io;

use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, getpgrp, getpid,
    kill_current_process_group, kill_process, setrlimit, waitid,
};

/// How a plugin has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Status(u8),
    Signal(i32),
}

impl fmt::Display for End {
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

/// Waits for the end of a child, which is not reaped.
pub(super) fn wait(child: Pid) -> io::Result<End> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    let status = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(child), options))?;
    let status = status.ok_or_else(|| io::Error::other("the plugin has no status"))?;
    Ok(match (status.terminating_signal(), status.exit_status()) {
        (Some(signal), _) => End::Signal(signal),
        (None, status) => End::Status(
            status
                .and_then(|status| u8::try_from(status & 0xff).ok())
                .unwrap_or_default(),
        ),
    })
}

/// Ends what is left of the group of this process, if it leads one.
pub(super) fn end_group() {
    if getpgrp() == getpid() {
        // This process gets the signal as well, and passes it on to a plugin that has ended.
        let _ = kill_current_process_group(Signal::TERM);
    }
}

/// Ends this process by a signal. Gives a status, should it not end by that.
pub(super) fn by_signal(signal: i32) -> u8 {
    // The plugin has left its memory where that is wanted. That of this process is of no use.
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    match Signal::from_named_raw(signal) {
        Some(Signal::KILL) => {
            let _ = kill_process(getpid(), Signal::KILL);
        }
        _ => {
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    }
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}
