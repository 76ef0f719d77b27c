//! The files: one for each infrastructure, replaced as a whole.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::error::CredentialsError;
use super::name;
use super::secrets::{BYTES_MAX, too_large};

/// The longest file that is read, in bytes: what is kept, and what encrypting adds.
const FILE_MAX: usize = BYTES_MAX + (16 << 10);

/// The beginning of the names of files that are being written. One that is there while nobody writes
/// was left by a process that was killed.
const NEW: &str = ".new-";

/// The infrastructures that have a file, sorted.
pub(super) fn names(directory: &Path) -> Result<Vec<String>, CredentialsError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("read", directory, error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| failed("read", directory, error))?;
        names.extend(entry.file_name().to_str().and_then(name::infra));
    }
    names.sort();
    Ok(names)
}

/// Whether an infrastructure has a file.
pub(super) fn exists(directory: &Path, infra: &str) -> Result<bool, CredentialsError> {
    let path = directory.join(name::file(infra)?);
    path.try_exists()
        .map_err(|error| failed("read", &path, error))
}

/// What is in the file of an infrastructure; nothing, if there is none.
pub(super) fn read(directory: &Path, infra: &str) -> Result<Option<Vec<u8>>, CredentialsError> {
    let path = directory.join(name::file(infra)?);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", &path, error)),
    };
    let mut sealed = Vec::new();
    file.take(FILE_MAX as u64 + 1)
        .read_to_end(&mut sealed)
        .map_err(|error| failed("read", &path, error))?;
    match sealed.len() > FILE_MAX {
        true => Err(too_large(infra, sealed.len())),
        false => Ok(Some(sealed)),
    }
}

/// Keeps every other process from changing the files, until it is dropped.
#[derive(Debug)]
pub(super) struct Locked {
    directory: PathBuf,
    _lock: File,
}

/// Makes the directory, if it is not there, and waits until no other process changes it.
pub(super) fn lock(directory: &Path) -> Result<Locked, CredentialsError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .and_then(|()| fs::set_permissions(directory, Permissions::from_mode(0o700)))
        .map_err(|error| failed("made", directory, error))?;
    let path = directory.join(".lock");
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|error| failed("locked", &path, error))?;
    Ok(Locked {
        directory: directory.to_owned(),
        _lock: lock,
    })
}

impl Locked {
    /// As [`read`].
    pub(super) fn read(&self, infra: &str) -> Result<Option<Vec<u8>>, CredentialsError> {
        read(&self.directory, infra)
    }

    /// Puts the file of an infrastructure in the place of the one that is there. Whatever happens
    /// meanwhile, one of the two is there, whole.
    pub(super) fn write(&self, infra: &str, sealed: &[u8]) -> Result<(), CredentialsError> {
        let path = self.directory.join(name::file(infra)?);
        let written = || {
            self.sweep()?;
            let mut file = tempfile::Builder::new()
                .prefix(NEW)
                .permissions(Permissions::from_mode(0o600))
                .tempfile_in(&self.directory)?;
            file.write_all(sealed)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            File::open(&self.directory)?.sync_all()
        };
        written().map_err(|error| failed("written", &path, error))
    }

    /// Removes the file of an infrastructure, and answers whether there was one.
    pub(super) fn remove(&self, infra: &str) -> Result<bool, CredentialsError> {
        let path = self.directory.join(name::file(infra)?);
        match fs::remove_file(&path).and_then(|()| File::open(&self.directory)?.sync_all()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("removed", &path, error)),
        }
    }

    fn sweep(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            if entry
                .file_name()
                .as_encoded_bytes()
                .starts_with(NEW.as_bytes())
            {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> CredentialsError {
    CredentialsError::File {
        action,
        path: path.to_owned(),
        source,
    }
}
