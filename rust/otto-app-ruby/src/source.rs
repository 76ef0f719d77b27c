//! The application's directory, as a stranger's: nothing outside of it is read, whatever a link or
//! a file in it says, and no more of a file than a person would write.

use std::io::{self, Read};
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::problem::{Place, Problem, Reason, quoted};

/// No file that is read here is larger than this, in bytes.
pub(crate) const SIZE_LIMIT: u64 = 1 << 20;

/// No more names than these are looked at in the application's directory.
const NAMES_LIMIT: usize = 10_000;

/// The directory of an application.
#[derive(Debug)]
pub(crate) struct Source {
    dir: Dir,
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self, Problem> {
        let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(|error| {
            Problem::new(
                Reason::Unavailable,
                format!(
                    "the application's directory {} cannot be opened: {error}",
                    quoted(&path.to_string_lossy())
                ),
                "check that the directory of the Appfile exists and can be read",
            )
        })?;
        Ok(Self { dir })
    }

    /// Whether there is a regular file of this name.
    pub(crate) fn contains(&self, name: &str) -> Result<bool, Problem> {
        match self.dir.metadata(name) {
            Ok(metadata) => Ok(metadata.is_file()),
            Err(error) if is_absence(&error) => Ok(false),
            Err(error) => Err(cannot_read(name, &error)),
        }
    }

    /// The text of a file, or `None` if there is no such file.
    pub(crate) fn read(&self, name: &str) -> Result<Option<String>, Problem> {
        match self.dir.metadata(name) {
            // Opening a pipe would wait for its writer.
            Ok(metadata) if !metadata.is_file() => {
                return Err(Problem::invalid(
                    format!("{} is not a regular file", quoted(name)),
                    "put a file in its place, or remove it",
                )
                .at(Place::new(name, 0)));
            }
            Ok(metadata) => check_size(name, metadata.len())?,
            Err(error) if is_absence(&error) => return Ok(None),
            Err(error) => return Err(cannot_read(name, &error)),
        }
        let mut bytes = Vec::new();
        self.dir
            .open(name)
            .and_then(|file| file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes))
            .map_err(|error| cannot_read(name, &error))?;
        text(name, bytes).map(Some)
    }

    /// The names of the Ruby files in the directory itself, sorted.
    pub(crate) fn scripts(&self) -> Result<Vec<String>, Problem> {
        let entries = self
            .dir
            .entries()
            .map_err(|error| cannot_read(".", &error))?;
        let mut names = Vec::new();
        for entry in entries.take(NAMES_LIMIT) {
            let entry = entry.map_err(|error| cannot_read(".", &error))?;
            if let Ok(name) = entry.file_name().into_string()
                && name.ends_with(".rb")
                // A link that leads out is nobody's business until somebody asks for it.
                && self.contains(&name).unwrap_or(false)
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }
}

/// What was read, if it is text of a bearable size. A byte order mark is left out.
pub(crate) fn text(name: &str, bytes: Vec<u8>) -> Result<String, Problem> {
    check_size(name, bytes.len() as u64)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        }),
        Err(error) => {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
            Err(
                Problem::invalid(format!("{} is not UTF-8", quoted(name)), "save it as UTF-8")
                    .at(Place::new(name, line as u32)),
            )
        }
    }
}

fn check_size(name: &str, size: u64) -> Result<(), Problem> {
    if size <= SIZE_LIMIT {
        return Ok(());
    }
    Err(Problem::new(
        Reason::LimitExceeded,
        format!(
            "{} has {size} bytes, and the limit for a file is {SIZE_LIMIT}",
            quoted(name)
        ),
        "check that it is the file it is named after",
    )
    .at(Place::new(name, 0)))
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn cannot_read(name: &str, error: &io::Error) -> Problem {
    // What leads out of the directory is refused before the system is asked, so it has no number.
    let leads_out =
        error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none();
    if leads_out {
        return Problem::new(
            Reason::Denied,
            format!(
                "{} leads out of the application's directory",
                quoted(name)
            ),
            "put a copy of the file into the application's directory: nothing outside of it is read",
        )
        .at(Place::new(name, 0));
    }
    Problem::new(
        Reason::Unavailable,
        format!("{} cannot be read: {error}", quoted(name)),
        "check the permissions of the file",
    )
    .at(Place::new(name, 0))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    fn application(files: &[(&str, &[u8])]) -> (TempDir, Source) {
        let dir = tempfile::tempdir().unwrap();
        for (name, contents) in files {
            fs::write(dir.path().join(name), contents).unwrap();
        }
        let source = Source::open(dir.path()).unwrap();
        (dir, source)
    }

    #[test]
    fn a_missing_file_is_nothing_and_a_mark_at_the_start_is_left_out() {
        let (_dir, source) = application(&[("Gemfile", b"\xef\xbb\xbfgem 'a'")]);
        assert_eq!(source.read("config.ru").unwrap(), None);
        assert_eq!(source.read("Gemfile/x").unwrap(), None);
        assert_eq!(source.read("Gemfile").unwrap().unwrap(), "gem 'a'");
    }

    #[test]
    fn a_file_that_is_not_utf8_is_refused_with_its_line() {
        let (_dir, source) = application(&[("Gemfile", b"# fine\n# \xff\n")]);
        let problem = source.read("Gemfile").unwrap_err();
        assert_eq!(problem.reason, Reason::Invalid);
        assert_eq!(problem.place, Some(Place::new("Gemfile", 2)));
    }

    #[test]
    fn a_file_above_the_limit_is_refused() {
        let at_limit = vec![b'#'; SIZE_LIMIT as usize];
        let above = vec![b'#'; SIZE_LIMIT as usize + 1];
        let (_dir, source) = application(&[("Gemfile", &at_limit), ("app.rb", &above)]);
        assert!(source.read("Gemfile").is_ok());
        let problem = source.read("app.rb").unwrap_err();
        assert_eq!(problem.reason, Reason::LimitExceeded);
    }

    #[test]
    fn scripts_are_the_ruby_files_sorted() {
        let (dir, source) = application(&[("b.rb", b""), ("a.rb", b""), ("c.py", b"")]);
        fs::create_dir(dir.path().join("lib.rb")).unwrap();
        assert_eq!(source.scripts().unwrap(), ["a.rb", "b.rb"]);
    }

    #[test]
    fn a_directory_in_the_place_of_a_file_is_refused() {
        let (dir, source) = application(&[]);
        fs::create_dir(dir.path().join("Gemfile")).unwrap();
        assert_eq!(source.read("Gemfile").unwrap_err().reason, Reason::Invalid);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_out_is_refused_and_one_that_stays_inside_is_followed() {
        use std::os::unix::fs::symlink;

        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "3.3.6").unwrap();
        let (dir, source) = application(&[("versions", b"3.3.6")]);
        symlink("versions", dir.path().join("inside")).unwrap();
        symlink(outside.path().join("secret"), dir.path().join("absolute")).unwrap();
        symlink("../../../../etc/hostname", dir.path().join("relative")).unwrap();
        symlink(outside.path(), dir.path().join("folder")).unwrap();

        assert_eq!(source.read("inside").unwrap().unwrap(), "3.3.6");
        for name in [
            "absolute",
            "relative",
            "folder/secret",
            "../x",
            "/etc/hostname",
        ] {
            let problem = source.read(name).unwrap_err();
            assert_eq!(problem.reason, Reason::Denied, "{name}");
        }
    }
}
