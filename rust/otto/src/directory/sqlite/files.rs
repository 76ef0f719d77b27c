//! The files that the bytes of blobs are in.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use super::make_dir;
use crate::directory::StoreError;

/// The folder `blobs/`.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
}

/// Bytes that are on the disk, and not yet in their place. Dropping it removes them.
#[derive(Debug)]
pub(super) struct Draft {
    file: NamedTempFile,
    pub(super) hash: String,
    pub(super) size: u64,
}

impl Files {
    /// Takes the path of the folder, and looks at nothing.
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Makes the folder, unless there is one, and removes what processes that are gone have left.
    pub(super) fn prepare(&self) -> Result<(), StoreError> {
        let drafts = self.drafts();
        make_dir(&self.root)?;
        make_dir(&drafts)?;
        sweep(&drafts).map_err(|error| StoreError::system(drafts, error))
    }

    /// Where the bytes with a hash are, if they are there.
    pub(super) fn path(&self, hash: &str) -> PathBuf {
        let (folder, name) = hash.split_at_checked(2).unwrap_or((hash, ""));
        self.root.join(folder).join(name)
    }

    /// Writes everything that `bytes` gives to a temporary file, and syncs it. At most `limit` bytes.
    pub(super) async fn draft(
        &self,
        mut bytes: impl AsyncRead + Unpin,
        limit: u64,
    ) -> Result<Draft, StoreError> {
        let drafts = self.drafts();
        let failed = |error| StoreError::system(&*drafts, error);
        let file = begin(&drafts).map_err(failed)?;
        let mut writer = tokio::fs::File::from_std(file.as_file().try_clone().map_err(failed)?);
        let mut hasher = Sha256::new();
        let mut size = 0;
        let mut part = vec![0; PART];
        loop {
            let read = bytes.read(&mut part).await.map_err(StoreError::Source)?;
            if read == 0 {
                break;
            }
            size += read as u64;
            if size > limit {
                return Err(StoreError::TooLarge { limit, came: size });
            }
            hasher.update(&part[..read]);
            writer.write_all(&part[..read]).await.map_err(failed)?;
        }
        writer.flush().await.map_err(failed)?;
        writer.sync_all().await.map_err(failed)?;
        Ok(Draft {
            file,
            hash: hexadecimal(&hasher.finalize()),
            size,
        })
    }

    /// Puts a draft in its place, for good. What is there has the same bytes, unless it is damaged.
    pub(super) fn place(&self, draft: Draft) -> Result<(), StoreError> {
        let path = self.path(&draft.hash);
        let folder = folder(&path);
        let placed = match DirBuilder::new().mode(0o700).create(folder) {
            Ok(()) => sync(&self.root),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        };
        placed
            .and_then(|()| Ok(draft.file.persist(&path)?))
            .and_then(|_| sync(folder))
            .map_err(|error| StoreError::system(path, error))
    }

    /// Removes the bytes with a hash, for good, if they are there.
    pub(super) fn remove(&self, hash: &str) -> Result<(), StoreError> {
        let path = self.path(hash);
        let removed = match fs::remove_file(&path) {
            Ok(()) => sync(folder(&path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        removed.map_err(|error| StoreError::system(path, error))
    }

    fn drafts(&self) -> PathBuf {
        self.root.join("tmp")
    }
}

/// How much is read at once, in bytes.
const PART: usize = 256 << 10;

/// Makes a temporary file that is locked for as long as it is open.
fn begin(drafts: &Path) -> io::Result<NamedTempFile> {
    loop {
        let file = NamedTempFile::new_in(drafts)?;
        match file.as_file().try_lock() {
            // Before it was locked, somebody may have taken it for one that was left.
            Ok(()) if file.as_file().metadata()?.nlink() > 0 => return Ok(file),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Removes the temporary files that nobody has locked.
fn sweep(drafts: &Path) -> io::Result<()> {
    for entry in fs::read_dir(drafts)? {
        let path = entry?.path();
        let left = File::open(&path).is_ok_and(|file| {
            file.try_lock().is_ok_and(|()| {
                // It stays locked until it is removed: its writer may be about to lock it.
                fs::remove_file(&path).is_ok()
            })
        });
        if left {
            tracing::debug!(path = %path.display(), "removed what a process had left");
        }
    }
    Ok(())
}

/// The folder that a file is in.
fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// Has the names in a folder outlive a loss of power.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

pub(super) fn hexadecimal(hash: &[u8]) -> String {
    hash.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
