//! The Otto plugin for applications in Ruby, those with Rails among them.
//!
//! It reads an application's files: the Gemfile, the lock file, and what says which Ruby to use. What
//! follows from them it answers to `implicit`, and `compile` writes it into files for the steps that
//! come after. `build` packs the application, and `deploy` unpacks it where it is used; `dev` alone
//! runs it. An application is somebody else's: its files may be broken or hostile, and neither gets
//! further than an error with help.
//!
//! [`Ruby`] is all of it, as Otto calls it.

mod app;
mod application;
mod archive;
mod compile;
mod conflict;
mod dev;
mod gemfile;
mod lock;
mod meta;
mod package;
mod pending;
mod problem;
mod releases;
mod service;
mod settings;
mod source;
mod version;

pub use app::Ruby;
