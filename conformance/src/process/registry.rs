//! What has to be cleaned up when the suite is told to stop: process groups and directories.

use std::collections::BTreeSet;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal};

use super::proc;

static REGISTRY: Mutex<Registry> = Mutex::new(Registry::new());

#[derive(Debug)]
struct Registry {
    groups: BTreeSet<u32>,
    directories: BTreeSet<PathBuf>,
}

impl Registry {
    const fn new() -> Self {
        Self {
            groups: BTreeSet::new(),
            directories: BTreeSet::new(),
        }
    }
}

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a process that leads a group of its own. No process starts unregistered.
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    let mut registry = registry();
    let child = command.spawn()?;
    registry.groups.insert(child.id());
    Ok(child)
}

/// Says that a group has been killed and its leader reaped.
pub(super) fn forget(leader: u32) {
    registry().groups.remove(&leader);
}

/// Whether a process was started here, and is not an orphan that was adopted.
pub(super) fn started_here(pid: u32) -> bool {
    registry().groups.contains(&pid)
}

/// Kills every group and removes every directory, for good: the registry stays locked, so that
/// nothing else is started.
pub(crate) fn clean_up() {
    let registry = mem::ManuallyDrop::new(registry());
    for leader in &registry.groups {
        // A process that was started by another one may lead a group of its own.
        let descendants = proc::Table::now().descendants(*leader);
        kill_group(*leader);
        descendants.into_iter().for_each(kill);
    }
    for orphan in proc::Table::now().children_of(std::process::id()) {
        if !registry.groups.contains(&orphan) {
            kill(orphan);
        }
    }
    for directory in &registry.directories {
        // A process that is being killed may still have made a file: try again.
        let _ = (0..3).find(|_| std::fs::remove_dir_all(directory).is_ok());
    }
}

/// Kills all processes of a group.
pub(super) fn kill_group(leader: u32) {
    signal_group(leader, Signal::KILL);
}

/// Sends a signal to all processes of a group.
pub(super) fn signal_group(leader: u32, signal: Signal) {
    if let Some(pid) = pid(leader) {
        let _ = rustix::process::kill_process_group(pid, signal);
    }
}

/// Kills one process.
pub(super) fn kill(process: u32) {
    signal(process, Signal::KILL);
}

/// Sends a signal to one process.
pub(super) fn signal(process: u32, signal: Signal) {
    if let Some(pid) = pid(process) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// A process id in the form of the system calls.
pub(super) fn pid(process: u32) -> Option<Pid> {
    Pid::from_raw(process.try_into().ok()?)
}

/// A directory that is removed when this is dropped, or when the suite is told to stop.
#[derive(Debug)]
pub(crate) struct PrivateDir(PathBuf);

impl PrivateDir {
    /// Makes a directory that only this user can enter, below the system's one for temporary files.
    pub(crate) fn new() -> io::Result<Self> {
        let mut registry = registry();
        let directory = tempfile::Builder::new()
            .prefix("otto-conformance-")
            .tempdir()?
            .keep();
        registry.directories.insert(directory.clone());
        Ok(Self(directory))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
        registry().directories.remove(&self.0);
    }
}
