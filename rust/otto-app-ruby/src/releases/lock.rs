//! Changes what is deployed, one process at a time.

use std::fs::{self, File, TryLockError};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::{CURRENT, KEPT, MARKER, RELEASES, Release, Site, Status};
use crate::archive::Digest;
use crate::problem::{Problem, Reason, quoted};

/// What the names begin with of what is not a release yet, or no longer.
const NEW: &str = ".new-";
const OLD: &str = ".old-";

/// How often a directory may vanish before it is locked.
const TRIES: usize = 100;

/// The lock of a [`Site`]. The system takes it back when the process ends.
#[derive(Debug)]
pub(crate) struct Locked {
    site: Site,
    /// What was made for this lock, and goes with it: before the lock itself.
    made: Mutex<Made>,
    /// Holds the lock, which is the directory's own: no file is left behind.
    _lock: File,
}

impl Locked {
    pub(super) fn take(site: &Site) -> Result<Self, Problem> {
        let mut tries = 1;
        loop {
            match Self::try_take(site)? {
                ControlFlow::Break(locked) => return locked.claim(),
                ControlFlow::Continue(problem) if tries == TRIES => return Err(problem),
                ControlFlow::Continue(_) => tries += 1,
            }
        }
    }

    /// Goes on with a problem that is none if somebody has removed the directory meanwhile.
    fn try_take(site: &Site) -> Result<ControlFlow<Self, Problem>, Problem> {
        let path = &site.path;
        let mut made = Made(Vec::new());
        if let Err(error) = made.directory(path) {
            let problem = Problem::disk("written", path, &error);
            return match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists => {
                    Ok(ControlFlow::Continue(problem))
                }
                _ => Err(problem),
            };
        }
        let lock = match File::open(path) {
            Ok(lock) => lock,
            Err(error) => {
                let problem = Problem::disk("read", path, &error);
                return match error.kind() {
                    io::ErrorKind::NotFound => Ok(ControlFlow::Continue(problem)),
                    _ => Err(problem),
                };
            }
        };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                // What was made is in use by another: if they have no use for it, it stays, empty.
                made.0.clear();
                return Err(busy(path));
            }
            Err(TryLockError::Error(error)) => return Err(Problem::disk("read", path, &error)),
        }
        let is_still_there = lock.metadata().and_then(|locked| {
            let there = fs::metadata(path)?;
            Ok((locked.dev(), locked.ino()) == (there.dev(), there.ino()))
        });
        if !is_still_there.unwrap_or(false) {
            return Ok(ControlFlow::Continue(busy(path)));
        }
        Ok(ControlFlow::Break(Self {
            site: site.clone(),
            made: Mutex::new(made),
            _lock: lock,
        }))
    }

    /// Checks whose directory it is, and makes it this application's if it is nobody's.
    fn claim(self) -> Result<Self, Problem> {
        let marker = self.site.path.join(MARKER);
        match fs::read_to_string(&marker) {
            Ok(owner) if owner.trim_end() == self.site.owner => {}
            Ok(owner) => {
                return Err(denied(
                    &self.site.path,
                    &format!(
                        "holds releases of the application {}",
                        quoted(owner.trim_end())
                    ),
                ));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut names = fs::read_dir(&self.site.path)
                    .map_err(|error| Problem::disk("read", &self.site.path, &error))?;
                if names.next().is_some() {
                    return Err(denied(
                        &self.site.path,
                        "holds something else than releases",
                    ));
                }
                self.made().0.push(marker.clone());
                fs::write(&marker, format!("{}\n", self.site.owner))
                    .map_err(|error| Problem::disk("written", &marker, &error))?;
            }
            Err(error) => return Err(Problem::disk("read", &marker, &error)),
        }
        Ok(self)
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    pub(crate) fn status(&self) -> Result<Status, Problem> {
        self.site.status()
    }

    /// Adds a release: `fill` writes its files. If that fails, nothing has changed.
    pub(crate) fn add(
        &self,
        archive: &Digest,
        fill: impl FnOnce(&Dir) -> Result<(), Problem>,
    ) -> Result<Release, Problem> {
        self.sweep()?;
        let newest = self.status()?.releases.pop();
        let number = newest.map_or(1, |release| release.number.saturating_add(1));
        let release = Release::new(number, &archive.sha256);
        let releases = self.site.path.join(RELEASES);
        let mut made = Made(Vec::new());
        let written = |path: &Path| {
            let path = path.to_owned();
            move |error: io::Error| Problem::disk("written", &path, &error)
        };
        made.directory(&releases).map_err(written(&releases))?;
        let new = releases.join(format!("{NEW}{release}"));
        made.directory(&new).map_err(written(&new))?;
        let filled = Dir::open_ambient_dir(&new, ambient_authority())
            .map_err(written(&new))
            .and_then(|dir| fill(&dir))
            .and_then(|()| {
                fs::rename(&new, releases.join(release.to_string())).map_err(written(&new))
            });
        match filled {
            Ok(()) => {
                made.0.clear();
                self.made().0.clear();
                Ok(release)
            }
            Err(problem) => {
                // What stays of it is removed by the next one.
                let _ = fs::remove_dir_all(&new);
                Err(problem)
            }
        }
    }

    /// Has `release` be the one that is used, at once or not at all.
    pub(crate) fn switch(&self, release: &Release) -> Result<(), Problem> {
        let current = self.site.current();
        let new = self.site.path.join(format!("{NEW}{CURRENT}"));
        remove(&new, |path| fs::remove_file(path))?;
        symlink(Path::new(RELEASES).join(release.to_string()), &new)
            .and_then(|()| fs::rename(&new, &current))
            .map_err(|error| {
                let _ = fs::remove_file(&new);
                Problem::disk("written", &current, &error)
            })
    }

    /// Removes the oldest releases, and gives those.
    pub(crate) fn prune(&self) -> Result<Vec<Release>, Problem> {
        let Status {
            current,
            mut releases,
        } = self.status()?;
        releases.truncate(releases.len().saturating_sub(KEPT));
        releases.retain(|release| Some(release) != current.as_ref());
        for release in &releases {
            self.remove(release)?;
        }
        Ok(releases)
    }

    /// Removes everything that is deployed, and the directory if nothing else is in it.
    pub(crate) fn destroy(&self) -> Result<(), Problem> {
        let path = &self.site.path;
        remove(&self.site.current(), |path| fs::remove_file(path))?;
        remove(&path.join(format!("{NEW}{CURRENT}")), |path| {
            fs::remove_file(path)
        })?;
        for release in self.status()?.releases {
            self.remove(&release)?;
        }
        self.sweep()?;
        let is_empty = fs::remove_dir(path.join(RELEASES)).is_ok();
        if is_empty {
            remove(&path.join(MARKER), |path| fs::remove_file(path))?;
            // Somebody may have put something else into it.
            let _ = fs::remove_dir(path);
        }
        Ok(())
    }

    /// Removes a release, of which there is never only a half under its name.
    fn remove(&self, release: &Release) -> Result<(), Problem> {
        let releases = self.site.path.join(RELEASES);
        let path = releases.join(release.to_string());
        let old = releases.join(format!("{OLD}{release}"));
        fs::rename(&path, &old).map_err(|error| Problem::disk("removed", &path, &error))?;
        remove(&old, |path| fs::remove_dir_all(path))
    }

    /// Removes what a deploy has left that was killed.
    fn sweep(&self) -> Result<(), Problem> {
        let releases = self.site.path.join(RELEASES);
        let entries = match fs::read_dir(&releases) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(|error| Problem::disk("read", &releases, &error))?,
        };
        for entry in entries {
            let entry = entry.map_err(|error| Problem::disk("read", &releases, &error))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(NEW) || name.starts_with(OLD) {
                remove(&entry.path(), |path| fs::remove_dir_all(path))?;
            }
        }
        Ok(())
    }
}

