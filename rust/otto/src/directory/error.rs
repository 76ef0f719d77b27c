//! What a store could not do.

use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::Expect;

/// Why a store did not do what it was asked to. It has changed nothing.
///
/// For a person at this machine it is shown as it is. For a plugin it becomes an
/// [`Error`], which names no path.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum StoreError {
    /// Somebody else has held the database for longer than this waits.
    #[error(
        "the directory {} is locked: somebody else was writing to it for {} s",
        path.display(),
        waited.as_secs_f32()
    )]
    #[diagnostic(help(
        "another `otto` is at work, or was stopped in the middle of it, or a program such as \
         `sqlite3` has the file open: end it, and try again"
    ))]
    Locked {
        path: PathBuf,
        waited: std::time::Duration,
    },
    /// There is no room for what is to be stored.
    #[error("there is no room left to write to {}", path.display())]
    #[diagnostic(help(
        "make room on its file system, or raise the quota or the limit, and try again"
    ))]
    Full { path: PathBuf, source: Cause },
    /// It can be read at most.
    #[error("{} cannot be written to", path.display())]
    #[diagnostic(help(
        "make the file and its folder writable for this user, or set XDG_DATA_HOME to a folder that is"
    ))]
    ReadOnly { path: PathBuf, source: Cause },
    /// What is in the database is not what SQLite or `otto` wrote.
    #[error("the directory {} is damaged: {detail}", path.display())]
    #[diagnostic(help(
        "restore the file from a backup, or move it away together with the files beside it whose \
         names begin in the same way: the next command begins a new one"
    ))]
    Damaged { path: PathBuf, detail: String },
    /// The database belongs to another program.
    #[error(
        "{} is a database of another program's: its application id is {found:#010x}, and \
         otto's is {ours:#010x}",
        path.display()
    )]
    #[diagnostic(help("move the file away: the next command begins a new one"))]
    Foreign {
        path: PathBuf,
        found: u32,
        ours: u32,
    },
    /// A newer `otto` has written it.
    #[error(
        "the directory {} has the schema {found}, and this otto knows the schemas up to {known}",
        path.display()
    )]
    #[diagnostic(help(
        "a newer otto has written it: use that one, or set XDG_DATA_HOME to another folder"
    ))]
    Newer {
        path: PathBuf,
        found: u32,
        known: u32,
    },
    /// Something else is where a file or a folder should be.
    #[error("{} is not a {expected}", path.display())]
    #[diagnostic(help("move it away: the next command makes a {expected} there"))]
    Misplaced {
        path: PathBuf,
        expected: &'static str,
    },
    /// The bytes of a blob are not those that were stored.
    #[error(
        "the blob in {} is damaged: expected {size} bytes whose SHA-256 is {hash}, and found {found}",
        path.display()
    )]
    #[diagnostic(help("store it again, as by `otto build`, or restore the file from a backup"))]
    BlobDamaged {
        path: PathBuf,
        size: u64,
        hash: String,
        found: String,
    },
    /// A record is not what the caller expected it to be.
    #[error("expected {}, and found {}", expected(expect), found(*revision))]
    #[diagnostic(help("read the record again, and decide anew"))]
    Conflict {
        expect: Expect,
        /// Of the record that is there, if there is one.
        revision: Option<u64>,
    },
    /// A blob is too large.
    #[error("a blob may have {limit} bytes, and {came} have come")]
    #[diagnostic(help("store less under one key"))]
    TooLarge { limit: u64, came: u64 },
    /// A number that only a newer version of the schema gives a meaning to.
    #[error("this otto does not know what `{what}` says: {said}")]
    #[diagnostic(help("use a newer otto"))]
    Unknown { what: &'static str, said: String },
    /// What gives the bytes of a blob has failed.
    #[error("the bytes to store did not come to their end")]
    Source(#[source] io::Error),
    /// The operating system refused something else.
    #[error("{} cannot be used", path.display())]
    #[diagnostic(help("the reason is the operating system's: see to it, and try again"))]
    System { path: PathBuf, source: io::Error },
    /// SQLite refused something else.
    #[error("the directory {} cannot be used", path.display())]
    #[diagnostic(help("the reason is the database's: see to it, and try again"))]
    Database { path: PathBuf, source: sqlx::Error },
}

/// What the operating system, or the database, said.
type Cause = Box<dyn std::error::Error + Send + Sync>;

impl StoreError {
    /// Takes an error of the operating system's for what it means.
    pub(super) fn system(path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full {
                path,
                source: source.into(),
            },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly {
                path,
                source: source.into(),
            },
            _ => Self::System { path, source },
        }
    }
}

/// What a plugin learns of it: nothing of where the host keeps it.
impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        use StoreError as E;
        let unavailable =
            |message: &str, help: &str| Self::new(ErrorKind::Unavailable, message).with_help(help);
        match error {
            E::Conflict { .. } => Self::new(ErrorKind::Conflict, error.to_string())
                .with_help("read the record again, and decide anew"),
            E::TooLarge { .. } => Self::new(ErrorKind::LimitExceeded, error.to_string()),
            E::Unknown { .. } => Self::new(ErrorKind::Unsupported, error.to_string()),
            E::Source(source) => source.into(),
            E::Locked { .. } => unavailable(
                "the host's directory is locked by another process",
                "end the other `otto`, and try again",
            ),
            E::Full { .. } => unavailable(
                "there is no room left in the host's directory",
                "make room on its file system, and try again",
            ),
            E::ReadOnly { .. } => unavailable(
                "the host's directory cannot be written to",
                "make the data directory of `otto` writable",
            ),
            E::BlobDamaged { .. } => unavailable(
                "the blob is damaged: it is not what was stored",
                "store it again, as by `otto build`",
            ),
            E::Damaged { .. }
            | E::Foreign { .. }
            | E::Newer { .. }
            | E::Misplaced { .. }
            | E::System { .. }
            | E::Database { .. } => unavailable(
                "the host's directory cannot be used",
                "run `otto status`, which says why",
            ),
        }
    }
}

fn expected(expect: &Expect) -> String {
    match expect {
        Expect::Revision(revision) => format!("a record of revision {revision}"),
        Expect::Missing => "no record".into(),
        _ => "any record".into(),
    }
}

fn found(revision: Option<u64>) -> String {
    match revision {
        Some(revision) => format!("one of revision {revision}"),
        None => "none".into(),
    }
}
