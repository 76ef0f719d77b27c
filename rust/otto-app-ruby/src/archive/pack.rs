//! Writes an archive.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use cap_std::fs::{Dir, File, OpenOptions};
use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::list::{Entry, Kind, Listing, cannot_read};
use super::{Digest, Hashing};
use crate::problem::{Place, Problem, Reason, quoted};

/// What every file in an archive is dated: 1980-01-01, the first day that every format knows.
const TIME: u64 = 315_532_800;

/// The number for a system that nobody names.
const NO_SYSTEM: u8 = 255;

/// An archive that was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Packed {
    pub(crate) digest: Digest,
    /// How many of its entries are files.
    pub(crate) files: u64,
    /// How many bytes the files have together.
    pub(crate) bytes: u64,
}

/// Writes what is listed. `passed` is told each time how many more bytes of files are through.
///
/// Nothing in it depends on the time, the user, the machine or the place of the application. A file
/// that is no longer what the listing says is an error. It blocks its thread.
pub(crate) fn pack(
    listing: &Listing,
    into: impl Write,
    passed: impl Fn(u64),
) -> Result<Packed, Problem> {
    let gzip = GzBuilder::new()
        .mtime(0)
        .operating_system(NO_SYSTEM)
        .write(Hashing::new(into), Compression::default());
    let mut tar = Builder::new(gzip);
    for entry in &listing.entries {
        append(&mut tar, &listing.dir, entry, &passed)?;
    }
    let hashing = tar
        .into_inner()
        .and_then(|gzip| gzip.finish())
        .and_then(|mut hashing| hashing.flush().map(|()| hashing))
        .map_err(|error| cannot_write(&error))?;
    Ok(Packed {
        digest: hashing.digest(),
        files: listing.files,
        bytes: listing.bytes,
    })
}

fn append(
    tar: &mut Builder<impl Write>,
    dir: &Dir,
    entry: &Entry,
    passed: &dyn Fn(u64),
) -> Result<(), Problem> {
    let mut header = Header::new_gnu();
    header.set_mtime(TIME);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    let path = &entry.path;
    let written = match &entry.kind {
        Kind::Directory => {
            header.set_entry_type(EntryType::Directory);
            header.set_mode(0o755);
            // The slash at its end is how a directory is written.
            tar.append_data(&mut header, path.join(""), io::empty())
        }
        Kind::Link { target } => {
            header.set_entry_type(EntryType::Symlink);
            header.set_mode(0o777);
            match header.set_link_name_literal(target.as_os_str().as_encoded_bytes()) {
                Ok(()) => tar.append_data(&mut header, path, io::empty()),
                // It is too long for a header.
                Err(_) => tar.append_link(&mut header, path, target),
            }
        }
        Kind::File { size, executable } => {
            header.set_entry_type(EntryType::Regular);
            header.set_mode(if *executable { 0o755 } else { 0o644 });
            header.set_size(*size);
            let mut contents = Contents {
                file: open(dir, path, *size)?,
                path,
                left: *size,
                passed,
                problem: None,
            };
            let written = tar.append_data(&mut header, path, &mut contents);
            if let Some(problem) = contents.problem {
                return Err(problem);
            }
            written
        }
    };
    written.map_err(|error| cannot_write(&error))
}

fn open(dir: &Dir, path: &Path, size: u64) -> Result<File, Problem> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use cap_std::fs::OpenOptionsExt;
        // A pipe that was put in its place would have it wait for a writer.
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    }
    let opened = dir.open_with(path, &options).and_then(|file| {
        let metadata = file.metadata()?;
        Ok((file, metadata))
    });
    match opened {
        Ok((file, metadata)) if metadata.is_file() && metadata.len() == size => Ok(file),
        Ok(_) => Err(changed(path)),
        Err(error) => Err(cannot_read(path, &error)),
    }
}

/// The contents of a file: as many bytes as were listed, or a problem.
struct Contents<'a> {
    file: File,
    path: &'a PathBuf,
    left: u64,
    passed: &'a dyn Fn(u64),
    problem: Option<Problem>,
}

impl Read for Contents<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.file.read(buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                self.problem = Some(cannot_read(self.path, &error));
                return Err(error);
            }
        };
        let has_changed = match read {
            0 => self.left > 0 && !buffer.is_empty(),
            _ => read as u64 > self.left,
        };
        if has_changed {
            self.problem = Some(changed(self.path));
            return Err(io::Error::other("the file has changed"));
        }
        self.left -= read as u64;
        (self.passed)(read as u64);
        Ok(read)
    }
}

fn changed(path: &Path) -> Problem {
    let path = path.to_string_lossy();
    Problem::new(
        Reason::Unavailable,
        format!("{} was changed while it was being built", quoted(&path)),
        "build again when nobody writes to it, or name it in a file .ottoignore",
    )
    .at(Place::new(path, 0))
}

fn cannot_write(error: &io::Error) -> Problem {
    Problem::new(
        Reason::Unavailable,
        format!("the archive cannot be written: {error}"),
        "build again; if it stays so, report it to those who made the host",
    )
}
