//! Typed Rust bindings from a compiled Cap'n Proto schema, for the Otto Plugin Protocol.

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
