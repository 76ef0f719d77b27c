//! Why there is no Appfile to work with.

use std::io;
use std::path::{Path, PathBuf};

use miette::{Diagnostic, NamedSource, SourceSpan};

use super::fault::{Fault, Found};
use super::file::{LARGEST, SETTINGS};
use super::quoted::quoted;

/// An Appfile that cannot be used, or a directory that cannot be an application's.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum AppfileError {
    /// The file cannot be read.
    #[error("{} cannot be read", shown(path))]
    #[diagnostic(help("make the file readable"))]
    Unreadable { path: PathBuf, source: io::Error },
    /// There is something else of this name.
    #[error("{} is not a file", shown(path))]
    #[diagnostic(help("an Appfile is a file: remove what has its name"))]
    NotFile { path: PathBuf },
    /// The file is too large.
    #[error("{} has more than {LARGEST} bytes", shown(path))]
    #[diagnostic(help("take out of it what is no configuration"))]
    TooLarge { path: PathBuf },
    /// The file says too much.
    #[error("{} has more than {SETTINGS} of `=` and `:`", shown(path))]
    #[diagnostic(help("take out of it what is no configuration"))]
    TooMany { path: PathBuf },
    /// The file is not UTF-8.
    #[error("{} is not UTF-8", shown(path))]
    #[diagnostic(help("save the file as UTF-8"))]
    NotUtf8 {
        path: PathBuf,
        #[source_code]
        file: NamedSource<String>,
        #[label("this is not")]
        at: SourceSpan,
    },
    /// The directory of the application has a path that no plugin can be told.
    #[error("the path {} is not UTF-8", shown(path))]
    #[diagnostic(help("rename the directories that it leads through: plugins get paths as text"))]
    Path { path: PathBuf },
    /// Something has to be named after the directory, whose name cannot be used.
    #[error(
        "the directory {} has no name that {what} could have: it {reason}",
        shown(path)
    )]
    #[diagnostic(help("write the name in an Appfile: `{example}`"))]
    DirectoryName {
        path: PathBuf,
        what: &'static str,
        reason: &'static str,
        example: &'static str,
    },
    /// What it says makes no sense.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fault(Box<Fault>),
    /// What it says makes no sense in several places.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Faults(Faults),
}

/// Everything that is wrong, up to a bound.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{} has {}{} faults", shown(path), if *more { "more than " } else { "" }, faults.len())]
pub(crate) struct Faults {
    path: PathBuf,
    /// Whether there are others.
    more: bool,
    #[related]
    pub(crate) faults: Vec<Fault>,
}

impl AppfileError {
    /// The error for what was found wrong: `None` if that is nothing.
    pub(super) fn of(path: &Path, found: Found) -> Option<Self> {
        let Found { mut faults, more } = found;
        match faults.len() {
            0 => None,
            1 => faults.pop().map(|fault| Self::Fault(Box::new(fault))),
            _ => Some(Self::Faults(Faults {
                path: path.to_owned(),
                more,
                faults,
            })),
        }
    }
}

fn shown(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}
