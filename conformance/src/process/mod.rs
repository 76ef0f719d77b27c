//! Plugins as processes: started, watched, and ended whatever happens.

mod child;
mod end;
mod interrupt;
mod output;
mod proc;
mod registry;
mod usage;

pub(crate) use child::{Launch, Process, StartError, is_executable};
pub(crate) use end::{Exit, Watched};
pub(crate) use interrupt::clean_up_on_signals;
pub(crate) use output::Output;
pub(crate) use proc::{Table, describe, listeners};
pub(crate) use registry::PrivateDir;
pub(crate) use usage::{Usage, inheritable};

/// Makes this process the parent of every orphan below it, so that none gets lost.
pub(crate) fn adopt_orphans() -> std::io::Result<()> {
    Ok(rustix::process::set_child_subreaper(Some(
        rustix::process::getpid(),
    ))?)
}
