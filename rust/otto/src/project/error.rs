//! What can be wrong with a project.

use std::io;
use std::path::PathBuf;

use miette::Diagnostic;

use crate::appfile::quoted;

/// A project that cannot be worked on.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum ProjectError {
    /// Something cannot be read, written or removed.
    #[error("{} cannot be {done}", shown(path))]
    #[diagnostic(help(
        "check who may change the directory that it is in, and that its disk is not full"
    ))]
    Disk {
        done: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// A path is not UTF-8, and no plugin can be told.
    #[error("the path {} is not UTF-8", shown(path))]
    #[diagnostic(help("rename the directories that it leads through: plugins get paths as text"))]
    Path { path: PathBuf },
    /// Something has the name of something else.
    #[error("{} is not {expected}", shown(path))]
    #[diagnostic(help("remove it, or give it another name"))]
    Kind {
        path: PathBuf,
        expected: &'static str,
    },
    /// The file with the identity holds something else.
    #[error("{} holds {}, and should hold a UUID", shown(path), quoted(found))]
    #[diagnostic(help(
        "take the file from version control; what was deployed is known by it, so remove it only \
         if nothing was"
    ))]
    Identity { path: PathBuf, found: String },
    /// Another process is at work.
    #[error("another `otto` is at work in {}", shown(path))]
    #[diagnostic(help("wait until it has ended, or end it, and try again"))]
    Busy { path: PathBuf },
    /// Nothing was compiled.
    #[error("{} was not compiled", shown(path))]
    #[diagnostic(help("run `otto compile`"))]
    NotCompiled { path: PathBuf },
    /// The compile is one of another directory: this one was moved or copied since.
    #[error(
        "{} was compiled in another directory, as {}",
        shown(path),
        quoted(was)
    )]
    #[diagnostic(help("run `otto compile`, which makes it anew"))]
    Elsewhere { path: PathBuf, was: String },
    /// The compile is one of another identity.
    #[error(
        "{} was compiled with the identity {}, and has {} now",
        shown(path),
        quoted(compiled),
        found.as_deref().unwrap_or("none")
    )]
    #[diagnostic(help(
        "take `.ottoid` from version control if it was not meant to change; then run `otto compile`"
    ))]
    OtherIdentity {
        path: PathBuf,
        compiled: String,
        found: Option<String>,
    },
    /// What a compile has left is not as it should be.
    #[error("{} is damaged: {reason}", shown(path))]
    #[diagnostic(help("run `otto compile`, which makes it anew"))]
    Damaged { path: PathBuf, reason: String },
    /// What a compile has left is of another version.
    #[error(
        "{} has the format {found}, and this `otto` knows {known}",
        shown(path)
    )]
    #[diagnostic(help("run `otto compile`, which makes it anew"))]
    Format {
        path: PathBuf,
        found: u32,
        known: u32,
    },
    /// Two applications have the same identity.
    #[error("two of the applications have the identity {id}")]
    #[diagnostic(help(
        "one was copied from the other: remove the file `.ottoid` of the copy, and compile again"
    ))]
    SameIdentity { id: String },
}

fn shown(path: &std::path::Path) -> String {
    quoted(&path.to_string_lossy())
}
