//! What goes wrong, for a person: what happened, where it lies, and what to do about it.

use std::fmt;
use std::io;
use std::path::Path;

/// A place in a file of the application's.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Place {
    /// The path of the file, relative to the directory of the application.
    pub(crate) file: String,
    /// Counted from 1. 0 means the file as a whole.
    pub(crate) line: u32,
}

impl Place {
    pub(crate) fn new(file: impl Into<String>, line: u32) -> Self {
        Self {
            file: file.into(),
            line,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = quoted(&self.file);
        match self.line {
            0 => write!(f, "{file}"),
            line => write!(f, "{file}, line {line}"),
        }
    }
}

/// Whose turn it is after a [`Problem`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reason {
    /// Somebody else is at it.
    Conflict,
    /// A file asks for what lies outside of the application's directory.
    Denied,
    /// It should not have happened: the fault is in this program.
    Internal,
    /// The user's files make no sense.
    Invalid,
    /// A file is larger, or nested deeper, than anybody needs.
    LimitExceeded,
    /// Something cannot be read or written.
    Unavailable,
    /// It makes sense, and is not done here.
    Unsupported,
}

/// Why the work stopped.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Problem {
    pub(crate) reason: Reason,
    /// One sentence about what happened.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) help: String,
    pub(crate) place: Option<Place>,
    /// What it follows from.
    pub(crate) causes: Vec<Self>,
}

impl Problem {
    pub(crate) fn new(reason: Reason, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            help: help.into(),
            place: None,
            causes: Vec::new(),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(Reason::Invalid, message, help)
    }

    /// A file or a directory cannot be read, written or removed, as `done` says.
    pub(crate) fn disk(done: &str, path: &Path, error: &io::Error) -> Self {
        let path = quoted(&path.to_string_lossy());
        Self::new(
            Reason::Unavailable,
            format!("{path} cannot be {done}: {error}"),
            "check who may change the directory that it is in, and that its disk is not full",
        )
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }
}

/// Something in the user's files that does not stop the work.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Remark {
    pub(crate) weight: Weight,
    /// One line.
    pub(crate) summary: String,
    /// What to do about it.
    pub(crate) detail: String,
    pub(crate) place: Option<Place>,
}

/// How much a [`Remark`] matters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Weight {
    Note,
    Warning,
}

impl Remark {
    pub(crate) fn note(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Weight::Note, summary, detail)
    }

    pub(crate) fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Weight::Warning, summary, detail)
    }

    fn new(weight: Weight, summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            weight,
            summary: summary.into(),
            detail: detail.into(),
            place: None,
        }
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }
}

/// Text from the user's files, fit to stand in a message: one line, without control characters,
/// and not too long.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown = String::from("`");
    let mut characters = text.chars();
    for character in characters.by_ref().take(LONGEST) {
        // A terminal obeys control characters, and the bidirectional ones reorder what is shown.
        if character.is_control()
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    if characters.next().is_some() {
        shown.push('…');
    }
    shown.push('`');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_has_no_control_characters_and_is_cut() {
        assert_eq!(quoted("puma"), "`puma`");
        assert_eq!(quoted("a\u{1b}[31m\nb"), "`a\\u{1b}[31m\\u{a}b`");
        assert_eq!(quoted(&"x".repeat(100)), format!("`{}…`", "x".repeat(80)));
    }

    #[test]
    fn a_place_without_a_line_is_the_whole_file() {
        assert_eq!(Place::new("Gemfile", 3).to_string(), "`Gemfile`, line 3");
        assert_eq!(Place::new("Gemfile", 0).to_string(), "`Gemfile`");
    }
}
