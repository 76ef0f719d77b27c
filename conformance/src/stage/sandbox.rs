//! The directories that belong to one case.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::process::PrivateDir;

/// A home, a place for temporary files and a working directory, of which nothing stays.
#[derive(Debug)]
pub(crate) struct Sandbox {
    root: PrivateDir,
}

impl Sandbox {
    pub(crate) fn new() -> io::Result<Self> {
        let sandbox = Self {
            root: PrivateDir::new()?,
        };
        for directory in [
            sandbox.home(),
            sandbox.tmp(),
            sandbox.work(),
            sandbox.suite(),
        ] {
            fs::create_dir(directory)?;
        }
        Ok(sandbox)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    pub(crate) fn tmp(&self) -> PathBuf {
        self.root.path().join("tmp")
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// What is the suite's own, such as the sockets that it listens on.
    pub(crate) fn suite(&self) -> PathBuf {
        self.root.path().join("suite")
    }

    /// What lies in the plugin's directories now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut entries = BTreeMap::new();
        for directory in ["home", "tmp", "work"] {
            walk(self.root.path(), Path::new(directory), &mut entries);
        }
        Snapshot(entries)
    }
}

/// The files of a moment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<PathBuf, Entry>);

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    kind: &'static str,
    inode: u64,
    /// Of a directory these change with what is in it, which is listed itself.
    content: Option<(u64, i64, i64)>,
}

impl Snapshot {
    /// What is new, changed or gone since then, in words.
    pub(crate) fn since(&self, then: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        for (path, entry) in &self.0 {
            match then.0.get(path) {
                Some(before) if before == entry => {}
                Some(_) => changes.push(format!("{} {} changed", entry.kind, path.display())),
                None => changes.push(format!("{} {} made", entry.kind, path.display())),
            }
        }
        let gone = then
            .0
            .iter()
            .filter(|(path, _)| !self.0.contains_key(*path));
        changes.extend(gone.map(|(path, entry)| format!("{} {} gone", entry.kind, path.display())));
        changes
    }
}

fn walk(root: &Path, relative: &Path, entries: &mut BTreeMap<PathBuf, Entry>) {
    let path = root.join(relative);
    let Ok(metadata) = fs::symlink_metadata(&path) else {
        return;
    };
    let kind = metadata.file_type();
    let name = match () {
        () if kind.is_dir() => "directory",
        () if kind.is_symlink() => "link",
        () if kind.is_socket() => "socket",
        () if kind.is_fifo() => "pipe",
        () => "file",
    };
    let content =
        (!kind.is_dir()).then(|| (metadata.len(), metadata.mtime(), metadata.mtime_nsec()));
    let inode = metadata.ino();
    entries.insert(
        relative.to_owned(),
        Entry {
            kind: name,
            inode,
            content,
        },
    );
    if kind.is_dir() {
        for child in fs::read_dir(&path).into_iter().flatten().flatten() {
            walk(root, &relative.join(child.file_name()), entries);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_changed_or_removed_is_told() {
        let sandbox = Sandbox::new().expect("a sandbox");
        let empty = sandbox.snapshot();
        fs::write(sandbox.tmp().join("a"), "1").expect("a file");
        let made = sandbox.snapshot();
        assert_eq!(made.since(&empty), ["file tmp/a made"]);
        fs::write(sandbox.tmp().join("a"), "22").expect("a file");
        assert_eq!(sandbox.snapshot().since(&made), ["file tmp/a changed"]);
        fs::remove_file(sandbox.tmp().join("a")).expect("no file");
        assert_eq!(sandbox.snapshot().since(&made), ["file tmp/a gone"]);
        assert_eq!(sandbox.snapshot(), empty);
    }

    #[test]
    fn a_sandbox_takes_its_directories_with_it() {
        let sandbox = Sandbox::new().expect("a sandbox");
        let home = sandbox.home();
        assert!(home.is_dir());
        drop(sandbox);
        assert!(!home.exists());
    }
}
