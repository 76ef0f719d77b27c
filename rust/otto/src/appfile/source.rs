//! Where something else is taken from.

use std::path::{Path, PathBuf};

/// What a source in an Appfile names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A path of this machine.
    Local(PathBuf),
    /// Something that would have to be fetched.
    Remote,
}

impl Source {
    /// Reads a source that is written in a file in `directory`.
    pub(crate) fn new(source: &str, directory: &Path) -> Self {
        let is_remote = source.contains("://")
            || [
                "git@",
                "git::",
                "hg::",
                "github.com/",
                "gitlab.com/",
                "bitbucket.org/",
            ]
            .iter()
            .any(|start| source.starts_with(start));
        if is_remote {
            Self::Remote
        } else {
            Self::Local(directory.join(source))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_have_to_be_fetched_is_told_apart_from_a_path() {
        let source = |text| Source::new(text, Path::new("/a"));
        for text in [
            "https://example.org/x",
            "file:///x",
            "github.com/a/b",
            "git@host:x.git",
        ] {
            assert_eq!(source(text), Source::Remote, "{text}");
        }
        for (text, path) in [
            ("../b", "/a/../b"),
            ("/b", "/b"),
            ("github.com", "/a/github.com"),
        ] {
            assert_eq!(source(text), Source::Local(path.into()), "{text}");
        }
    }
}
