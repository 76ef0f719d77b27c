//! The Otto plugin for Ruby and Rails applications.

mod application;
mod compile;
mod conflict;
mod gemfile;
mod lock;
mod meta;
mod package;
mod problem;
mod service;
mod settings;
mod source;
mod version;
