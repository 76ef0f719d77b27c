//! Which Ruby an application runs on: what its files say, and what follows from it.
//!
//! [`statement`] reads what one file says, [`resolve`] makes one answer of it all.

mod requirement;
mod resolve;
mod statement;

use std::cmp::Ordering;
use std::fmt;

pub(crate) use requirement::Requirement;
pub(crate) use resolve::{Ruby, resolve};
pub(crate) use statement::{
    Authority, Statement, gemfile, lock, other_engine, setting, tool_versions, version_file,
};

/// The Ruby of an application that does not say which: a maintained one.
pub(crate) const DEFAULT: Pin = Pin::Line { major: 3, minor: 4 };

/// One release of Ruby, such as `3.4.1` or `3.5.0-preview1`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Release {
    pub(crate) major: u32,
    pub(crate) minor: u32,
    pub(crate) patch: u32,
    /// What it is a preview of its number for, such as `preview` and 1.
    pub(crate) preview: Option<(String, u32)>,
}

impl Release {
    pub(crate) fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
            preview: None,
        }
    }
}

impl Ord for Release {
    fn cmp(&self, other: &Self) -> Ordering {
        let numbers = |release: &Self| (release.major, release.minor, release.patch);
        numbers(self)
            .cmp(&numbers(other))
            .then_with(|| match (&self.preview, &other.preview) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(own), Some(others)) => own.cmp(others),
            })
    }
}

impl PartialOrd for Release {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        match &self.preview {
            None => Ok(()),
            Some((name, number)) => write!(f, "-{name}{number}"),
        }
    }
}

/// As much of a version as is known. Its text is the tag of an image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Pin {
    /// The newest release of a line.
    Line {
        major: u32,
        minor: u32,
    },
    Release(Release),
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { major, minor } => write!(f, "{major}.{minor}"),
            Self::Release(release) => release.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_comes_before_its_release() {
        let release = Release::new(3, 5, 0);
        let preview = |name: &str, number| Release {
            preview: Some((name.to_owned(), number)),
            ..release.clone()
        };
        assert!(preview("preview", 1) < preview("preview", 2));
        assert!(preview("preview", 2) < preview("rc", 1));
        assert!(preview("rc", 1) < release);
        assert!(release < Release::new(3, 5, 1));
        assert_eq!(preview("preview", 1).to_string(), "3.5.0-preview1");
    }
}
