//! Projects from their first detection to their deploy, by the program that people run.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test panics")]

mod appfile;
mod attach;
mod cancel;
mod commands;
mod credentials;
mod dependencies;
mod guestbook;
mod kill;
mod place;
mod plugins;
mod precedence;
mod side_by_side;
mod status;
mod support;
mod terminal;
