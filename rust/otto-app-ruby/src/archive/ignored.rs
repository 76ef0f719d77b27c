//! What is left out of an archive.

use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::problem::{Place, Problem, quoted};
use crate::source::Source;

/// The names of the files that say so, the one that decides first.
const NAMES: [&str; 2] = [".ottoignore", ".gitignore"];

/// What belongs to a tool and not to the application, wherever it lies.
const NEVER: [&str; 2] = [".git", ".otto"];

/// Whether nobody can ask for a file of this name.
pub(super) fn is_never_packed(name: &Path) -> bool {
    NEVER.iter().any(|never| name == Path::new(never))
}

/// The rules of one directory, for what lies in it and below it.
pub(super) struct Rules {
    /// The number of names in the path of the directory.
    depth: usize,
    /// In the order of [`NAMES`].
    files: [Option<Gitignore>; NAMES.len()],
}

impl Rules {
    /// Reads the rules of `directory`, which is relative to `source`.
    pub(super) fn read(source: &Source, directory: &str) -> Result<Self, Problem> {
        let mut files = [const { None }; NAMES.len()];
        for (name, rules) in NAMES.iter().zip(&mut files) {
            let path = match directory {
                "" => (*name).to_owned(),
                _ => format!("{directory}/{name}"),
            };
            if let Some(text) = source.read(&path)? {
                *rules = Some(parse(&path, &text)?);
            }
        }
        Ok(Self {
            depth: Path::new(directory).components().count(),
            files,
        })
    }
}

/// Whether rules leave a file out. `rules` are those of the directories above it, the outermost
/// first; the innermost decides, and `.ottoignore` before `.gitignore`.
pub(super) fn is_ignored(rules: &[Rules], path: &Path, is_directory: bool) -> bool {
    for file in 0..NAMES.len() {
        for rules in rules.iter().rev() {
            let Some(matcher) = &rules.files[file] else {
                continue;
            };
            let below: PathBuf = path.components().skip(rules.depth).collect();
            let matched = matcher.matched(&below, is_directory);
            if !matched.is_none() {
                return matched.is_ignore();
            }
        }
    }
    false
}

fn parse(path: &str, text: &str) -> Result<Gitignore, Problem> {
    // The paths that it is asked about are relative to its own directory.
    let mut builder = GitignoreBuilder::new(".");
    for (line, number) in text.lines().zip(1..) {
        if let Err(error) = builder.add_line(None, line) {
            return Err(makes_no_sense(path, line, number, &error));
        }
    }
    builder
        .build()
        .map_err(|error| makes_no_sense(path, path, 0, &error))
}

/// A rule that is passed over might leave a secret in.
fn makes_no_sense(path: &str, what: &str, line: u32, error: &ignore::Error) -> Problem {
    let reason = match error {
        ignore::Error::Glob { err, .. } => err.clone(),
        other => other.to_string(),
    };
    Problem::invalid(
        format!("the pattern {} makes no sense: {reason}", quoted(what)),
        "correct it: the patterns are those of Git, where `\\` takes the meaning from a character",
    )
    .at(Place::new(path, line))
}
