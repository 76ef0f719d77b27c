//! Telling the kind of an application by its files.

mod among;
mod files;

use std::cmp::Reverse;
use std::io;
use std::path::{Path, PathBuf};

use files::Files;

use crate::bindings::app::Detector;

pub use among::{Detected, Detection, Undetected, detect_among};

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
/// They are those of one plugin; [`detect_among`] tries those of several. They are tried by priority, the highest first, and among equals in the order given. The result
/// is none if no detector matches. A file that cannot be read matches no content pattern.
pub fn detect<'a>(
    directory: &Path,
    detectors: &'a [Detector],
) -> Result<Option<&'a Detector>, DetectError> {
    let files = Files::of(directory)?;
    let mut sorted: Vec<_> = detectors.iter().collect();
    sorted.sort_by_key(|detector| Reverse(detector.priority));
    for detector in sorted {
        if files.match_detector(detector)? {
            return Ok(Some(detector));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::bindings::app::ContentPattern;

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