/// What was made, in order. Dropping it removes it, as far as nothing else is in it.
#[derive(Debug)]
struct Made(Vec<PathBuf>);

impl Made {
    /// Makes a directory, and those above it, where there is none.
    fn directory(&mut self, path: &Path) -> io::Result<()> {
        match fs::create_dir(path) {
            Ok(()) => {
                self.0.push(path.to_owned());
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let Some(parent) = path.parent() else {
                    return Err(error);
                };
                self.directory(parent)?;
                self.directory(path)
            }
            Err(error) => Err(error),
        }
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for path in self.0.iter().rev() {
            let removed = fs::remove_dir(path).or_else(|_| fs::remove_file(path));
            if removed.is_err_and(|error| error.kind() != io::ErrorKind::NotFound) {
                break;
            }
        }
    }
}

/// Removes what may be gone already.
fn remove(path: &Path, by: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), Problem> {
    match by(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Problem::disk("removed", path, &error))
        }
        _ => Ok(()),
    }
}

fn busy(path: &Path) -> Problem {
    Problem::new(
        Reason::Conflict,
        format!(
            "another deploy of the application is running in {}",
            quoted(&path.to_string_lossy())
        ),
        "wait until it has ended, and try again",
    )
}

fn denied(path: &Path, what: &str) -> Problem {
    Problem::new(
        Reason::Denied,
        format!(
            "the directory to deploy to, {}, {what}",
            quoted(&path.to_string_lossy())
        ),
        "set `deploy_dir` in a `customization` of the Appfile to a directory of its own, or empty \
         this one",
    )
}
