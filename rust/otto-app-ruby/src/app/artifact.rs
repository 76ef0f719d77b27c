//! What the record of a build says.

use std::collections::BTreeMap;

use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::BuildRecord;

use crate::archive::{Digest, FORMAT, Packed};

/// What to do about a build that cannot be used.
pub(super) const BUILD_AGAIN: &str = "run `otto build`, and deploy again";

/// A build that was recorded.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Artifact {
    /// The key of the blob.
    pub(super) blob: String,
    pub(super) archive: Packed,
}

impl Artifact {
    pub(super) fn record(&self) -> BuildRecord {
        let Packed {
            digest,
            files,
            bytes,
        } = &self.archive;
        let pairs = [
            ("blob", self.blob.clone()),
            ("bytes", bytes.to_string()),
            ("files", files.to_string()),
            ("format", FORMAT.into()),
            ("sha256", digest.sha256.clone()),
            ("size", digest.size.to_string()),
        ];
        BuildRecord {
            artifact: pairs.map(|(key, value)| (key.into(), value)).into(),
            ..BuildRecord::default()
        }
    }

    /// Reads a record, which another version of the plugin may have written.
    pub(super) fn read(record: &BuildRecord) -> Result<Self, Error> {
        let pairs = &record.artifact;
        let text = |key: &str| match pairs.get(key) {
            Some(text) => Ok(text.clone()),
            None => Err(unreadable(&format!("it does not say `{key}`"))),
        };
        let number = |key: &str| {
            let text = text(key)?;
            text.parse::<u64>()
                .map_err(|_| unreadable(&format!("its `{key}` is no number")))
        };
        let format = text("format")?;
        if format != FORMAT {
            return Err(unreadable(&format!(
                "it is of the format {format:?}, and this version of the plugin deploys {FORMAT:?}"
            )));
        }
        Ok(Self {
            blob: text("blob")?,
            archive: Packed {
                digest: Digest {
                    size: number("size")?,
                    sha256: text("sha256")?,
                },
                files: number("files")?,
                bytes: number("bytes")?,
            },
        })
    }

    /// The key of the blob that a record names, whatever else it says.
    pub(super) fn blob_of(artifact: &BTreeMap<String, String>) -> Option<&String> {
        artifact.get("blob")
    }
}

fn unreadable(why: &str) -> Error {
    Error::invalid(format!("the recorded build cannot be used: {why}")).with_help(BUILD_AGAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact() -> Artifact {
        Artifact {
            blob: "build-1".into(),
            archive: Packed {
                digest: Digest {
                    size: 7,
                    sha256: "00ff".into(),
                },
                files: 1,
                bytes: 3,
            },
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        assert_eq!(Artifact::read(&artifact().record()).unwrap(), artifact());
    }

    #[test]
    fn a_record_that_is_not_whole_is_an_error_that_says_what_to_do() {
        for (key, value) in [
            ("blob", None),
            ("format", Some("zip")),
            ("size", Some("-1")),
            ("sha256", None),
        ] {
            let mut record = artifact().record();
            match value {
                Some(value) => record.artifact.insert(key.into(), value.into()),
                None => record.artifact.remove(key),
            };
            let error = Artifact::read(&record).unwrap_err();
            assert!(
                error.message.contains("cannot be used"),
                "{}",
                error.message
            );
            assert!(error.help.contains("otto build"), "{}", error.help);
        }
    }
}
