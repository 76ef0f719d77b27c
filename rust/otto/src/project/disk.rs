//! Files that are there as a whole, or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::NamedTempFile;

use super::error::ProjectError;

/// Says what was done to a path when it failed.
pub(super) fn failed(
    done: &'static str,
    path: impl AsRef<Path>,
) -> impl FnOnce(io::Error) -> ProjectError {
    move |source| ProjectError::Disk {
        done,
        path: path.as_ref().to_owned(),
        source,
    }
}

/// A path as plugins get it.
pub(super) fn text(path: &Path) -> Result<&str, ProjectError> {
    path.to_str().ok_or_else(|| ProjectError::Path {
        path: path.to_owned(),
    })
}

/// Makes a directory, and those above it, where there is none.
pub(super) fn make_directory(path: &Path) -> Result<(), ProjectError> {
    fs::create_dir_all(path).map_err(failed("made", path))
}

/// Makes a directory where there is none. A link is none, wherever it leads: a project that came from
/// somebody else has nothing written or removed elsewhere.
pub(super) fn make_own_directory(path: &Path) -> Result<(), ProjectError> {
    make_directory(path)?;
    let metadata = fs::symlink_metadata(path).map_err(failed("read", path))?;
    match metadata.is_dir() {
        true => Ok(()),
        false => Err(ProjectError::Kind {
            path: path.to_owned(),
            expected: "a directory, but a link",
        }),
    }
}

/// Removes a directory with everything in it, if it is there.
pub(super) fn remove_directory(path: &Path) -> Result<(), ProjectError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("removed", path)(error))
        }
        _ => Ok(()),
    }
}

/// Moves something within its directory, for good.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), ProjectError> {
    fs::rename(from, to).map_err(failed("moved", from))?;
    sync_directory_of(to)
}

/// Whether there is something of this name, be it a link that leads nowhere.
pub(super) fn exists(path: &Path) -> Result<bool, ProjectError> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed("read", path)(error)),
    }
}

/// Reads a file of at most `largest` bytes. `None` if there is none.
pub(super) fn read(path: &Path, largest: u64) -> Result<Option<Vec<u8>>, ProjectError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(metadata) if !metadata.is_file() => {
            return Err(ProjectError::Kind {
                path: path.to_owned(),
                expected: "a file",
            });
        }
        _ => {}
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(largest + 1).read_to_end(&mut bytes));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", path)(error)),
        Ok(_) => {}
    }
    if bytes.len() as u64 > largest {
        return Err(ProjectError::Damaged {
            path: path.to_owned(),
            reason: format!("it has more than {largest} bytes"),
        });
    }
    Ok(Some(bytes))
}

/// Writes a file in the place of an earlier one, for good.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), ProjectError> {
    let file = temporary(path, bytes)?;
    file.persist(path)
        .map_err(|error| failed("written", path)(error.error))?;
    sync_directory_of(path)
}

/// Writes a file, for good, if there is none. Whether there was none.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<bool, ProjectError> {
    match temporary(path, bytes)?.persist_noclobber(path) {
        Ok(_) => sync_directory_of(path).map(|()| true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed("written", path)(error.error)),
    }
}

fn temporary(path: &Path, bytes: &[u8]) -> Result<NamedTempFile, ProjectError> {
    let directory = path.parent().unwrap_or(path);
    let written = tempfile::Builder::new()
        .prefix(".otto-new-")
        // As any other file: what the user does not want is taken away.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(directory)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            Ok(file)
        });
    written.map_err(failed("written", path))
}

fn sync_directory_of(path: &Path) -> Result<(), ProjectError> {
    let directory = path.parent().unwrap_or(path);
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(failed("written", directory))
}
