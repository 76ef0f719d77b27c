//! Drives an Otto plugin through the protocol, and says which rules it breaks.
//!
//! The program is `otto-conformance`. This library is what it is made of, and offers what its tests
//! need: the [catalogue] of cases, the [verdict]s and the [exit] codes.
//!
//! A plugin is watched through `/proc`, pidfds and a subreaper, so all this is for Linux.

#![cfg(target_os = "linux")]

mod baseline;
mod cases;
pub mod catalogue;
mod cli;
mod commands;
pub mod coverage;
pub mod exit;
mod panics;
mod process;
mod protocol;
mod report;
mod runner;
mod settings;
mod stage;
mod trace;
pub mod verdict;
mod wire;

pub use cli::main;
