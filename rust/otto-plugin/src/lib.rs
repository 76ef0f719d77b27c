//! The Otto Plugin Protocol, in Rust.

pub mod wire;
