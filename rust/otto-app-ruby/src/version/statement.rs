//! What each kind of file says about Ruby.

use super::Requirement;
use crate::problem::{Place, Problem, Reason, quoted};

/// What somebody says about Ruby, and where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    pub(crate) authority: Authority,
    pub(crate) requirement: Requirement,
    /// As it was written.
    pub(crate) text: String,
    pub(crate) place: Place,
}

/// Who says it, the highest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Authority {
    /// A setting in the Appfile, which is there to overrule the rest.
    Setting,
    /// `.ruby-version`, which most version managers read.
    VersionFile,
    /// `.tool-versions`.
    ToolVersions,
    /// `ruby` in the Gemfile, which Bundler enforces.
    Gemfile,
    /// `RUBY VERSION` in the lock file, which Bundler writes and does not enforce.
    Lock,
}

const PIN_HELP: &str = "write a version such as 3.4.1 there, or set `ruby_version` in a `customization` of the Appfile";

/// Reads the setting `ruby_version`.
pub(crate) fn setting(text: &str, place: Place) -> Result<Statement, Problem> {
    version(Authority::Setting, text, place)
}

/// Reads `.ruby-version`: one version, in a line of its own. `None` if it leaves the choice to
/// the system.
pub(crate) fn version_file(text: &str, file: &str) -> Result<Option<Statement>, Problem> {
    let line = text
        .lines()
        .zip(1..)
        .map(|(line, number)| (uncommented(line), number))
        .find(|(line, _)| !line.is_empty());
    match line {
        None => Err(
            Problem::invalid(format!("{} names no version", quoted(file)), PIN_HELP)
                .at(Place::new(file, 0)),
        ),
        Some(("system", _)) => Ok(None),
        Some((line, number)) => {
            version(Authority::VersionFile, line, Place::new(file, number)).map(Some)
        }
    }
}

/// Reads `.tool-versions`: a line for each tool, with versions of which the first counts.
pub(crate) fn tool_versions(text: &str, file: &str) -> Result<Option<Statement>, Problem> {
    for (line, number) in text.lines().zip(1..) {
        let mut words = uncommented(line).split_whitespace();
        if words.next() != Some("ruby") {
            continue;
        }
        let place = Place::new(file, number);
        return match words.next() {
            None => Err(
                Problem::invalid(format!("{place} names no version of Ruby"), PIN_HELP).at(place),
            ),
            Some("system") => Ok(None),
            Some(word) => version(Authority::ToolVersions, word, place).map(Some),
        };
    }
    Ok(None)
}

/// Reads the requirements of `ruby` in a Gemfile.
pub(crate) fn gemfile(requirements: &[String], place: Place) -> Result<Statement, Problem> {
    let text = requirements.join(", ");
    match Requirement::from_clauses(requirements) {
        Some(requirement) => Ok(Statement {
            authority: Authority::Gemfile,
            requirement,
            text,
            place,
        }),
        None => Err(no_version(&text, place)),
    }
}

/// Reads the line below `RUBY VERSION`, such as `ruby 3.3.6p108`.
pub(crate) fn lock(text: &str, place: Place) -> Result<Statement, Problem> {
    let text = text.trim();
    // Another engine stands in parentheses after the version of the language.
    if let Some((_, engine)) = text.split_once('(') {
        return Err(other_engine(engine.trim_end_matches(')'), place));
    }
    match text
        .strip_prefix("ruby ")
        .and_then(Requirement::from_version)
    {
        Some(requirement) => Ok(Statement {
            authority: Authority::Lock,
            requirement,
            text: text.to_owned(),
            place,
        }),
        None => Err(no_version(text, place)),
    }
}

/// The error for a Ruby that is not the one of most people, such as JRuby.
pub(crate) fn other_engine(engine: &str, place: Place) -> Problem {
    Problem::new(
        Reason::Unsupported,
        format!("{place} asks for {}, which is not supported", quoted(engine)),
        "set `ruby_version` in a `customization` of the Appfile: only the standard Ruby is supported",
    )
    .at(place)
}

