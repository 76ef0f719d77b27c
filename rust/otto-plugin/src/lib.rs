//! The Otto Plugin Protocol: write a plugin, or host one.
//!
//! Otto develops, builds and deploys applications. What it knows of a kind of application comes
//! from a plugin: a program named `otto-TYPE-NAME`, in any language, that Otto starts and talks to
//! over Cap'n Proto RPC on a socket.
//!
//! ```text
//!  host process                                              plugin process, its own group
//! ┌───────────────────────────┐       socket pair           ┌───────────────────────────┐
//! │ host::Plugin ── calls ────┼──────────────────────────►  │ impl App for …            │
//! │ impl Ui, Directory … ◄────┼────────────── callbacks ────┼── host.ui, host.directory │
//! │ output, end, errors  ◄────┼── stdout, stderr, status ───┤                           │
//! └───────────────────────────┘                             └───────────────────────────┘
//! ```
//!
//! To **write a plugin**, implement [`App`], and call [`serve`]:
//!
//! ```no_run
//! use otto_plugin::bindings::app::{App, Meta, Tuple};
//! use otto_plugin::bindings::error::Error;
//!
//! struct Hello;
//!
//! impl App for Hello {
//!     async fn meta(&self) -> Result<Meta, Error> {
//!         let any = Tuple { app: "hello".into(), infra: "*".into(), flavor: "*".into() };
//!         Ok(Meta { tuples: vec![any], ..Meta::default() })
//!     }
//! }
//!
//! fn main() {
//!     otto_plugin::serve(Hello)
//! }
//! ```
//!
//! To **host a plugin**, start it with a [`host::Launcher`], or have a person start it, in a debugger
//! for one, and wait for it with [`host::Plugin::attach`]. To **test** one without a process, use
//! [`testing`]. For **blobs**, see [`stream`]. For **a plugin type of your own**, generate bindings
//! with `otto-plugin-bindgen`; they stand on [`rpc`].
//!
//! The socket is one that the plugin inherits, or one that it dials where it cannot: a Unix socket, or
//! a port of this machine's. What is said is the same.
//!
//! The library has a thread that owns all of Cap'n Proto's objects, and runs an author's code on
//! others, each call on its own. A call may block its thread.
//!
//! It runs on Unix. The rules that it keeps are in `spec/`, the messages in `schema/`.

#[rustfmt::skip]
pub mod bindings;
mod dial;
mod errors;
pub mod guest;
pub mod host;
pub mod launch;
pub mod limits;
mod os;
pub mod rpc;
pub mod stream;
pub mod testing;
mod transport;
pub mod wire;

use bindings::app::App;

/// Serves an app until the host is gone, and then exits the process. The one line of `main`.
///
/// It is [`guest::Plugin::serve`] with the name of the file and without a version; see there for
/// when it exits, and with which status.
pub fn serve(app: impl App) -> ! {
    guest::Plugin::new(app).serve()
}

/// Compiles what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
