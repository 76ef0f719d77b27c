//! What belongs to one application, on the disk.
//!
//! ```text
//!  DIRECTORY/
//!  ├── Appfile                 what the user says; need not be there
//!  ├── .ottoid                 the identity, made by the first compile, for version control
//!  └── .otto/                  not for version control
//!      ├── .gitignore
//!      ├── appfile             the Appfile of the last compile, complete, for people
//!      ├── compiled/           what the last compile made
//!      │   ├── state.json      what it was made of; a compile without it has not ended
//!      │   ├── app/            of the application
//!      │   ├── dep-ID/         of each dependency
//!      │   └── foundation-NAME/{dev,dev-dep,build,deploy}/
//!      ├── compiled.last/      the compile before, while there is another
//!      ├── data/               what plugins keep, never cleared
//!      └── lock
//! ```
//!
//! Neither `.otto` nor `data` may be a link: what came with somebody's sources has nothing written
//! elsewhere.
//!
//! Who compiles holds the lock alone ([`Project::compile`]); who uses what was compiled holds it
//! together with others ([`Project::hold`]). Everything here blocks its thread, but [`graph()`].

mod compiling;
mod dev_dep;
mod directories;
mod disk;
mod error;
mod graph;
mod hold;
mod identity;
mod record;
mod root;
mod state;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub(crate) use compiling::Compiling;
pub(crate) use dev_dep::{DevDepCache, DevDepError, DevDepKey};
pub(crate) use directories::Directories;
pub(crate) use error::ProjectError;
pub(crate) use graph::{GraphError, Loaded, Node, graph};
pub(crate) use hold::Held;
pub(crate) use state::{Compiled, CompiledApp, Plugin};
use uuid::Uuid;

/// An application's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Project {
    /// Absolute, links resolved, and UTF-8.
    root: PathBuf,
}

impl Project {
    /// Finds the application that `start` is in: the first directory, from there upwards, in which
    /// there is an Appfile or a `.otto`, or else `start` itself.
    pub(crate) fn find(start: &Path) -> Result<Self, ProjectError> {
        root::find(start)
    }

    /// The application in a directory, whatever is in it.
    pub(crate) fn at(directory: &Path) -> Result<Self, ProjectError> {
        let root = directory
            .canonicalize()
            .map_err(disk::failed("read", directory))?;
        disk::text(&root)?;
        Ok(Self { root })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The identity, if it has one: the first compile gives it.
    ///
    /// It fails if the file makes no sense, and leaves it as it is.
    pub(crate) fn id(&self) -> Result<Option<Uuid>, ProjectError> {
        identity::read(&self.identity())
    }

    /// The identity, which is made if there is none. Whoever else makes one at the same time gets
    /// the same.
    pub(crate) fn make_id(&self) -> Result<Uuid, ProjectError> {
        identity::make(&self.identity())
    }

    /// Begins a compile. See [`Compiling`]. It fails if another process is at work.
    pub(crate) fn compile(&self) -> Result<Compiling, ProjectError> {
        Compiling::begin(self)
    }

    /// Keeps what was compiled from being compiled anew. It fails if another process does that, or
    /// if nothing was compiled.
    pub(crate) fn hold(&self) -> Result<Held, ProjectError> {
        Held::take(self)
    }

    /// What the last compile made, be there one running or not. `None` if nothing was compiled.
    ///
    /// For those who only look. It takes no lock, and changes nothing.
    pub(crate) fn compiled(&self) -> Result<Option<Compiled>, ProjectError> {
        // One that ends meanwhile moves what it has made from the second place to the first.
        for directory in [self.current(), self.last(), self.current()] {
            if let Some(compiled) = state::read(&directory)? {
                return Ok(Some(compiled));
            }
        }
        Ok(None)
    }

    fn identity(&self) -> PathBuf {
        self.root.join(".ottoid")
    }

    /// The directory of what is not for version control, made if there is none.
    fn make_private(&self) -> Result<PathBuf, ProjectError> {
        let private = self.private();
        disk::make_own_directory(&private)?;
        let ignore = private.join(".gitignore");
        if !ignore.exists() {
            disk::write(&ignore, b"*\n")?;
        }
        Ok(private)
    }

    fn private(&self) -> PathBuf {
        self.root.join(root::PRIVATE)
    }

    fn current(&self) -> PathBuf {
        self.private().join("compiled")
    }

    fn last(&self) -> PathBuf {
        self.private().join("compiled.last")
    }
}
