//! Reads the lock file of Bundler: which gems an application runs with, and in which versions.
//!
//! The file is Bundler's own, so what it does not know is ignored, as Bundler itself does with the
//! sections of newer ones; but what it cannot have written is an error.

use std::collections::{BTreeMap, BTreeSet};

use crate::conflict;
use crate::problem::{Place, Problem, quoted};

/// What a lock file says, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Lock {
    /// The version of each gem, direct and indirect.
    pub(crate) gems: BTreeMap<String, String>,
    /// The gems that the Gemfile asks for.
    pub(crate) dependencies: BTreeSet<String>,
    /// What the gems were chosen for, and where that stands.
    pub(crate) platforms: Vec<String>,
    pub(crate) platforms_place: Option<Place>,
    /// The line below `RUBY VERSION`.
    pub(crate) ruby: Option<(String, Place)>,
    /// Whether a gem comes from a directory of the application.
    pub(crate) has_paths: bool,
    /// Whether a gem comes from a Git repository.
    pub(crate) has_git: bool,
}

const HELP: &str = "run `bundle lock` to write it anew, and commit it";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Section {
    /// `GEM`, `GIT`, `PATH`, `PLUGIN SOURCE`: where gems come from.
    Source,
    Platforms,
    Dependencies,
    Ruby,
    /// `BUNDLED WITH`, `CHECKSUMS`, and what a newer Bundler may write.
    Other,
}

/// Reads the text of a lock file. `file` is its path, for errors.
pub(crate) fn read(text: &str, file: &str) -> Result<Lock, Problem> {
    conflict::check(
        text,
        file,
        "merge the Gemfile, take one side of the lock file, and run `bundle lock`",
    )?;
    let mut lock = Lock::default();
    let mut section = None;
    for (line, number) in text.lines().zip(1..) {
        let place = || Place::new(file, number);
        let line = line.trim_end();
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        if content.is_empty() {
            continue;
        }
        if indent == 0 {
            section = Some(lock.begin(content, place)?);
            continue;
        }
        match section {
            None => return Err(unexpected(content, place())),
            Some(Section::Source) => lock.source_line(content, indent, place)?,
            Some(Section::Platforms) => lock.platforms.push(content.to_owned()),
            Some(Section::Dependencies) => {
                let (name, _) = name_and_rest(content);
                lock.dependencies
                    .insert(name.trim_end_matches('!').to_owned());
            }
            Some(Section::Ruby) => lock.ruby = Some((content.to_owned(), place())),
            Some(Section::Other) => {}
        }
    }
    Ok(lock)
}

impl Lock {
    fn begin(&mut self, title: &str, place: impl Fn() -> Place) -> Result<Section, Problem> {
        // A title is in capitals, whatever it is.
        if !title.chars().all(|c| c.is_ascii_uppercase() || c == ' ') {
            return Err(unexpected(title, place()));
        }
        Ok(match title {
            "GEM" | "PLUGIN SOURCE" => Section::Source,
            "GIT" => {
                self.has_git = true;
                Section::Source
            }
            "PATH" => {
                self.has_paths = true;
                Section::Source
            }
            "PLATFORMS" => {
                self.platforms_place = Some(place());
                Section::Platforms
            }
            "DEPENDENCIES" => Section::Dependencies,
            "RUBY VERSION" => Section::Ruby,
            _ => Section::Other,
        })
    }

    /// An option of a source, a gem, or what a gem depends on, told apart by how far they are
    /// indented.
    fn source_line(
        &mut self,
        content: &str,
        indent: usize,
        place: impl Fn() -> Place,
    ) -> Result<(), Problem> {
        match indent {
            2 if content.contains(':') => Ok(()),
            4 => {
                let (name, rest) = name_and_rest(content);
                let version = rest
                    .strip_prefix('(')
                    .and_then(|rest| rest.strip_suffix(')'))
                    // What follows a dash is the platform that it was built for.
                    .map(|version| version.split('-').next().unwrap_or(version))
                    .filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
                let Some(version) = version else {
                    return Err(unexpected(content, place()));
                };
                self.gems
                    .entry(name.to_owned())
                    .or_insert_with(|| version.to_owned());
                Ok(())
            }
            6 => Ok(()),
            _ => Err(unexpected(content, place())),
        }
    }
}

