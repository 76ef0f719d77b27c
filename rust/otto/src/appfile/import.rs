//! One file after the other: the Appfile, and what it imports.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use otto_plugin::bindings::appfile::{Dependency, Import};
use sha2::{Digest, Sha256};

use super::Written;
use super::blocks::Said;
use super::error::AppfileError;
use super::fault::{Fault, FaultKind, Found};
use super::file::{FILE_NAME, Text};
use super::mark::Mark;
use super::merge;
use super::quoted::quoted;
use super::reader::Reader;
use super::source::Source;

/// How many files are read for one Appfile, itself included.
const MOST: usize = 100;

const LOCAL: &str = "write the path of an Appfile, or of the directory that it is in";

/// Reads the Appfile of a directory. Without one, nothing is written.
pub(super) fn read(directory: &Path) -> Result<Written, AppfileError> {
    let path = directory.join(FILE_NAME);
    let Some(shown) = path.to_str() else {
        return Err(AppfileError::Path { path });
    };
    let mut importing = Importing {
        directory,
        found: Found::default(),
        open: Vec::new(),
        count: 0,
        digest: Sha256::new(),
    };
    let mut said = match Text::read(&path)? {
        Some(text) => importing.file(&text),
        None => Said::default(),
    };
    said.appfile.path = shown.to_owned();
    if let Some(error) = AppfileError::of(&path, importing.found) {
        return Err(error);
    }
    let mut digest = String::new();
    for byte in importing.digest.finalize() {
        // Writing to a text does not fail.
        let _ = write!(digest, "{byte:02x}");
    }
    Ok(Written {
        appfile: said.appfile,
        marks: said.marks,
        digest,
    })
}

struct Importing<'a> {
    /// The directory of the Appfile that imports all the others.
    directory: &'a Path,
    found: Found,
    /// The files that are being read, links resolved: the last one is imported by the one before.
    open: Vec<PathBuf>,
    count: usize,
    digest: Sha256,
}

impl Importing<'_> {
    /// Reads a file, and puts what it imports below what it says itself.
    fn file(&mut self, text: &Text) -> Said {
        self.count += 1;
        self.digest.update((text.text.len() as u64).to_le_bytes());
        self.digest.update(&text.text);
        let body = match text.parse() {
            Ok(body) => body,
            Err(fault) => {
                self.found.add(*fault);
                return Said::default();
            }
        };
        let mut reader = Reader {
            file: text,
            found: &mut self.found,
        };
        let mut said = reader.appfile(&body);
        let directory = text.path.parent().unwrap_or(self.directory);
        if directory != self.directory {
            self.rebase(&mut said, directory);
        }
        self.open.push(resolved(&text.path));
        let mut marks = std::mem::take(&mut said.imports);
        for Import { source } in said.appfile.imports.clone() {
            if let Some(mark) = marks.remove(&source) {
                self.take_in(&mut said, source, mark, directory);
            }
        }
        self.open.pop();
        said
    }

    /// Puts what a file imports below what it says itself.
    fn take_in(&mut self, said: &mut Said, source: String, mark: Mark, directory: &Path) {
        match self.import(&source, directory) {
            Ok(imported) => {
                let marks = std::mem::take(&mut said.marks);
                said.marks = merge::marks(marks, imported.marks, &said.appfile);
                let appfile = std::mem::take(&mut said.appfile);
                said.appfile = merge::under(appfile, imported.appfile);
            }
            Err((reason, help)) => self.found.add(Fault {
                kind: FaultKind::Import {
                    source_text: source,
                    reason,
                    help,
                },
                mark: Some(mark),
                first: None,
            }),
        }
    }

    /// Has the dependencies of an imported file mean the same from where the Appfile is.
    fn rebase(&self, said: &mut Said, directory: &Path) {
        for Dependency { source } in &mut said.appfile.application.dependencies {
            let Source::Local(path) = Source::new(source, directory) else {
                continue;
            };
            // The Appfile's own path is UTF-8, and so is what is joined to it.
            let Some(path) = path.to_str() else {
                continue;
            };
            let mark = said.marks.dependencies.remove(source);
            *source = path.to_owned();
            if let Some(mark) = mark {
                said.marks.dependencies.insert(source.clone(), mark);
            }
        }
    }

    /// Reads what is imported. The error is a reason, and what to do.
    fn import(&mut self, source: &str, directory: &Path) -> Result<Said, (String, &'static str)> {
        let Source::Local(mut path) = Source::new(source, directory) else {
            let reason = "only files of this machine can be imported";
            return Err((reason.into(), LOCAL));
        };
        if path.is_dir() {
            path.push(FILE_NAME);
        }
        let shown = || quoted(&path.to_string_lossy());
        let resolved = resolved(&path);
        if let Some(start) = self.open.iter().position(|open| *open == resolved) {
            let cycle = self.open.iter().skip(start).chain([&resolved]);
            let names: Vec<_> = cycle.map(|path| quoted(&path.to_string_lossy())).collect();
            return Err((
                format!("it imports itself: {}", names.join(", which imports ")),
                "remove one of these imports",
            ));
        }
        if self.count >= MOST {
            return Err((
                format!("{MOST} files were read for this Appfile already"),
                "import fewer files",
            ));
        }
        let text = match Text::read(&path) {
            Ok(Some(text)) => text,
            Ok(None) => return Err((format!("there is no file {}", shown()), LOCAL)),
            Err(AppfileError::Unreadable { source, .. }) => {
                return Err((
                    format!("{} cannot be read: {source}", shown()),
                    "make the file readable",
                ));
            }
            Err(error) => {
                let help = "an Appfile is a file of at most 1 MiB, in UTF-8";
                return Err((error.to_string(), help));
            }
        };
        Ok(self.file(&text))
    }
}

/// A path by which a file is known again. One that leads nowhere is known by itself.
fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
