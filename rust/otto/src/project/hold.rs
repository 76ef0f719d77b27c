//! The lock of a project. The system takes it back when the process ends.

use std::fs::{File, TryLockError};
use std::io;

use super::compiling::{is_unfinished, repair};
use super::error::ProjectError;
use super::state::{self, Compiled};
use super::{Project, disk};

/// How often another process may come in between.
const TRIES: usize = 100;

/// What was compiled, which stays as it is until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    compiled: Compiled,
    _lock: Lock,
}

/// The lock of a project, for as long as it is kept.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // A program that is being started has the file as well for a moment, and the lock with it. If
        // it cannot be given back, it goes with that.
        let _ = self.0.unlock();
    }
}

/// Whether others may hold a lock as well.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Shared,
    Exclusive,
}

impl Held {
    pub(super) fn take(project: &Project) -> Result<Self, ProjectError> {
        let not_compiled = || ProjectError::NotCompiled {
            path: project.root.clone(),
        };
        if !disk::exists(&project.private())? {
            return Err(not_compiled());
        }
        for _ in 0..TRIES {
            let lock = lock(project, Kind::Shared)?;
            if !is_unfinished(project)? {
                let compiled = state::read(&project.current())?.ok_or_else(not_compiled)?;
                return Ok(Self {
                    compiled,
                    _lock: lock,
                });
            }
            // A process was killed. What it has left is put in order by one at a time.
            drop(lock);
            repair(project, &exclusive(project)?)?;
            // One that makes no sense cannot be put in order.
            state::read(&project.current())?;
        }
        Err(busy(project))
    }

    pub(crate) fn compiled(&self) -> &Compiled {
        &self.compiled
    }
}

/// Takes the lock alone.
pub(super) fn exclusive(project: &Project) -> Result<Lock, ProjectError> {
    lock(project, Kind::Exclusive)
}

fn lock(project: &Project, kind: Kind) -> Result<Lock, ProjectError> {
    let path = project.make_private()?.join("lock");
    // It stays where it is: whoever removed it would have two processes lock two files.
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(disk::failed("written", &path))?;
    let locked = match kind {
        Kind::Shared => file.try_lock_shared(),
        Kind::Exclusive => file.try_lock(),
    };
    match locked {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(busy(project)),
        Err(TryLockError::Error(error)) => {
            let error = io::Error::new(error.kind(), format!("it cannot be locked: {error}"));
            Err(disk::failed("written", &path)(error))
        }
    }
}

fn busy(project: &Project) -> ProjectError {
    ProjectError::Busy {
        path: project.root.clone(),
    }
}
