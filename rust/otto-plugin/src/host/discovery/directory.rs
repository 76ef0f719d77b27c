//! The directories that plugins are looked for in.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{self, Path, PathBuf};

/// Why plugins are looked for in a directory. In order: the later one takes precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the specification has no other")]
pub enum Place {
    /// The program of the host lies there.
    Executable,
    /// It is where a user has plugins.
    User,
    /// It is where the host was started.
    Current,
    /// The user has named it beside these.
    Extra,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Executable => "executable",
            Self::User => "user",
            Self::Current => "current",
            Self::Extra => "extra",
        })
    }
}

/// A directory that was looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PluginDirectory {
    /// Its path, absolute.
    pub path: PathBuf,
    /// The last reason to look into it.
    pub place: Place,
    /// Whether the user may never have meant what lies there to be started.
    pub needs_trust: bool,
    /// Its device, and its number there.
    number: (u64, u64),
}

/// A directory that could not be looked into, or not into the whole of it.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be searched for plugins: {source}", path.display())]
#[non_exhaustive]
pub struct DirectoryProblem {
    /// Its path.
    pub path: PathBuf,
    /// Why it was to be looked into.
    pub place: Place,
    /// What the operating system says.
    pub source: io::Error,
}

/// The directories that are there, each once, and what is wrong with others.
#[derive(Debug, Default)]
pub(super) struct Directories {
    pub(super) present: Vec<PluginDirectory>,
    pub(super) problems: Vec<DirectoryProblem>,
    /// The current directory, whether or not it is looked into.
    current: Option<PathBuf>,
}

impl Directories {
    /// What is relative begins at `current`, if that is known.
    pub(super) fn new(current: Option<&Path>) -> Self {
        Self {
            current: current.map(Path::to_owned),
            ..Self::default()
        }
    }

    /// Adds a directory behind those that are there. One that is missing is left out.
    ///
    /// One that is there already moves to the end. It needs trust only if it does for each reason
    /// to look into it.
    pub(super) fn add(&mut self, place: Place, path: &Path) {
        let problem = |source| DirectoryProblem {
            path: path.into(),
            place,
            source,
        };
        let added = match self.examine(place, path) {
            Ok(added) => added,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.problems.push(problem(error)),
        };
        let known = self
            .present
            .iter()
            .position(|known| known.number == added.number);
        let known = known.map(|index| self.present.remove(index));
        let needs_trust = added.needs_trust && known.is_none_or(|known| known.needs_trust);
        self.present.push(PluginDirectory {
            needs_trust,
            ..added
        });
    }

    /// Adds the directory of a program, links resolved.
    pub(super) fn add_directory_of(&mut self, program: &Path) {
        match fs::canonicalize(program) {
            Ok(program) => {
                if let Some(directory) = program.parent() {
                    self.add(Place::Executable, directory);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => self.problems.push(DirectoryProblem {
                path: program.into(),
                place: Place::Executable,
                source,
            }),
        }
    }

    fn examine(&self, place: Place, given: &Path) -> io::Result<PluginDirectory> {
        let path = match &self.current {
            Some(current) => path::absolute(current.join(given))?,
            None => path::absolute(given)?,
        };
        let metadata = fs::metadata(&path)?;
        if !metadata.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let needs_trust = match place {
            Place::Executable | Place::User => false,
            Place::Current => true,
            // What depends on where the host was started is no better than what lies there.
            Place::Extra => given.is_relative() || self.is_inside_current(&path)?,
        };
        Ok(PluginDirectory {
            path,
            place,
            needs_trust,
            number: (metadata.dev(), metadata.ino()),
        })
    }

    fn is_inside_current(&self, path: &Path) -> io::Result<bool> {
        let Some(current) = &self.current else {
            return Ok(false);
        };
        Ok(fs::canonicalize(path)?.starts_with(fs::canonicalize(current)?))
    }
}
