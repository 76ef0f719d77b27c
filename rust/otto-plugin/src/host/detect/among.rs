//! Telling the kind of an application by the detectors of several plugins.

use std::cmp::Reverse;
use std::path::Path;

use super::files::Files;
use super::{DetectError, Detector};
use crate::host::discovery::{Because, Contender, because};

/// What the detectors of several plugins say of an application.
#[derive(Debug)]
#[non_exhaustive]
pub struct Detection<'a, T> {
    /// The detector that counts. None if none matches.
    pub detected: Option<Detected<'a, T>>,
    /// The others that match, the next best first.
    pub passed: Vec<Undetected<'a, T>>,
    /// The plugins with a pattern that makes no sense, once for each such detector, which matches
    /// nothing. The others are not affected.
    pub problems: Vec<(T, DetectError)>,
}

/// A detector that matches.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Detected<'a, T> {
    /// The plugin that it is of.
    pub plugin: T,
    /// The detector. What it recognises is its `type`.
    pub detector: &'a Detector,
}

/// A detector that matches, and does not count.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Undetected<'a, T> {
    /// The plugin that it is of.
    pub plugin: T,
    /// The detector.
    pub detector: &'a Detector,
    /// What the one that counts has before it.
    pub because: Because,
}

/// Finds the detector which matches the application in `directory` and comes first: by priority, the
/// highest first, then by the directory of its plugin, the later first, then by the name of its plugin,
/// the one later in the alphabet first, and then in the order of its plugin's `Meta`.
///
/// All of them are tried, so that what else matches is known. It blocks the thread: it reads the
/// directory, and files of at most 1 MiB. An error is one of the directory.
pub fn detect_among<'a, T: Copy>(
    directory: &Path,
    contenders: &[Contender<'a, T>],
) -> Result<Detection<'a, T>, DetectError> {
    let files = Files::of(directory)?;
    let (mut matching, mut problems) = (Vec::new(), Vec::new());
    for contender in contenders {
        for detector in &contender.meta.detectors {
            match files.match_detector(detector) {
                Ok(true) => matching.push((contender, detector)),
                Ok(false) => {}
                Err(error) => problems.push((contender.plugin, error)),
            }
        }
    }
    // The sort is stable: it keeps the order of each `Meta`.
    matching.sort_by_key(|(contender, detector)| {
        Reverse((detector.priority, contender.position, contender.name))
    });
    let Some(((winner, first), others)) = matching.split_first() else {
        return Ok(Detection {
            detected: None,
            passed: Vec::new(),
            problems,
        });
    };
    let passed = others.iter().map(|(other, detector)| Undetected {
        plugin: other.plugin,
        detector,
        because: if detector.priority < first.priority {
            Because::Priority
        } else if std::ptr::eq(*other, *winner) {
            Because::LaterDetector
        } else {
            because(winner, other)
        },
    });
    Ok(Detection {
        passed: passed.collect(),
        detected: Some(Detected {
            plugin: winner.plugin,
            detector: first,
        }),
        problems,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::bindings::app::Meta;
    use crate::host::PluginName;

    fn detector(kind: &str, file: &str, priority: i32) -> Detector {
        Detector {
            r#type: kind.into(),
            file: vec![file.into()],
            priority,
            ..Detector::default()
        }
    }

    /// A plugin: its name, the position of its directory, and its detectors.
    type Plugin = (PluginName, usize, Meta);

    fn plugin(name: &str, position: usize, detectors: &[Detector]) -> Plugin {
        let meta = Meta {
            detectors: detectors.into(),
            ..Meta::default()
        };
        (format!("otto-app-{name}").parse().unwrap(), position, meta)
    }

    fn contenders(plugins: &[Plugin]) -> Vec<Contender<'_, &str>> {
        let plugins = plugins.iter();
        plugins
            .map(|(name, position, meta)| Contender {
                plugin: name.name(),
                name,
                position: *position,
                meta,
            })
            .collect()
    }

    /// What else matches, and why it does not count.
    fn passed(detection: &Detection<'_, &str>) -> Vec<(String, Because)> {
        let passed = detection.passed.iter();
        passed
            .map(|it| (it.detector.r#type.clone(), it.because))
            .collect()
    }

    fn application() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("Gemfile"), "").unwrap();
        directory
    }

    #[test]
    fn priority_decides_then_directory_then_name_then_the_order_in_the_meta() {
        let directory = application();
        let plugins = [
            plugin("z", 0, &[detector("high", "Gemfile", 7)]),
            plugin("y", 0, &[detector("earlier directory", "Gemfile", 0)]),
            plugin(
                "b",
                1,
                &[
                    detector("no match", "composer.json", 9),
                    detector("first", "Gemfile", 0),
                    detector("second", "Gem*", 0),
                ],
            ),
            plugin("a", 1, &[detector("earlier name", "Gemfile", 0)]),
        ];
        let all = contenders(&plugins);
        let detection = detect_among(directory.path(), &all).unwrap();
        let detected = detection.detected.unwrap();
        assert_eq!(
            (detected.plugin, detected.detector.r#type.as_str()),
            ("z", "high")
        );
        let expected = ["first", "second", "earlier name", "earlier directory"];
        assert_eq!(
            passed(&detection),
            expected.map(|kind| (kind.to_owned(), Because::Priority))
        );

        let detection = detect_among(directory.path(), &all[1..]).unwrap();
        let detected = detection.detected.unwrap();
        assert_eq!(
            (detected.plugin, detected.detector.r#type.as_str()),
            ("b", "first")
        );
        let expected = [
            ("second".to_owned(), Because::LaterDetector),
            ("earlier name".to_owned(), Because::EarlierName),
            ("earlier directory".to_owned(), Because::EarlierDirectory),
        ];
        assert_eq!(passed(&detection), expected);
    }

    #[test]
    fn a_bad_pattern_is_the_problem_of_its_plugin_alone() {
        let directory = application();
        let plugins = [
            plugin(
                "bad",
                1,
                &[detector("bad", "[", 9), detector("good", "Gemfile", 1)],
            ),
            plugin("other", 0, &[detector("ruby", "Gemfile", 5)]),
        ];
        let detection = detect_among(directory.path(), &contenders(&plugins)).unwrap();
        assert_eq!(detection.detected.unwrap().plugin, "other");
        assert_eq!(detection.passed[0].detector.r#type, "good");
        let [(plugin, error)] = &detection.problems[..] else {
            panic!("{:?}", detection.problems);
        };
        assert_eq!(*plugin, "bad");
        assert!(error.to_string().contains("\"[\""), "{error}");
    }

    #[test]
    fn nothing_is_detected_where_nothing_matches() {
        let directory = application();
        let plugins = [plugin("x", 0, &[detector("php", "composer.json", 0)])];
        let detection = detect_among(directory.path(), &contenders(&plugins)).unwrap();
        assert!(detection.detected.is_none() && detection.passed.is_empty());
        let missing = directory.path().join("missing");
        let error = detect_among(&missing, &contenders(&plugins)).unwrap_err();
        assert!(matches!(error, DetectError::Directory { .. }), "{error}");
    }
}
