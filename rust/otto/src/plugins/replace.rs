//! Files that are whole at every moment.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use tempfile::NamedTempFile;

/// What is left of a file if the machine loses its power right after it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// All of it. It costs a few milliseconds.
    Kept,
    /// Whatever the system has written by then. For what can be made again.
    Any,
}

/// Writes a file, in the place of the one that is there. Whoever reads it sees the old one or the new
/// one. It has the mode 0600; directories that are missing are made, with the mode 0700.
pub(crate) fn replace(path: &Path, contents: &[u8], durability: Durability) -> io::Result<()> {
    let directory = path.parent().unwrap_or_else(|| Path::new("."));
    make_private(directory)?;
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(contents)?;
    if durability == Durability::Kept {
        file.as_file().sync_all()?;
    }
    file.persist(path)?;
    if durability == Durability::Kept {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// Makes a directory that only the user can look into, unless it is there.
pub(crate) fn make_private(directory: &Path) -> io::Result<()> {
    if fs::metadata(directory).is_ok_and(|it| it.is_dir()) {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_replaced_and_is_the_users_alone() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("a/b");
        let file = directory.join("file");
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        for (contents, durability) in [("one", Durability::Kept), ("two", Durability::Any)] {
            replace(&file, contents.as_bytes(), durability).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), contents);
            assert_eq!((mode(&file), mode(&directory)), (0o600, 0o700));
        }
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    }

    #[test]
    fn a_write_that_fails_leaves_the_old_file_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("target");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("inside"), "kept").unwrap();
        replace(&target, b"new", Durability::Any).unwrap_err();
        assert_eq!(fs::read_to_string(target.join("inside")).unwrap(), "kept");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
