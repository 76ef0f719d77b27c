//! `otto`: the host that people run.
//!
//! It finds plugins, asks them what they are for, and has the right one develop, build or deploy an
//! application. It is also the example of how to embed plugins: everything it does with them goes
//! through the public part of [`otto_plugin::host`].
//!
//! * `cli` is the command line, and `exit` what it exits with.
//! * `engine` does the commands of a project, and `plugins` those about plugins.
//! * `appfile` reads what the user says of an application, and `project` keeps what follows from it.
//! * `directory` keeps records and blobs from one run to the next, and `credentials` secrets.
//! * `settings` is what the user has set for every project, and `places` is where it all lies.
//! * `screen` shows all of it, and asks.

mod appfile;
mod cli;
mod credentials;
mod directory;
mod engine;
mod exit;
mod failure;
mod places;
mod plugins;
mod project;
mod screen;
mod settings;

pub use cli::main;