fn name_and_rest(content: &str) -> (&str, &str) {
    content.split_once(' ').unwrap_or((content, ""))
}

fn unexpected(content: &str, place: Place) -> Problem {
    Problem::invalid(
        format!("{} is nothing that Bundler writes there", quoted(content)),
        HELP,
    )
    .at(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = "\
GIT
  remote: https://example.org/shop.git
  revision: 0123456789abcdef
  branch: main
  specs:
    shop (1.0.0)
      rack (>= 2)

PATH
  remote: engines/billing
  specs:
    billing (0.1.0)

GEM
  remote: https://gems.example.org/
  specs:
    nokogiri (1.16.0)
      racc (~> 1.4)
    nokogiri (1.16.0-x86_64-linux)
      racc (~> 1.4)
    pg (1.5.9)
    racc (1.8.1)
    rack (3.1.8)
    tilt (2.4.0.pre.1)

PLATFORMS
  ruby
  x86_64-linux

DEPENDENCIES
  billing!
  nokogiri
  pg (~> 1.1)
  shop!

CHECKSUMS
  pg (1.5.9) sha256=761efbdf73b66516f0c26fcbe6515dc7500c3f0aa1a1b853feae245433c64fdc

RUBY VERSION
   ruby 3.3.6p108

BUNDLED WITH
   2.5.22
";

    #[test]
    fn all_sections_are_read() {
        let lock = read(FULL, "Gemfile.lock").unwrap();
        let gems: Vec<_> = lock.gems.iter().map(|(n, v)| format!("{n} {v}")).collect();
        assert_eq!(
            gems,
            [
                "billing 0.1.0",
                "nokogiri 1.16.0",
                "pg 1.5.9",
                "racc 1.8.1",
                "rack 3.1.8",
                "shop 1.0.0",
                "tilt 2.4.0.pre.1",
            ]
        );
        let dependencies: Vec<_> = lock.dependencies.iter().collect();
        assert_eq!(dependencies, ["billing", "nokogiri", "pg", "shop"]);
        assert_eq!(lock.platforms, ["ruby", "x86_64-linux"]);
        assert_eq!(lock.platforms_place, Some(Place::new("Gemfile.lock", 26)));
        let ruby = ("ruby 3.3.6p108".to_owned(), Place::new("Gemfile.lock", 40));
        assert_eq!(lock.ruby, Some(ruby));
        assert!(lock.has_git);
        assert!(lock.has_paths);
        let windows = FULL.replace('\n', "\r\n");
        assert_eq!(read(&windows, "Gemfile.lock").unwrap(), lock);
    }

    #[test]
    fn an_empty_file_says_nothing() {
        assert_eq!(read("", "Gemfile.lock").unwrap(), Lock::default());
    }

    #[test]
    fn a_merge_conflict_is_an_error_with_its_line() {
        let text = FULL.replace(
            "    pg (1.5.9)\n",
            "<<<<<<< HEAD\n    pg (1.5.9)\n=======\n    pg (1.5.8)\n>>>>>>> other\n",
        );
        let problem = read(&text, "Gemfile.lock").unwrap_err();
        assert_eq!(problem.place, Some(Place::new("Gemfile.lock", 21)));
        assert_eq!(problem.message, "`Gemfile.lock` has a merge conflict");
        assert!(problem.help.contains("bundle lock"));
    }

    #[test]
    fn what_bundler_cannot_have_written_is_an_error_with_its_line() {
        for (text, line) in [
            ("gem 'a'\n", 1),
            ("  rack (3.1.8)\n", 1),
            ("GEM\n  specs:\n    rack\n", 3),
            ("GEM\n  specs:\n    rack (= x)\n", 3),
            ("GEM\n  specs:\n rack (3.1.8)\n", 3),
            ("{\"gems\": []}\n", 1),
            ("=======\n", 1),
        ] {
            let problem = read(text, "Gemfile.lock").unwrap_err();
            assert_eq!(
                problem.place,
                Some(Place::new("Gemfile.lock", line)),
                "{text}"
            );
        }
    }

    #[test]
    fn every_cut_of_a_lock_file_is_read_or_refused() {
        for end in 0..FULL.len() {
            let _ = read(&FULL[..end], "Gemfile.lock");
            let _ = read(&FULL[end..], "Gemfile.lock");
        }
    }
}