fn version(authority: Authority, text: &str, place: Place) -> Result<Statement, Problem> {
    const OTHERS: [&str; 7] = [
        "jruby",
        "truffleruby",
        "rbx",
        "rubinius",
        "mruby",
        "picoruby",
        "artichoke",
    ];
    if OTHERS.iter().any(|engine| text.starts_with(engine)) {
        return Err(other_engine(text, place));
    }
    let number = text.strip_prefix("ruby-").unwrap_or(text);
    // RVM names a set of gems after the version.
    let number = number.split('@').next().unwrap_or(number);
    match Requirement::from_version(number) {
        Some(requirement) => Ok(Statement {
            authority,
            requirement,
            text: text.to_owned(),
            place,
        }),
        None => Err(no_version(text, place)),
    }
}

fn no_version(text: &str, place: Place) -> Problem {
    Problem::invalid(
        format!(
            "{place} says {}, which is not a version of Ruby that can be pinned",
            quoted(text)
        ),
        PIN_HELP,
    )
    .at(place)
}

fn uncommented(line: &str) -> &str {
    line.split('#').next().unwrap_or(line).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(statement: Result<Option<Statement>, Problem>) -> (String, u32) {
        let statement = statement.unwrap().unwrap();
        let pin = statement.requirement.pick().unwrap();
        (pin.to_string(), statement.place.line)
    }

    #[test]
    fn a_version_file_is_read_as_the_version_managers_read_it() {
        let read = |text| version_file(text, ".ruby-version");
        assert_eq!(told(read("3.3.6\n")), ("3.3.6".into(), 1));
        assert_eq!(told(read("ruby-3.3.6\r\n")), ("3.3.6".into(), 1));
        assert_eq!(told(read("# pinned\n\n3.2.2 # why\n")), ("3.2.2".into(), 3));
        assert_eq!(told(read("ruby-2.7.1@shop\n")), ("2.7.1".into(), 1));
        assert_eq!(told(read("3.3")), ("3.3".into(), 1));
        assert_eq!(read("system\n"), Ok(None));
    }

    #[test]
    fn a_version_file_without_a_version_is_an_error_with_its_line() {
        let problem = version_file("\n3.3.6; rm -rf /\n", ".ruby-version").unwrap_err();
        assert_eq!(problem.place, Some(Place::new(".ruby-version", 2)));
        assert_eq!(
            problem.message,
            "`.ruby-version`, line 2 says `3.3.6; rm -rf /`, which is not a version of Ruby that can be pinned"
        );
        assert!(version_file("", ".ruby-version").is_err());
        assert!(version_file("latest", ".ruby-version").is_err());
    }

    #[test]
    fn another_engine_is_unsupported() {
        let problem = version_file("jruby-9.4.8.0\n", ".ruby-version").unwrap_err();
        assert_eq!(problem.reason, Reason::Unsupported);
        let place = Place::new("Gemfile.lock", 40);
        let problem = lock("ruby 3.1.4p0 (jruby 9.4.8.0)", place).unwrap_err();
        assert_eq!(problem.reason, Reason::Unsupported);
    }

    #[test]
    fn the_first_version_of_a_tool_counts() {
        let read = |text| tool_versions(text, ".tool-versions");
        let text = "nodejs 20.1.0\nruby 3.3.6 3.2.0 # ours\n";
        assert_eq!(told(read(text)), ("3.3.6".into(), 2));
        assert_eq!(read("nodejs 20.1.0\nrubyfmt 1\n"), Ok(None));
        assert_eq!(read("ruby system\n"), Ok(None));
        for text in [
            "ruby\n",
            "ruby latest\n",
            "ruby ref:master\n",
            "ruby path:/x\n",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_lock_file_carries_a_patch_level_that_is_left_out() {
        let place = Place::new("Gemfile.lock", 40);
        let statement = lock("   ruby 3.3.6p108", place.clone()).unwrap();
        assert_eq!(statement.requirement.pick().unwrap().to_string(), "3.3.6");
        let statement = lock("ruby 3.5.0.preview1", place).unwrap();
        assert_eq!(
            statement.requirement.pick().unwrap().to_string(),
            "3.5.0-preview1"
        );
    }
}
