//! Takes a small web application through all of Otto's steps, in a process of the plugin's own.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod build;
mod deploy;
mod dev;
mod dev_dep;
mod killed;
mod orphan;
mod support;
mod whole;
