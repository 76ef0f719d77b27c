//! What can be a name.

/// The longest name, in bytes.
const LONGEST: usize = 255;

/// What a name is the name of, which decides what can stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// For people: an application, a project, an infrastructure.
    Free,
    /// For tuples and directories: a type, a flavor, a foundation, the type of a customization.
    Plain,
    /// A source: what a path can be.
    Source,
}

impl Name {
    /// What is wrong with a name, or `None` if nothing is.
    pub(super) fn fault(self, name: &str) -> Option<&'static str> {
        let longest = match self {
            Self::Free | Self::Plain => LONGEST,
            Self::Source => 4096,
        };
        if name.trim().is_empty() {
            Some("is empty")
        } else if name.len() > longest {
            Some("is too long")
        } else if name.chars().any(char::is_control) {
            Some("has a control character in it")
        } else if self == Self::Plain && !name.chars().all(is_plain) {
            Some("has something else in it than letters, digits, `.`, `_` and `-`")
        } else if self == Self::Plain && name.starts_with('.') {
            Some("begins with a `.`")
        } else {
            None
        }
    }

    /// What to do about it.
    pub(super) const fn help(self) -> &'static str {
        match self {
            Self::Free => "a name has 1 to 255 bytes, and no control characters",
            Self::Plain => {
                "write 1 to 255 letters, digits, `.`, `_` and `-`, of which the first is no `.`"
            }
            Self::Source => "write the path of a directory, such as \"../database\"",
        }
    }
}

/// Whether a character is the same in a path, in an argument and in a tuple, where `*` stands for
/// anything.
fn is_plain(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_for_a_directory_or_a_tuple_is_stricter_than_one_for_people() {
        for name in ["*", "a/b", "a b", "..", ".hidden", "a:b"] {
            assert_eq!(Name::Free.fault(name), None, "{name}");
            assert!(Name::Plain.fault(name).is_some(), "{name}");
        }
        for name in ["", " ", "a\nb", &"x".repeat(256)] {
            assert!(Name::Free.fault(name).is_some(), "{name}");
            assert!(Name::Plain.fault(name).is_some(), "{name}");
        }
        for name in ["local", "simple-2", "Größe", "a.b_c", &"x".repeat(255)] {
            assert_eq!(Name::Plain.fault(name), None, "{name}");
        }
    }
}
