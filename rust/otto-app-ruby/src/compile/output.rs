//! Puts files into the directory of a compile.

use std::io::{self, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use super::File;
use crate::problem::{Problem, Reason, quoted};

/// Checks that a directory is one to compile into.
pub(super) fn check(dir: &str) -> Result<&Path, Problem> {
    let path = Path::new(dir);
    if !path.is_absolute() {
        return Err(Problem::invalid(
            format!(
                "the directory to compile into, {}, is not absolute",
                quoted(dir)
            ),
            "the host is to set `Context.dir`; report this to those who made it",
        ));
    }
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(path),
        Ok(_) => Err(Problem::invalid(
            format!(
                "{}, which is to be compiled into, is no directory",
                quoted(dir)
            ),
            "remove what is in its place, and compile again",
        )),
        Err(error) => Err(cannot_write(path, &error)),
    }
}

/// Writes all files, or leaves none of them half-written.
pub(super) fn write(dir: &Path, files: &[File]) -> Result<(), Problem> {
    let mut staged = Vec::new();
    for file in files {
        let written =
            stage(dir, file).map_err(|error| cannot_write(&dir.join(file.name), &error))?;
        staged.push((written, dir.join(file.name)));
    }
    for (written, path) in staged {
        written
            .persist(&path)
            .map_err(|error| cannot_write(&path, &error.error))?;
    }
    Ok(())
}

fn stage(dir: &Path, file: &File) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".otto-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = if file.executable { 0o755 } else { 0o644 };
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    let mut staged = builder.tempfile_in(dir)?;
    staged.write_all(file.contents.as_bytes())?;
    Ok(staged)
}

fn cannot_write(path: &Path, error: &io::Error) -> Problem {
    Problem::new(
        Reason::Unavailable,
        format!(
            "{} cannot be written: {error}",
            quoted(&path.to_string_lossy())
        ),
        "check that the directory exists, that it can be written to, and that the disk is not full",
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn file(name: &'static str, executable: bool) -> File {
        File {
            name,
            contents: format!("{name}\n"),
            executable,
        }
    }

    #[test]
    fn files_are_written_with_their_modes_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &[file("a", false), file("b", true)]).unwrap();
        let mut names: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(fs::read_to_string(dir.path().join("b")).unwrap(), "b\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |name| {
                fs::metadata(dir.path().join(name))
                    .unwrap()
                    .permissions()
                    .mode()
            };
            assert_eq!(mode("a") & 0o111, 0);
            assert_eq!(mode("b") & 0o100, 0o100);
        }
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/full")).unwrap();
        let problem = write(dir.path(), &[file("a", false), file("b", false)]).unwrap_err();
        assert_eq!(problem.reason, Reason::Unavailable);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_directory_that_is_none_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(check("").unwrap_err().reason, Reason::Invalid);
        assert_eq!(check("compiled").unwrap_err().reason, Reason::Invalid);
        assert_eq!(
            check(file.to_str().unwrap()).unwrap_err().reason,
            Reason::Invalid
        );
        let missing = dir.path().join("missing");
        assert_eq!(
            check(missing.to_str().unwrap()).unwrap_err().reason,
            Reason::Unavailable
        );
        assert!(check(dir.path().to_str().unwrap()).is_ok());
    }
}
