//! A compile: all of it, or nothing.
//!
//! What was compiled before is moved aside as a whole, and moved back if the compile fails. The file
//! with the state is written last, and it is what makes a compile one: the rename that puts it there
//! is the one moment before which the old compile is the last good one, and after which the new one
//! is. A process can be killed anywhere:
//!
//! ```text
//!                               compiled         compiled.last    what repair does
//!  before                       with a state     –                nothing
//!  moved aside                  –                with a state     moves it back
//!  directories made             without          with a state     removes, moves it back
//!  ─ the state is there ─       with a state     with a state     removes the last one
//!  the last one half removed    with a state     anything         removes the last one
//!  the first compile            without          –                removes
//! ```

use std::fs;
use std::path::PathBuf;

use uuid::Uuid;

use super::error::ProjectError;
use super::hold::Lock;
use super::state::{self, Compiled};
use super::{Project, disk, hold};

/// The folders of a foundation, each for one command.
const FOUNDATION: [&str; 4] = ["dev", "dev-dep", "build", "deploy"];

/// A compile that is running. Nobody else works on the project. Dropping it leaves the last good
/// compile as it was; [`Compiling::commit`] puts this one into its place.
#[derive(Debug)]
pub(crate) struct Compiling {
    project: Project,
    is_done: bool,
    lock: Lock,
}

impl Compiling {
    pub(super) fn begin(project: &Project) -> Result<Self, ProjectError> {
        let lock = hold::exclusive(project)?;
        repair(project, &lock)?;
        if disk::exists(&project.current())? {
            disk::rename(&project.current(), &project.last())?;
        }
        // From here on, dropping it moves that back.
        let compiling = Self {
            project: project.clone(),
            is_done: false,
            lock,
        };
        disk::make_directory(&compiling.app())?;
        Ok(compiling)
    }

    /// Where the application is compiled into: it is empty.
    pub(crate) fn app(&self) -> PathBuf {
        self.project.current().join("app")
    }

    /// Makes the directory where a dependency is compiled into. It fails if another one has the
    /// same identity.
    pub(crate) fn dependency(&self, id: Uuid) -> Result<PathBuf, ProjectError> {
        let path = self.project.current().join(format!("dep-{id}"));
        match fs::create_dir(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(ProjectError::SameIdentity { id: id.to_string() })
            }
            made => made
                .map(|()| path.clone())
                .map_err(disk::failed("made", path)),
        }
    }

    /// Makes the directory of a foundation, with its folders.
    pub(crate) fn foundation(&self, name: &str) -> Result<PathBuf, ProjectError> {
        let path = self.project.current().join(format!("foundation-{name}"));
        for folder in FOUNDATION {
            disk::make_directory(&path.join(folder))?;
        }
        Ok(path)
    }

    /// Has this be the last good compile. If the state cannot be written, the one before is. An error
    /// after that moment is about what is put away, and the next one who takes the lock does it.
    pub(crate) fn commit(mut self, compiled: &Compiled) -> Result<(), ProjectError> {
        state::write(&self.project.current(), compiled)?;
        self.is_done = true;
        finish(&self.project, compiled)
    }
}

impl Drop for Compiling {
    fn drop(&mut self) {
        if !self.is_done {
            // If the disk does not let this happen, the next one who takes the lock does it.
            let _ = repair(&self.project, &self.lock);
        }
    }
}

/// Whether a process was killed while it compiled.
pub(super) fn is_unfinished(project: &Project) -> Result<bool, ProjectError> {
    let current = project.current();
    Ok(disk::exists(&project.last())?
        || disk::exists(&current)? != state::exists(&current)?
        || state::exists(&current)? && !disk::exists(&appfile(project))?)
}

/// Puts in order what a process has left that was killed while it compiled. Only who holds the lock
/// alone does that.
pub(super) fn repair(project: &Project, _exclusive: &Lock) -> Result<(), ProjectError> {
    if !is_unfinished(project)? {
        return Ok(());
    }
    let current = project.current();
    if state::exists(&current)? {
        // One that makes no sense is found by whoever needs it.
        return match state::read(&current) {
            Ok(Some(compiled)) => finish(project, &compiled),
            _ => disk::remove_directory(&project.last()),
        };
    }
    disk::remove_directory(&current)?;
    if disk::exists(&project.last())? {
        disk::rename(&project.last(), &current)?;
    }
    Ok(())
}

/// Does what is left to do after the state is there.
fn finish(project: &Project, compiled: &Compiled) -> Result<(), ProjectError> {
    disk::write(&appfile(project), &state::appfile(&compiled.root))?;
    disk::remove_directory(&project.last())
}

/// The Appfile of the last compile.
fn appfile(project: &Project) -> PathBuf {
    project.private().join("appfile")
}
