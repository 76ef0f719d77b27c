//! What the specification says of the schema and of the bytes of a session is what they are.
//! `UPDATE_GOLDEN=1` writes it anew.

mod blocks;
mod conditions;
mod hex;
mod order;
mod schema;
mod session;
#[expect(dead_code, reason = "only the mutant is needed here")]
#[path = "../support/mod.rs"]
mod support;
mod tables;

use std::path::PathBuf;

/// The folder of the specification.
fn spec() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../spec"))
}
