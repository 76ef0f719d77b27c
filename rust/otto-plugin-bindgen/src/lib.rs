//! Typed Rust bindings from a compiled Cap'n Proto schema, for the Otto Plugin Protocol.
//!
//! Whoever designs a plugin type of their own writes a schema, and has of it, with a build script of
//! a few lines, what `otto-plugin` has for the type `app`:
//!
//! ```text
//!  greeter.capnp ──► compiled schema ──► capnpc  ──► wire types, which nobody need look at
//!                    (a request)    └──► Bindings ──► greeter.rs:
//!                                          struct, union, enum ──► owned types
//!                                          interface           ──► a trait to implement,
//!                                                                  a client to call it by
//!                                          all interfaces      ──► a table, for tools
//! ```
//!
//! # A build script
//!
//! With the feature `compiler`, which needs no `capnp` tool:
//!
//! ```no_run
//! use otto_plugin_bindgen::{Bindings, compiler};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     println!("cargo::rerun-if-changed=schema");
//!     let request = compiler::compile("schema", &["greeter.capnp"])?;
//!     Bindings::new(request).build("crate::bindings")?;
//!     Ok(())
//! }
//! ```
//!
//! The crate itself depends on `otto-plugin` alone, and includes `bindings.rs` from `OUT_DIR`, as
//! [`Bindings::build`] says. `tests/greeter` is such a crate. Without the feature, [`Bindings::new`]
//! takes what `capnp compile -o-` wrote.
//!
//! # What is made of what
//!
//! * A struct is a struct with public fields and a `Default`, which is the schema's. A struct that is
//!   nothing but a union is an enum. A group, or a union in a struct, has a type of its own, with the
//!   name of the struct before its own; so has a nested type.
//! * A union of two members, of which the first is `none :Void`, is an `Option`.
//! * A list is a `Vec`. A list of a struct that has a `key :Text`, a `value`, and nothing else, is a
//!   `BTreeMap`: written in the order of the keys, and malformed if a key stands there twice.
//! * An enum and a union have a variant `Unknown` for what a newer peer may send. It cannot be sent
//!   on.
//! * An interface `Greeter` is a trait `Greeter` and a client `GreeterClient`, which is made of an
//!   implementation or comes in a message. A capability is never null, or else the message is
//!   malformed, unless it is [`optional`](Bindings::optional).
//! * A method whose results have an `error` of Otto's type `Error` answers a `Result`, and need not
//!   be implemented, unless it is [`required`](Bindings::required): it then answers that it is
//!   unsupported. Of the other results, one is the value, and several are a struct.
//! * A struct in itself is boxed. Where its pointer is not in a union it is an `Option`, since there
//!   would be no end of it otherwise.
//! * Comments of the schema are documentation.
//!
//! There are no bindings for generic types, interfaces that extend others, untyped pointers,
//! capabilities in unions, and defaults of lists and structs. Each is an [`Error`] that names it.

mod bindings;
#[cfg(feature = "compiler")]
pub mod compiler;
mod docs;
mod emit;
mod error;
mod model;
mod names;
mod options;
#[cfg(feature = "compiler")]
pub mod otto;

pub use bindings::{Bindings, Module};
pub use error::{Error, Unsupported};
