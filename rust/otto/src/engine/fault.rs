//! What went wrong with a plugin, as it is shown.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode, SourceSpan};
use otto_plugin::bindings::error::{Error, ErrorKind, Location};
use otto_plugin::host::PluginError;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::screen::line_at;

/// An error that a plugin answered with: it did its work, and says what is wrong.
#[derive(Debug)]
pub(super) struct Answered {
    message: String,
    help: Option<String>,
    causes: Vec<Self>,
    /// The line in the user's files that it is about.
    line: Option<(NamedSource<Arc<str>>, SourceSpan)>,
}

/// A plugin that died, or broke the protocol. What is known of it stands in its text.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{0}")]
struct Broken(String);

impl Answered {
    /// Makes it of what came from a plugin that works on the application in `root`.
    fn new(error: &Error, root: &Path) -> Self {
        let location = error.location.as_deref();
        let line = location.and_then(|location| line_at(location, root));
        let message = match (location, &line) {
            (Some(Location { file, line: 0 }), None) => format!("{file}: {}", error.message),
            (Some(Location { file, line }), None) => format!("{file}:{line}: {}", error.message),
            _ => error.message.clone(),
        };
        Self {
            message,
            help: Some(error.help.clone()).filter(|help| !help.is_empty()),
            // They nest as deep as the protocol allows, and no deeper.
            causes: error.causes.iter().map(|it| Self::new(it, root)).collect(),
            line,
        }
    }
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Answered {}

impl Diagnostic for Answered {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        let (source, _) = self.line.as_ref()?;
        Some(source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (_, span) = self.line.as_ref()?;
        let label = LabeledSpan::new_with_span(Some("here".to_owned()), *span);
        Some(Box::new(std::iter::once(label)))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        if self.causes.is_empty() {
            return None;
        }
        let causes = self.causes.iter();
        Some(Box::new(causes.map(|cause| cause as &dyn Diagnostic)))
    }
}

/// What a call that failed means for the command. `cancelled` says whether the user has ended it.
pub(super) fn call(error: &PluginError, root: &Path, cancelled: bool) -> Failure {
    match error.error() {
        Some(answer) if cancelled && answer.kind == ErrorKind::Cancelled => Failure::cancelled(),
        Some(answer) => Failure::new(Exit::Work, Answered::new(answer, root)),
        None if cancelled => Failure::new(Exit::Cancelled, Broken(error.to_string())),
        None => Failure::new(Exit::Plugin, Broken(error.to_string())),
    }
}
