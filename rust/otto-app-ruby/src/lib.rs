//! The Otto plugin for Ruby and Rails applications.

mod gemfile;
mod problem;
mod source;
mod version;
