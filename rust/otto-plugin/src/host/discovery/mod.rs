//! Finding plugins by the names of their files.
//!
//! ```no_run
//! # fn main() -> std::io::Result<()> {
//! use otto_plugin::host::{Discovery, Standing};
//!
//! let found = Discovery::new()
//!     .executable(std::env::current_exe()?)
//!     .user("/home/me/.otto.d/plugins")
//!     .current(std::env::current_dir()?)
//!     .find();
//! // What lies in the current directory may be anybody's.
//! for plugin in found.rank(|_file| false) {
//!     if plugin.standing == Standing::Used {
//!         println!("{}: {}", plugin.file.name, plugin.file.path.display());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Nothing is started, and no file is read: [`Found`] is what the names and the file system say.

mod directory;
mod file;
mod identity;
mod name;
mod rank;
mod select;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use directory::Directories;

pub use directory::{DirectoryProblem, Place, PluginDirectory};
pub use file::{PluginFile, Unusable};
pub use identity::{FileHash, FileIdentity, HashError, NotAHash};
pub use name::{NameError, PluginName};
pub use rank::{Ranked, Standing};
pub(super) use select::because;
pub use select::{Because, Chosen, Contender, Passed, Selection, select};

/// The directories that plugins are looked for in, in the order of [`Place`], whatever the order in
/// which they are given here.
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is looked for before `find`"]
pub struct Discovery {
    program: Option<PathBuf>,
    user: Option<PathBuf>,
    current: Option<PathBuf>,
    extra: Vec<PathBuf>,
}

/// What was found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Found {
    /// The directories that were looked into, in order, each once. One that is missing is not here.
    pub directories: Vec<PluginDirectory>,
    /// The files whose names are a plugin's, by name, then in the order of their directories.
    pub files: Vec<PluginFile>,
    /// The directories that could not be looked into, or not into the whole of them. They hide
    /// nothing of the others.
    pub problems: Vec<DirectoryProblem>,
}

impl Discovery {
    /// Looks nowhere yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks in the directory of the program of the host, links resolved. Takes the path of the
    /// program.
    pub fn executable(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Looks in the directory of the user's plugins.
    pub fn user(mut self, directory: impl Into<PathBuf>) -> Self {
        self.user = Some(directory.into());
        self
    }

    /// Looks in the current directory. What lies there needs trust.
    pub fn current(mut self, directory: impl Into<PathBuf>) -> Self {
        self.current = Some(directory.into());
        self
    }

    /// Looks in further directories, after the others. Takes the value of a variable such as
    /// `OTTO_PLUGIN_PATH`, which is split as `PATH` is; an empty element is ignored.
    ///
    /// What lies in one that is relative, or that is the current directory or below it, needs trust.
    pub fn extra(mut self, list: impl AsRef<OsStr>) -> Self {
        let elements = env::split_paths(list.as_ref());
        self.extra
            .extend(elements.filter(|path| !path.as_os_str().is_empty()));
        self
    }

    /// Looks into them. It reads directories, and blocks the thread for as long as that takes.
    ///
    /// A directory that is reached twice, by another path or through a link, counts once: where it is
    /// reached last. What lies there needs trust only if it does for each reason to look there.
    pub fn find(&self) -> Found {
        let mut directories = Directories::new(self.current.as_deref());
        if let Some(program) = &self.program {
            directories.add_directory_of(program);
        }
        let listed = [(Place::User, &self.user), (Place::Current, &self.current)];
        for (place, path) in listed {
            if let Some(path) = path {
                directories.add(place, path);
            }
        }
        for path in &self.extra {
            directories.add(Place::Extra, path);
        }
        let Directories {
            present,
            mut problems,
            ..
        } = directories;
        let mut files = Vec::new();
        for (position, directory) in present.iter().enumerate() {
            if let Err(source) = look_into(directory, position, &mut files) {
                problems.push(DirectoryProblem {
                    path: directory.path.clone(),
                    place: directory.place,
                    source,
                });
            }
        }
        files.sort_by(|a, b| (&a.name, a.position).cmp(&(&b.name, b.position)));
        Found {
            directories: present,
            files,
            problems,
        }
    }
}

impl Found {
    /// Finds out which file is used for each name: the last one that can be started and, if it needs
    /// that, is trusted. The result is in the order of [`files`](Self::files).
    ///
    /// `trusts` is asked only where it decides something: about a file that needs trust, if none that
    /// was found later is used. What is used stays so if it turns out not to start: what it overrides
    /// is not what the user has asked for.
    pub fn rank(&self, trusts: impl FnMut(&PluginFile) -> bool) -> Vec<Ranked> {
        rank::rank(&self.files, trusts)
    }
}

/// Adds the files of one directory whose names are a plugin's, up to the first error.
fn look_into(
    directory: &PluginDirectory,
    position: usize,
    files: &mut Vec<PluginFile>,
) -> std::io::Result<()> {
    for entry in fs::read_dir(&directory.path)? {
        let file = entry?.file_name();
        let Some(name) = file.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let path = directory.path.join(&file);
        files.push(PluginFile::look(directory, position, name, path));
    }
    Ok(())
}
