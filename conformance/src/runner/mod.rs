//! Runs cases, each in a process of its own, side by side as far as they do not disturb each other.

mod case;
mod job;
mod schedule;
mod worker;

pub(crate) use case::Outcome;
pub(crate) use job::work;
pub(crate) use schedule::{Plan, Results, run};
pub(crate) use worker::end_all;
