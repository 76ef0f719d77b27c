//! Running an application on this machine while it is developed.

mod lines;
mod port;
mod server;

pub(crate) use lines::{Line, Lines};
pub(crate) use port::{answers, free, is_answered};
pub(crate) use server::{Server, environment};
