//! Which blobs builds are writing right now, so that a build that was killed leaves none for ever.
//!
//! A blob has the name of a file that is locked for as long as the build runs. A file that nobody
//! locks is of a build that was killed: whatever is under its name in Otto's directory can go.
//! Everything here blocks its thread, though not for long.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::problem::Problem;

const PREFIX: &str = "build-";

/// How many characters of a key are random: more than can be met twice.
const RANDOM: usize = 24;

/// A build that is running. Dropping it forgets it.
#[derive(Debug)]
pub(crate) struct Pending {
    file: NamedTempFile,
    key: String,
}

/// What is left of a build that was killed. Dropping it keeps it for the next one.
#[derive(Debug)]
pub(crate) struct Left {
    path: PathBuf,
    key: String,
    /// Keeps others from it.
    _lock: File,
}

impl Pending {
    /// Begins a build, and gives it a key that nobody else has. `dir` is made if there is none;
    /// `owner` says whose record it is for.
    pub(crate) fn begin(dir: &Path, owner: &str) -> Result<Self, Problem> {
        let begun = fs::create_dir_all(dir).and_then(|()| {
            let mut file = Builder::new()
                .prefix(PREFIX)
                .rand_bytes(RANDOM)
                .tempfile_in(dir)?;
            file.as_file().lock()?;
            // Whoever reads nothing does not know it yet.
            file.write_all(owner.as_bytes())?;
            Ok(file)
        });
        let file = begun.map_err(|error| Problem::disk("written", dir, &error))?;
        let key = file.path().file_name().unwrap_or_default();
        let key = key.to_string_lossy().into_owned();
        Ok(Self { file, key })
    }

    /// The key of the blob.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Has it be remembered if this is dropped: from here on, the blob may be there.
    pub(crate) fn keep(&mut self) {
        self.file.disable_cleanup(true);
    }

    /// Forgets it: the blob is recorded, or it is gone.
    pub(crate) fn end(mut self) {
        self.file.disable_cleanup(false);
    }
}

impl Left {
    /// What killed builds have left in `dir` for the record of `owner`.
    pub(crate) fn find(dir: &Path, owner: &str) -> Result<Vec<Self>, Problem> {
        let entries = match fs::read_dir(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| Problem::disk("read", dir, &error))?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| Problem::disk("read", dir, &error))?;
            let Some(key) = entry.file_name().to_str().map(str::to_owned) else {
                continue;
            };
            if key.starts_with(PREFIX) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                found.extend(Self::take(entry.path(), key, owner));
            }
        }
        Ok(found)
    }

    /// `None` if it is another's, if it is running, or if it is gone.
    fn take(path: PathBuf, key: String, owner: &str) -> Option<Self> {
        let file = File::open(&path).ok()?;
        file.try_lock().ok()?;
        let mut text = String::new();
        let limit = owner.len() as u64 + 1;
        (&file).take(limit).read_to_string(&mut text).ok()?;
        (text == owner).then_some(Self {
            path,
            key,
            _lock: file,
        })
    }

    /// The key of the blob that may be there.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Forgets it: the blob is gone, or it is recorded.
    pub(crate) fn end(self) {
        // Another one may have been quicker.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_left_if_it_was_kept_and_nobody_runs_it() {
        let directory = tempfile::tempdir().unwrap();
        let dir = directory.path().join("pending");
        let left = || {
            let left = Left::find(&dir, "shop").unwrap().into_iter();
            left.map(|left| left.key().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(left(), [""; 0]);
        drop(Pending::begin(&dir, "shop").unwrap());

        let mut pending = Pending::begin(&dir, "shop").unwrap();
        let other = Pending::begin(&dir, "shop").unwrap();
        assert_ne!(pending.key(), other.key());
        let key = pending.key().to_owned();
        pending.keep();
        assert_eq!(left(), [""; 0]);
        drop(pending);
        assert_eq!(left(), [key.as_str()]);
        assert_eq!(Left::find(&dir, "sho").unwrap().len(), 0);
        assert_eq!(Left::find(&dir, "shop2").unwrap().len(), 0);

        for left in Left::find(&dir, "shop").unwrap() {
            // Two do not take it at once.
            assert_eq!(Left::find(&dir, "shop").unwrap().len(), 0);
            left.end();
        }
        assert_eq!(left(), [""; 0]);
        let mut ended = Pending::begin(&dir, "shop").unwrap();
        ended.keep();
        ended.end();
        drop(other);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
    }
}
