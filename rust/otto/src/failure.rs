//! Why a command failed: what is shown, and what `otto` exits with.

use std::fmt;

use miette::{Diagnostic, Report};

use crate::exit::Exit;

/// Ends a command. Every error of this program becomes one, by `?`, where it is known what it means
/// for the command as a whole.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) report: Report,
}

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Diagnostic + Send + Sync + 'static) -> Self {
        Self {
            exit,
            report: Report::new(error),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.report.fmt(f)
    }
}
