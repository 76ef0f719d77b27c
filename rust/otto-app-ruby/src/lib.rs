//! The Otto plugin for Ruby and Rails applications.

mod conflict;
mod gemfile;
mod lock;
mod problem;
mod source;
mod version;
