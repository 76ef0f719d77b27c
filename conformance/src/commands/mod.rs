//! What the program does.

mod explain;
mod list;
mod plugin;
mod run;

pub(crate) use explain::explain;
pub(crate) use list::list;
pub(crate) use run::run;
