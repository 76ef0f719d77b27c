//! What the program does.

mod coverage;
mod explain;
mod list;
mod plugin;
mod run;
mod select;
mod stand_in;
mod trace;
mod worker;

pub(crate) use coverage::{CoverageArgs, coverage};
pub(crate) use explain::explain;
pub(crate) use list::list;
pub(crate) use run::run;
pub(crate) use stand_in::{NAME as STAND_IN, stand_in};
pub(crate) use trace::trace;
pub(crate) use worker::{NAME as WORKER, worker};
