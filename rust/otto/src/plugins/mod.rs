//! The commands about plugins, and what all commands know of them.
//!
//! [`Catalogue`] is the plugins of a user: which files there are, which of them are used, and what
//! these say of themselves. [`PluginsCommand`] are the commands that show it, and
//! [`run`] does them.

mod args;
mod cache;
mod catalogue;
mod commands;
mod error;
#[cfg(test)]
mod fixture;
mod replace;
mod said;
mod text;
mod trust;

pub(crate) use args::{Format, PluginsCommand, plugin_name};
pub(crate) use catalogue::{Catalogue, Launching, Listed, Opening, State, TrustQuestion};
pub(crate) use commands::run;
pub(crate) use error::PluginsError;
