//! What can be wrong in an Appfile.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, SourceCode};

use super::mark::Mark;
use super::quoted::quoted;

/// Something that is wrong in an Appfile, with its place.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// `None` if a plugin says it.
    pub(crate) mark: Option<Mark>,
    /// In the same file, where it stood first.
    pub(crate) first: Option<Mark>,
}

/// What is wrong.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum FaultKind {
    /// The file is no HCL.
    #[error("this is not the syntax of HCL: {message}")]
    #[diagnostic(help(
        "an Appfile has blocks such as `application {{ … }}`, and attributes such as `name = \"shop\"`, \
         one a line"
    ))]
    Syntax { message: String },
    /// There is no such block or attribute.
    #[error("there is no {what} {} {place}", quoted(name))]
    #[diagnostic(help("{help}"))]
    Unknown {
        /// `block` or `attribute`.
        what: &'static str,
        name: String,
        place: &'static str,
        help: String,
    },
    /// Something that can stand once stands twice.
    #[error("{what} stands there twice")]
    #[diagnostic(help("remove one of the two, or make one of both"))]
    Duplicate { what: String },
    /// A value is of another type.
    #[error("{} has to be {expected}, and is {found}", quoted(key))]
    #[diagnostic(help("{help}"))]
    Type {
        key: String,
        expected: &'static str,
        found: &'static str,
        help: &'static str,
    },
    /// A block has too few or too many labels.
    #[error("`{block}` {expected}, and has {found}")]
    #[diagnostic(help("write `{example}`"))]
    Labels {
        block: &'static str,
        found: usize,
        expected: &'static str,
        example: &'static str,
    },
    /// A block is without an attribute that it cannot do without.
    #[error("`{block}` has no `{attribute}`")]
    #[diagnostic(help("write `{example}`"))]
    Missing {
        block: &'static str,
        attribute: &'static str,
        example: &'static str,
    },
    /// A value would have to be computed.
    #[error("{what} cannot stand in an Appfile")]
    #[diagnostic(help("{help}"))]
    Computed {
        what: &'static str,
        help: &'static str,
    },
    /// A whole number is too large or too small.
    #[error("the number {} does not fit into 64 bits", quoted(text))]
    #[diagnostic(help("write one from {} to {}, or a text: \"…\"", i64::MIN, i64::MAX))]
    Integer { text: String },
    /// A value nests too deep.
    #[error("a value nests deeper than {limit}")]
    #[diagnostic(help("have fewer lists and objects in each other"))]
    Depth { limit: u32 },
    /// The key of an object is neither a name nor a text.
    #[error("the key of an object cannot be {found}")]
    #[diagnostic(help("write a name, or a text: {{ \"a key\" = 1 }}"))]
    Key { found: &'static str },
    /// A name is none.
    #[error("{what} {} {reason}", quoted(name))]
    #[diagnostic(help("{help}"))]
    Name {
        what: &'static str,
        name: String,
        reason: &'static str,
        help: &'static str,
    },
    /// What is imported cannot be.
    #[error("{} cannot be imported: {reason}", quoted(source_text))]
    #[diagnostic(help("{help}"))]
    Import {
        source_text: String,
        reason: String,
        help: &'static str,
    },
    /// The project uses an infrastructure that is not there.
    #[error(
        "the project uses the infrastructure {}, and there is none of this name",
        quoted(name)
    )]
    #[diagnostic(help("{help}"))]
    NoInfrastructure { name: String, help: String },
    /// There are several infrastructures, and the project does not say which one it uses.
    #[error("there are {count} infrastructures, and the project does not say which one it uses")]
    #[diagnostic(help(
        "write `project {{ infrastructure = \"…\" }}`, with the name of one of them"
    ))]
    Undecided { count: usize },
}

/// The faults that were found, up to a bound.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) faults: Vec<Fault>,
    /// Whether there were others.
    pub(super) more: bool,
}

impl Found {
    /// A person mends a few at a time, and a file can have a million.
    const MOST: usize = 20;

    pub(super) fn add(&mut self, fault: Fault) {
        if self.faults.len() < Self::MOST {
            self.faults.push(fault);
        } else {
            self.more = true;
        }
    }
}

impl Diagnostic for Fault {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.kind.help()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.mark.as_ref().map(|mark| &mark.file as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label =
            |text: &str, mark: &Mark| LabeledSpan::new_with_span(Some(text.into()), mark.at);
        let first = self.first.iter().map(move |mark| label("first here", mark));
        let here = self.mark.iter().map(move |mark| label("here", mark));
        Some(Box::new(first.chain(here)))
    }
}
