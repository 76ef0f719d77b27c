//! Telling the kind of an application by its files.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use regex::bytes::Regex;

use crate::bindings::app::{ContentPattern, Detector};

/// A file above this size is not looked into, in bytes.
const LARGEST: u64 = 1 << 20;

/// A detection that could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DetectError {
    /// The directory of the application cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A detector's glob or regular expression makes no sense. The plugin is at fault.
    #[error("the detector for {kind:?} has the pattern {pattern:?}, which is none: {reason}")]
    Pattern {
        /// What the detector recognises.
        kind: String,
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Finds the first of `detectors` that matches the application in `directory`.
///
/// They are tried by priority, the highest first, and among equals in the order given. The result
/// is none if no detector matches. A file that cannot be read matches no content pattern.
pub fn detect<'a>(
    directory: &Path,
    detectors: &'a [Detector],
) -> Result<Option<&'a Detector>, DetectError> {
    let names = names(directory).map_err(|source| DetectError::Directory {
        path: directory.into(),
        source,
    })?;
    let mut sorted: Vec<_> = detectors.iter().collect();
    sorted.sort_by_key(|detector| std::cmp::Reverse(detector.priority));
    for detector in sorted {
        if matches(directory, &names, detector)? {
            return Ok(Some(detector));
        }
    }
    Ok(None)
}

fn names(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        // A link counts as what it leads to.
        if entry.path().is_file() {
            names.push(entry.file_name().into());
        }
    }
    Ok(names)
}

fn matches(directory: &Path, names: &[PathBuf], detector: &Detector) -> Result<bool, DetectError> {
    for pattern in &detector.file {
        let glob = glob(pattern).map_err(|reason| wrong(detector, pattern, reason))?;
        if names.iter().any(|name| glob.is_match(name)) {
            return Ok(true);
        }
    }
    for ContentPattern { file, pattern } in &detector.contents {
        let regex =
            Regex::new(pattern).map_err(|error| wrong(detector, pattern, error.to_string()))?;
        if let Some(contents) = contents(directory, file)
            && regex.is_match(&contents)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn glob(pattern: &str) -> Result<GlobMatcher, String> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher())
        .map_err(|error| error.kind().to_string())
}

fn wrong(detector: &Detector, pattern: &str, reason: String) -> DetectError {
    DetectError::Pattern {
        kind: detector.r#type.clone(),
        pattern: pattern.into(),
        reason,
    }
}

/// Reads a file of the application's, unless it is too large, or outside of the directory.
fn contents(directory: &Path, file: &str) -> Option<Vec<u8>> {
    let relative = Path::new(file);
    if !relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return None;
    }
    let path = directory.join(relative).canonicalize().ok()?;
    if !path.starts_with(directory.canonicalize().ok()?) || !path.is_file() {
        return None;
    }
    let mut contents = Vec::new();
    File::open(path)
        .ok()?
        .take(LARGEST + 1)
        .read_to_end(&mut contents)
        .ok()?;
    (contents.len() as u64 <= LARGEST).then_some(contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detector(kind: &str, file: &[&str], contents: &[(&str, &str)], priority: i32) -> Detector {
        Detector {
            r#type: kind.into(),
            file: file.iter().map(|glob| (*glob).into()).collect(),
            contents: contents
                .iter()
                .map(|(file, pattern)| ContentPattern {
                    file: (*file).into(),
                    pattern: (*pattern).into(),
                })
                .collect(),
            priority,
        }
    }

    #[test]
    fn the_detector_of_the_highest_priority_wins_and_then_the_first() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("config")).unwrap();
        fs::write(directory.path().join("Gemfile"), "").unwrap();
        fs::write(
            directory.path().join("config/app.rb"),
            "class A < Rails::Application",
        )
        .unwrap();
        let all = [
            detector("ruby", &["Gemfile"], &[], 0),
            detector("other", &["Gem*"], &[], 0),
            detector(
                "rails",
                &[],
                &[("config/app.rb", r"Rails::Application\b")],
                10,
            ),
        ];
        let found = |detectors| detect(directory.path(), detectors).unwrap();
        assert_eq!(found(&all).unwrap().r#type, "rails");
        assert_eq!(found(&all[..2]).unwrap().r#type, "ruby");
        assert_eq!(found(&[]), None);
    }

    #[test]
    fn a_pattern_never_looks_outside_of_the_directory() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "found").unwrap();
        let directory = tempfile::tempdir_in(outside.path()).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), directory.path().join("link"))
            .unwrap();
        let absolute = outside.path().join("secret");
        for file in ["../secret", "link", absolute.to_str().unwrap()] {
            let all = [detector("x", &[], &[(file, "found")], 0)];
            assert_eq!(detect(directory.path(), &all).unwrap(), None, "{file}");
        }
    }

    #[test]
    fn a_pattern_that_is_none_is_an_error_that_shows_it() {
        let directory = tempfile::tempdir().unwrap();
        let all = [detector("x", &["["], &[], 0)];
        let error = detect(directory.path(), &all).unwrap_err().to_string();
        assert!(
            error.contains("\"[\"") && error.contains("\"x\""),
            "{error}"
        );
    }
}
