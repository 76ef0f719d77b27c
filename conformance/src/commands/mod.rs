//! What the program does.

mod explain;
mod list;
mod plugin;
mod run;
mod select;
mod stand_in;
mod worker;

pub(crate) use explain::explain;
pub(crate) use list::list;
pub(crate) use run::run;
pub(crate) use stand_in::{NAME as STAND_IN, stand_in};
pub(crate) use worker::{NAME as WORKER, worker};
