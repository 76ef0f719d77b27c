//! Where an application is deployed on this machine: its last releases, and the one that is used.
//!
//! ```text
//!  DIRECTORY/
//!  ├── .otto-app-ruby                    whose releases these are
//!  ├── current -> releases/000007-1f…    replaced as a whole
//!  └── releases/
//!      ├── 000006-9c…/                   the files of an application, never changed
//!      └── 000007-1f…/
//! ```
//!
//! A release is unpacked beside the others under a name that is none, and gets its own when it is
//! complete. Who changes anything holds the lock of the directory. Everything here blocks its
//! thread.

mod lock;
mod release;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub(crate) use lock::Locked;
pub(crate) use release::Release;

use crate::problem::{Problem, quoted};

/// How many releases are kept, the one that is used not counted if it is older.
pub(crate) const KEPT: usize = 5;

const CURRENT: &str = "current";
const MARKER: &str = ".otto-app-ruby";
const RELEASES: &str = "releases";

/// The directory of the releases of one application.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    path: PathBuf,
    /// The application, as Otto knows it.
    owner: String,
}

/// What is deployed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Status {
    /// The one that is used. `None` if nothing is deployed.
    pub(crate) current: Option<Release>,
    /// The oldest first.
    pub(crate) releases: Vec<Release>,
}

impl Site {
    pub(crate) fn new(path: impl Into<PathBuf>, owner: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            owner: owner.into(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the release that is used can be found, whichever it is.
    pub(crate) fn current(&self) -> PathBuf {
        self.path.join(CURRENT)
    }

    /// Takes the lock, and makes the directory if there is none. What it has made goes with the
    /// lock, unless a release is added. An error has the reason `Conflict` if another process has
    /// the lock, and `Denied` if the directory is another's.
    pub(crate) fn lock(&self) -> Result<Locked, Problem> {
        Locked::take(self)
    }

    /// Takes the lock. `None` if there is no directory.
    pub(crate) fn lock_if_present(&self) -> Result<Option<Locked>, Problem> {
        match self.path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            _ => self.lock().map(Some),
        }
    }

    /// What is deployed right now.
    pub(crate) fn status(&self) -> Result<Status, Problem> {
        let releases = self.releases()?;
        let current = match fs::read_link(self.current()) {
            Ok(target) => Some(self.used(&target, &releases)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Problem::disk("read", &self.current(), &error)),
        };
        Ok(Status { current, releases })
    }

    fn releases(&self) -> Result<Vec<Release>, Problem> {
        let path = self.path.join(RELEASES);
        let names = match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.and_then(|entries| {
                entries
                    .map(|entry| entry.map(|entry| entry.file_name()))
                    .collect::<io::Result<Vec<_>>>()
            }),
        };
        let names = names.map_err(|error| Problem::disk("read", &path, &error))?;
        let mut releases: Vec<_> = names
            .iter()
            .filter_map(|name| Release::parse(name.to_str()?))
            .collect();
        releases.sort();
        Ok(releases)
    }

    /// The release that a target of `current` names.
    fn used(&self, target: &Path, releases: &[Release]) -> Result<Release, Problem> {
        let name = target.strip_prefix(RELEASES).ok().and_then(Path::to_str);
        let release = name.and_then(Release::parse);
        match release.filter(|release| releases.contains(release)) {
            Some(release) => Ok(release),
            None => Err(Problem::invalid(
                format!(
                    "{} leads to {}, which is none of its releases",
                    quoted(&self.current().to_string_lossy()),
                    quoted(&target.to_string_lossy())
                ),
                "remove it, and deploy again",
            )),
        }
    }
}
