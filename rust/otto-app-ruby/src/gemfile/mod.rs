//! Reads a Gemfile without running it.
//!
//! A Gemfile is a Ruby program, of which most use the same few words. Those are understood; what
//! stands around them is cut into pieces well enough to know where it ends, and ignored. A Gemfile
//! that cannot even be cut into pieces is an error, and nobody runs anything.
//!
//! [`lexer`] and [`literal`] make [`token`]s of it, [`parser`] follows its blocks, [`arguments`]
//! reads what the words are called with, and [`words`] knows what they mean.

mod arguments;
mod lexer;
mod literal;
mod parser;
#[cfg(test)]
mod tests;
mod token;
mod words;

use crate::conflict;
use crate::problem::{Place, Problem};

/// What a Gemfile says, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Gemfile {
    pub(crate) gems: Vec<Gem>,
    /// The last one counts, as it does for Bundler.
    pub(crate) ruby: Option<Ruby>,
    /// The other Gemfiles that it takes in.
    pub(crate) evaluated: Vec<Evaluated>,
    /// Whether Bundler needs more files of the application than this one to make sense of it.
    pub(crate) needs_sources: bool,
    /// Whether Bundler needs Git.
    pub(crate) needs_git: bool,
}

/// A gem that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gem {
    pub(crate) name: String,
    /// Whether it is asked for only under a condition that nobody evaluates here.
    pub(crate) conditional: bool,
    pub(crate) place: Place,
}

/// What it says about Ruby.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ruby {
    pub(crate) says: RubySays,
    pub(crate) place: Place,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RubySays {
    /// `ruby "~> 3.3"`.
    Requirements(Vec<String>),
    /// `ruby file: ".ruby-version"`, or `ruby File.read(".ruby-version")`.
    File(String),
    /// `ruby "3.1.4", engine: "jruby", engine_version: "9.4.8.0"`.
    Engine(String),
    /// Something that only Ruby can tell.
    Computed,
}

/// A Gemfile that another one takes in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Evaluated {
    pub(crate) path: String,
    pub(crate) conditional: bool,
    pub(crate) place: Place,
}

/// Reads the text of a Gemfile. `file` is its path, for errors.
pub(crate) fn read(text: &str, file: &str) -> Result<Gemfile, Problem> {
    conflict::check(
        text,
        file,
        "keep what is right of both sides, and remove the marks",
    )?;
    parser::parse(lexer::tokens(text, file)?, file)
}
