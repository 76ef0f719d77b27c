//! The file itself: its bytes, and its syntax.

use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hcl_edit::parser;
use hcl_edit::structure::Body;
use miette::NamedSource;

use super::error::AppfileError;
use super::fault::{Fault, FaultKind};
use super::mark::Mark;
use super::quoted::{quoted, shown};

/// The name of an Appfile.
pub(crate) const FILE_NAME: &str = "Appfile";

/// The size up to which an Appfile is read, in bytes.
pub(crate) const LARGEST: u64 = 1 << 20;

/// How many `=` and `:` an Appfile may have: the parser compares each key of an object with all the
/// others.
pub(super) const SETTINGS: usize = 10_000;

/// An Appfile that was read.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// The file as errors show it.
    shown: NamedSource<Arc<str>>,
}

impl Text {
    /// Reads a file. `None` if there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, AppfileError> {
        let unreadable = |source| AppfileError::Unreadable {
            path: path.to_owned(),
            source,
        };
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => {
                return Err(AppfileError::NotFile {
                    path: path.to_owned(),
                });
            }
            // A link that leads nowhere is there, and was meant to lead to an Appfile.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
                return Ok(None);
            }
            Err(error) => return Err(unreadable(error)),
        }
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        if bytes.len() as u64 > LARGEST {
            return Err(AppfileError::TooLarge {
                path: path.to_owned(),
            });
        }
        Self::new(path, bytes).map(Some)
    }

    fn new(path: &Path, bytes: Vec<u8>) -> Result<Self, AppfileError> {
        let name = shown(&path.to_string_lossy());
        let text = String::from_utf8(bytes).map_err(|error| {
            let start = error.utf8_error().valid_up_to();
            AppfileError::NotUtf8 {
                path: path.to_owned(),
                // What stands before them stays where it is.
                file: NamedSource::new(&name, shown(&String::from_utf8_lossy(error.as_bytes()))),
                at: (start..start + char::REPLACEMENT_CHARACTER.len_utf8()).into(),
            }
        })?;
        if text.matches(['=', ':']).count() > SETTINGS {
            return Err(AppfileError::TooMany {
                path: path.to_owned(),
            });
        }
        Ok(Self {
            path: path.to_owned(),
            shown: NamedSource::new(name, shown(&text).into()),
            text,
        })
    }

    /// Marks a place in the file.
    pub(super) fn mark(&self, at: Range<usize>) -> Mark {
        Mark::new(&self.shown, at)
    }

    /// The syntax of the file.
    pub(super) fn parse(&self) -> Result<Body, Box<Fault>> {
        parser::parse_body(&self.text).map_err(|error| {
            let start = self.text.floor_char_boundary(error.location().offset());
            let rest = self.text.get(start..).unwrap_or_default();
            let length = rest.chars().next().map_or(0, char::len_utf8);
            let (kind, length) = match redefined(error.message(), rest) {
                Some(key) => {
                    let what = quoted(key.trim_matches('"'));
                    (FaultKind::Duplicate { what }, key.len())
                }
                None => {
                    let message = error.message().to_owned();
                    (FaultKind::Syntax { message }, length)
                }
            };
            Box::new(Fault {
                kind,
                mark: Some(self.mark(start..start + length)),
                first: None,
            })
        })
    }
}

/// The key at the beginning of `rest`, if the parser says that it stands there twice: it says so as
/// that it had expected another one.
fn redefined<'a>(message: &str, rest: &'a str) -> Option<&'a str> {
    let is_redefined = message.contains("found redefined");
    let key = rest.split(['=', ':', ' ', '\t', '\r', '\n']).next();
    key.filter(|_| is_redefined)
}
