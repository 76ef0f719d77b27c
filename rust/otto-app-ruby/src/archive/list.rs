//! What an archive is going to hold.

use std::io;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata};

use super::ignored::{Rules, is_ignored, is_never_packed};
use super::{Limits, link};
use crate::problem::{Place, Problem, Reason, quoted};
use crate::source::Source;

/// The files of an application, without those that are ignored, in the order of their paths.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(super) dir: Dir,
    pub(super) entries: Vec<Entry>,
    /// How many of them are files.
    pub(crate) files: u64,
    /// How many bytes the files have together.
    pub(crate) bytes: u64,
}

#[derive(Debug)]
pub(super) struct Entry {
    /// Relative to the directory of the application.
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
}

#[derive(Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Directory,
    File { size: u64, executable: bool },
    Link { target: PathBuf },
}

/// Lists what is to be packed of `directory`, and opens no file but those with patterns in them.
///
/// A file that is not regular, a directory or a link is an error, and so is a link that leads out,
/// unless it is ignored. It blocks its thread.
pub(crate) fn list(directory: &Path, limits: &Limits) -> Result<Listing, Problem> {
    let source = Source::open(directory)?;
    let dir = Dir::open_ambient_dir(directory, ambient_authority())
        .map_err(|error| cannot_read(directory, &error))?;
    let mut walk = Walk {
        source,
        limits,
        rules: Vec::new(),
        listing: Listing {
            dir,
            entries: Vec::new(),
            files: 0,
            bytes: 0,
        },
    };
    walk.directory("")?;
    let mut listing = walk.listing;
    listing.entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(listing)
}

struct Walk<'a> {
    source: Source,
    limits: &'a Limits,
    /// Those of the directories that are being walked, the outermost first.
    rules: Vec<Rules>,
    listing: Listing,
}

impl Walk<'_> {
    fn directory(&mut self, directory: &str) -> Result<(), Problem> {
        if self.rules.len() > self.limits.depth {
            let limit = self.limits.depth as u64;
            return Err(too_much("directories in each other", limit).at(Place::new(directory, 0)));
        }
        self.rules.push(Rules::read(&self.source, directory)?);
        for name in self.names(Path::new(directory))? {
            self.entry(Path::new(directory).join(name))?;
        }
        self.rules.pop();
        Ok(())
    }

    /// Read at once, so that no directory stays open while those in it are walked.
    fn names(&self, directory: &Path) -> Result<Vec<PathBuf>, Problem> {
        let shown = match directory.as_os_str().is_empty() {
            true => Path::new("."),
            false => directory,
        };
        let entries = self.listing.dir.read_dir(shown);
        let names = entries.and_then(|entries| {
            entries
                .take(self.limits.entries as usize + 1)
                .map(|entry| entry.map(|entry| PathBuf::from(entry.file_name())))
                .collect()
        });
        let mut names: Vec<_> = names.map_err(|error| cannot_read(shown, &error))?;
        // The first problem is the same one everywhere.
        names.sort();
        Ok(names)
    }

    fn entry(&mut self, path: PathBuf) -> Result<(), Problem> {
        if path
            .file_name()
            .is_some_and(|name| is_never_packed(name.as_ref()))
        {
            return Ok(());
        }
        let metadata = self.listing.dir.symlink_metadata(&path);
        let metadata = metadata.map_err(|error| cannot_read(&path, &error))?;
        if is_ignored(&self.rules, &path, metadata.is_dir()) {
            return Ok(());
        }
        let Some(text) = path.to_str() else {
            return Err(Problem::invalid(
                format!("the path {} is not UTF-8", quoted(&path.to_string_lossy())),
                "give it a name that is, or name it in a file .ottoignore",
            ));
        };
        let kind = self.kind(&path, &metadata)?;
        self.count(&path, &kind)?;
        let is_directory = kind == Kind::Directory;
        self.listing.entries.push(Entry {
            path: path.clone(),
            kind,
        });
        match is_directory {
            true => self.directory(text),
            false => Ok(()),
        }
    }

    fn kind(&self, path: &Path, metadata: &Metadata) -> Result<Kind, Problem> {
        if metadata.is_dir() {
            return Ok(Kind::Directory);
        }
        if metadata.is_file() {
            return Ok(Kind::File {
                size: metadata.len(),
                executable: is_executable(metadata),
            });
        }
        if !metadata.is_symlink() {
            return Err(Problem::invalid(
                format!(
                    "{} is neither a file, a directory nor a link, and cannot be built",
                    quoted(&path.to_string_lossy())
                ),
                "remove it, or name it in a file .ottoignore",
            )
            .at(Place::new(path.to_string_lossy(), 0)));
        }
        let target = self.listing.dir.read_link_contents(path);
        let target = target.map_err(|error| cannot_read(path, &error))?;
        if !link::stays_inside(path, &target) {
            return Err(leads_out(path, &target));
        }
        Ok(Kind::Link { target })
    }

    fn count(&mut self, path: &Path, kind: &Kind) -> Result<(), Problem> {
        let place = || Place::new(path.to_string_lossy(), 0);
        let target = match kind {
            Kind::Link { target } => target.as_os_str().len(),
            Kind::Directory | Kind::File { .. } => 0,
        };
        if path.as_os_str().len().max(target) > self.limits.path {
            return Err(too_much("bytes in a path", self.limits.path as u64).at(place()));
        }
        if self.listing.entries.len() as u64 >= self.limits.entries {
            return Err(too_much("files", self.limits.entries));
        }
        if let Kind::File { size, .. } = kind {
            self.listing.files += 1;
            self.listing.bytes = self.listing.bytes.saturating_add(*size);
        }
        if self.listing.bytes > self.limits.bytes {
            return Err(too_much("bytes in its files", self.limits.bytes).at(place()));
        }
        Ok(())
    }
}

#[cfg(unix)]
fn is_executable(metadata: &Metadata) -> bool {
    use cap_std::fs::MetadataExt;
    metadata.mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_metadata: &Metadata) -> bool {
    false
}

fn leads_out(path: &Path, target: &Path) -> Problem {
    Problem::new(
        Reason::Denied,
        format!(
            "the link {} leads to {}, which is not sure to be in the application's directory",
            quoted(&path.to_string_lossy()),
            quoted(&target.to_string_lossy())
        ),
        "write a relative target into it, with `..` at its beginning only, or put a copy in its \
         place, or name it in a file .ottoignore",
    )
    .at(Place::new(path.to_string_lossy(), 0))
}

fn too_much(what: &str, limit: u64) -> Problem {
    Problem::new(
        Reason::LimitExceeded,
        format!("the application has more than {limit} {what}, which is the limit for a build"),
        "name what is not to be deployed in a file .ottoignore",
    )
}

pub(super) fn cannot_read(path: &Path, error: &io::Error) -> Problem {
    let path = path.to_string_lossy();
    Problem::new(
        Reason::Unavailable,
        format!("{} cannot be read: {error}", quoted(&path)),
        "check its permissions, and that nobody changes the application while it is built",
    )
    .at(Place::new(path, 0))
}
