//! The files of an application, as far as detectors look at them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use regex::bytes::Regex;

use super::DetectError;
use crate::bindings::app::{ContentPattern, Detector};

/// A file above this size is not looked into, in bytes.
const LARGEST: u64 = 1 << 20;

/// The files of an application.
pub(super) struct Files<'a> {
    directory: &'a Path,
    /// Those of the directory itself.
    names: Vec<PathBuf>,
}

impl<'a> Files<'a> {
    pub(super) fn of(directory: &'a Path) -> Result<Self, DetectError> {
        let names = names(directory).map_err(|source| DetectError::Directory {
            path: directory.into(),
            source,
        })?;
        Ok(Self { directory, names })
    }

    /// Whether a detector recognises the application. The error is a pattern that is none.
    pub(super) fn match_detector(&self, detector: &Detector) -> Result<bool, DetectError> {
        let Self { directory, names } = self;
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
