//! Why a command failed: what is shown, and what `otto` exits with.

use std::io;
use std::path::{Path, PathBuf};

use miette::{Diagnostic, Report};

use crate::exit::Exit;

/// Ends a command. Every error of this program becomes one where it is known what it means for the
/// command as a whole.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) report: Report,
}

/// What has no error of its own.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum Plain {
    #[error("stopped")]
    Cancelled,
    #[error("{} cannot be entered", path.display())]
    #[diagnostic(help("name a directory that is there, with `-C`"))]
    NoDirectory { path: PathBuf, source: io::Error },
    #[error("standard output cannot be written")]
    Output(#[source] io::Error),
    #[error("{what}")]
    System {
        what: &'static str,
        source: io::Error,
    },
}

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Diagnostic + Send + Sync + 'static) -> Self {
        Self {
            exit,
            report: Report::new(error),
        }
    }

    /// A person, or a signal, has ended the command.
    pub(crate) fn cancelled() -> Self {
        Self::new(Exit::Cancelled, Plain::Cancelled)
    }

    /// The user has named a directory that cannot be worked in.
    pub(crate) fn no_directory(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        Self::new(Exit::Usage, Plain::NoDirectory { path, source })
    }

    /// Standard output cannot be written. Who closed it wants no more, which is no failure.
    pub(crate) fn output(error: io::Error) -> Self {
        let exit = match error.kind() {
            io::ErrorKind::BrokenPipe => Exit::Success,
            _ => Exit::System,
        };
        Self::new(exit, Plain::Output(error))
    }

    /// The operating system refused something.
    pub(crate) fn system(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::new(Exit::System, Plain::System { what, source })
    }
}
