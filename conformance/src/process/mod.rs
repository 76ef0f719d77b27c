//! Plugins as processes: started, watched, and ended whatever happens.

mod child;
mod end;
mod interrupt;
mod output;
mod proc;
mod registry;
mod usage;

pub(crate) use child::{Launch, Process, StartError, end, is_executable};
pub(crate) use end::{Exit, Left, Watched};
pub(crate) use interrupt::{exit_interrupted, on_signals};
pub(crate) use output::Output;
pub(crate) use proc::{Sample, Table, describe, listeners};
pub(crate) use registry::{PrivateDir, clean_up, spawn};
pub(crate) use usage::{Usage, inheritable};

use std::fs::{File, OpenOptions};

use rustix::process::{Resource, Rlimit};

/// Makes this process the parent of every orphan below it, so that none gets lost.
pub(crate) fn adopt_orphans() -> std::io::Result<()> {
    Ok(rustix::process::set_child_subreaper(Some(
        rustix::process::getpid(),
    ))?)
}

/// Takes standard output for the caller alone. What anybody else prints there goes nowhere.
pub(crate) fn take_stdout() -> std::io::Result<File> {
    let stdout = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    rustix::stdio::dup2_stdout(OpenOptions::new().write(true).open("/dev/null")?)?;
    Ok(stdout.into())
}

/// Sees to it that a plugin which dies by a signal leaves no file for that.
pub(crate) fn leave_no_core_files() -> std::io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    Ok(rustix::process::setrlimit(Resource::Core, none)?)
}
