//! A file whose name is a plugin's.

use std::fmt;
use std::fs::{self, FileType, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Access, access};

use super::directory::{Place, PluginDirectory};
use super::identity::FileIdentity;
use super::name::PluginName;

/// A file whose name is a plugin's. Nothing of it has been read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PluginFile {
    /// Its name. That of a link is the link's own.
    pub name: PluginName,
    /// Its path, absolute, through the directory that it was found in.
    pub path: PathBuf,
    /// Why it was looked for there.
    pub place: Place,
    /// The position of its directory among those that were looked into: the higher one takes
    /// precedence.
    pub position: usize,
    /// Whether it is to be used only if the user trusts it.
    pub needs_trust: bool,
    /// Which file it is, or why it cannot be started. That of a link is what it leads to.
    pub identity: Result<FileIdentity, Unusable>,
}

/// Why a file cannot be started.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Unusable {
    /// It is a link that leads nowhere.
    Dangling {
        /// What it says, which is relative to its directory unless it is absolute.
        target: PathBuf,
    },
    /// Its mode lets this user not execute it. These are its permission bits.
    Mode(u32),
    /// It is not a file, but what this says, such as `a directory`.
    NotAFile(&'static str),
    /// The operating system does not allow it for another reason.
    Refused(Arc<io::Error>),
}

impl PluginFile {
    pub(super) fn look(
        directory: &PluginDirectory,
        position: usize,
        name: PluginName,
        path: PathBuf,
    ) -> Self {
        Self {
            identity: look(&path),
            name,
            path,
            place: directory.place,
            position,
            needs_trust: directory.needs_trust,
        }
    }
}

impl Unusable {
    /// What a person can do about it.
    pub fn help(&self, path: &Path) -> String {
        match self {
            Self::Dangling { .. } => "install what it leads to, or remove it".into(),
            Self::Mode(_) => format!("run `chmod +x {}`", path.display()),
            Self::NotAFile(_) => "give it another name, or move it elsewhere".into(),
            Self::Refused(_) => {
                "see what the operating system says; the file system may be mounted with `noexec`"
                    .into()
            }
        }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dangling { target } => {
                write!(f, "it is a link to {target:?}, which is not there")
            }
            Self::Mode(mode) => write!(
                f,
                "its mode is {mode:04o}, which does not allow to execute it"
            ),
            Self::NotAFile(kind) => write!(f, "it is {kind}"),
            Self::Refused(error) => write!(f, "{error}"),
        }
    }
}

/// Whether this user can execute a file, as far as can be told without trying.
fn look(path: &Path) -> Result<FileIdentity, Unusable> {
    let metadata = fs::metadata(path).map_err(|error| missing(path, error))?;
    if !metadata.is_file() {
        return Err(Unusable::NotAFile(kind(metadata.file_type())));
    }
    match access(path, Access::EXEC_OK) {
        Ok(()) => Ok(FileIdentity::from(&metadata)),
        Err(rustix::io::Errno::ACCESS) if !is_executable_by_all(&metadata) => {
            Err(Unusable::Mode(metadata.permissions().mode() & 0o7777))
        }
        Err(error) => Err(Unusable::Refused(Arc::new(error.into()))),
    }
}

fn missing(path: &Path, error: io::Error) -> Unusable {
    match fs::read_link(path) {
        Ok(target) if error.kind() == io::ErrorKind::NotFound => Unusable::Dangling { target },
        _ => Unusable::Refused(Arc::new(error)),
    }
}

fn is_executable_by_all(metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o111 == 0o111
}

fn kind(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}
