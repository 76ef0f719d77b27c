//! Takes an archive apart.

use std::collections::BTreeSet;
use std::io::{self, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};

use cap_std::fs::{Dir, OpenOptions};
use flate2::bufread::GzDecoder;
use tar::{Archive, Entry, EntryType};

use super::{Digest, Hashing, Limits, link};
use crate::problem::quoted;

/// Why an archive was not taken apart.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It is not the one that the digest is of. This is the digest that it has, as far as it was
    /// read: one byte further than it should go.
    Differs(Digest),
    /// What is in it cannot be written to this path.
    Disk(PathBuf, io::Error),
    /// It is the one, and holds what is never packed.
    Holds(String),
    /// It cannot be read.
    Source(io::Error),
}

/// Writes what is in an archive into `into`, which is empty, and says how many files that were.
///
/// It writes nothing outside of `into`, and follows no link. It stops at the first thing that
/// [`pack`](super::pack) would not have written, or that passes a limit. Only if it succeeds, what
/// was read is what `expected` is the digest of; otherwise, what it has written is to be thrown
/// away. It blocks its thread.
pub(crate) fn unpack(
    from: impl Read,
    expected: &Digest,
    into: &Dir,
    limits: &Limits,
) -> Result<u64, Refused> {
    let mut from = Hashing::new(Watched {
        inner: from.take(expected.size.saturating_add(1)),
        failure: None,
    });
    let unpacked = entries(&mut from, into, limits);
    if let Err(disk @ Refused::Disk(..)) = unpacked {
        return Err(disk);
    }
    // A damaged archive is told from one that was made like this by the rest of it.
    let rest = io::copy(&mut from, &mut io::sink());
    if let Some(error) = from.inner_mut().failure.take().or_else(|| rest.err()) {
        return Err(Refused::Source(error));
    }
    let found = from.digest();
    if found != *expected {
        return Err(Refused::Differs(found));
    }
    unpacked
}

/// Remembers that the archive could not be read, which is not the same as that it is damaged.
struct Watched<R> {
    inner: R,
    failure: Option<io::Error>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer);
        if let Err(error) = &read
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.failure = Some(io::Error::new(error.kind(), error.to_string()));
        }
        read
    }
}

fn entries(from: impl Read, into: &Dir, limits: &Limits) -> Result<u64, Refused> {
    let mut archive = Archive::new(GzDecoder::new(BufReader::new(from)));
    let mut unpacking = Unpacking {
        into,
        limits,
        entries: 0,
        bytes: 0,
        files: 0,
        directories: BTreeSet::new(),
        long_path: None,
        long_target: None,
    };
    // As they stand: what comes before an entry to change it is read here, within limits.
    for entry in archive.entries().map_err(damaged)?.raw(true) {
        unpacking.entry(entry.map_err(damaged)?)?;
    }
    Ok(unpacking.files)
}

/// An archive that is being taken apart.
struct Unpacking<'a> {
    into: &'a Dir,
    limits: &'a Limits,
    entries: u64,
    bytes: u64,
    files: u64,
    /// Those that were made: nothing is put into any other.
    directories: BTreeSet<PathBuf>,
    /// What the next entry has in the place of its own path.
    long_path: Option<Vec<u8>>,
    /// What the next entry has in the place of its own target.
    long_target: Option<Vec<u8>>,
}

impl Unpacking<'_> {
    fn entry(&mut self, mut entry: Entry<'_, impl Read>) -> Result<(), Refused> {
        self.entries += 1;
        // An entry with a long path and a long target is three.
        if self.entries > self.limits.entries.saturating_mul(3) {
            let limit = self.limits.entries;
            return Err(Refused::Holds(format!("more than {limit} files")));
        }
        match entry.header().entry_type() {
            EntryType::GNULongName => {
                self.long_path = Some(self.text(&mut entry)?);
                return Ok(());
            }
            EntryType::GNULongLink => {
                self.long_target = Some(self.text(&mut entry)?);
                return Ok(());
            }
            _ => {}
        }
        let (long_path, long_target) = (self.long_path.take(), self.long_target.take());
        let path = long_path.unwrap_or_else(|| entry.path_bytes().into_owned());
        let path = self.path(path)?;
        match entry.header().entry_type() {
            EntryType::Directory => self.directory(path),
            EntryType::Regular => self.file(&path, &mut entry),
            EntryType::Symlink => {
                let target =
                    long_target.or_else(|| entry.link_name_bytes().map(|t| t.into_owned()));
                self.link(&path, target.unwrap_or_default())
            }
            other => Err(holds(
                &path,
                &format!("which is of the type {:#04x}", other.as_byte()),
            )),
        }
    }

    /// The text that an entry consists of.
    fn text(&self, entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, Refused> {
        let limit = self.limits.path as u64 + 1;
        if entry.size() > limit {
            return Err(Refused::Holds(format!(
                "a path of {} bytes, and the limit is {}",
                entry.size(),
                self.limits.path
            )));
        }
        let mut text = Vec::new();
        entry.read_to_end(&mut text).map_err(damaged)?;
        if text.last() == Some(&0) {
            text.pop();
        }
        Ok(text)
    }

    /// A path that stays inside, in a directory that was made.
    fn path(&self, bytes: Vec<u8>) -> Result<PathBuf, Refused> {
        let Ok(text) = String::from_utf8(bytes) else {
            return Err(Refused::Holds("a path that is not UTF-8".into()));
        };
        // A directory's path ends with a slash.
        let path = PathBuf::from(text.strip_suffix('/').unwrap_or(&text));
        let mut names = path.components();
        let is_plain = names.all(|name| matches!(name, Component::Normal(_)))
            && path.components().collect::<PathBuf>().as_os_str() == path.as_os_str();
        if !is_plain || path.as_os_str().is_empty() || text.contains('\0') {
            return Err(holds(Path::new(&text), "which is no plain path"));
        }
        match path.parent() {
            Some(parent)
                if !parent.as_os_str().is_empty() && !self.directories.contains(parent) =>
            {
                Err(holds(&path, "without the directory that it is in"))
            }
            _ => Ok(path),
        }
    }

    fn directory(&mut self, path: PathBuf) -> Result<(), Refused> {
        self.into
            .create_dir(&path)
            .and_then(|()| set_mode(self.into, &path, 0o755))
            .map_err(|error| not_written(&path, error))?;
        self.directories.insert(path);
        Ok(())
    }

    fn link(&mut self, path: &Path, target: Vec<u8>) -> Result<(), Refused> {
        let target = String::from_utf8(target).unwrap_or_default();
        let is_fine = target.len() <= self.limits.path
            && !target.contains('\0')
            && link::stays_inside(path, Path::new(&target));
        if !is_fine {
            let what = format!("a link to {}, which may lead out of it", quoted(&target));
            return Err(holds(path, &what));
        }
        self.into
            .symlink_contents(&target, path)
            .map_err(|error| not_written(path, error))
    }

    fn file(&mut self, path: &Path, entry: &mut Entry<'_, impl Read>) -> Result<(), Refused> {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(entry.size());
        if self.bytes > self.limits.bytes {
            return Err(Refused::Holds(format!(
                "files of more than {} bytes, which is the limit",
                self.limits.bytes
            )));
        }
        // Such as it was made: a directory that is named after a file is no file.
        let executable = entry.header().mode().map_err(damaged)? & 0o100 != 0;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        let file = self.into.open_with(path, &options);
        let mut file = file.map_err(|error| not_written(path, error))?;
        let mut left = entry.size();
        let mut buffer = [0; 16 << 10];
        while left > 0 {
            match entry.read(&mut buffer).map_err(damaged)? {
                0 => return Err(holds(path, "which ends too soon")),
                read => {
                    file.write_all(&buffer[..read])
                        .map_err(|error| Refused::Disk(path.to_owned(), error))?;
                    left -= read as u64;
                }
            }
        }
        drop(file);
        set_mode(self.into, path, if executable { 0o755 } else { 0o644 })
            .map_err(|error| Refused::Disk(path.to_owned(), error))
    }
}

/// The user's mask has no say in it: what is deployed is the same everywhere.
#[cfg(unix)]
fn set_mode(dir: &Dir, path: &Path, mode: u32) -> io::Result<()> {
    use cap_std::fs::{Permissions, PermissionsExt};
    dir.set_permissions(path, Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_dir: &Dir, _path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

fn holds(path: &Path, what: &str) -> Refused {
    Refused::Holds(format!("{}, {what}", quoted(&path.to_string_lossy())))
}

fn not_written(path: &Path, error: io::Error) -> Refused {
    match error.kind() {
        io::ErrorKind::AlreadyExists => holds(path, "twice"),
        _ => Refused::Disk(path.to_owned(), error),
    }
}

fn damaged(error: io::Error) -> Refused {
    Refused::Holds(format!("what no archive is made of: {error}"))
}
