//! The name of a release: its number, and the beginning of the SHA-256 of its archive.

use std::fmt;

/// How many digits of the SHA-256 a name has.
const DIGITS: usize = 12;

/// One release. The greater one is the newer one.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Release {
    pub(crate) number: u64,
    sha256: String,
}

impl Release {
    /// `sha256` is in lower-case hexadecimal digits.
    pub(super) fn new(number: u64, sha256: &str) -> Self {
        Self {
            number,
            sha256: sha256.chars().take(DIGITS).collect(),
        }
    }

    /// Reads a name, and nothing else than what [`Display`](fmt::Display) writes.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (number, sha256) = name.split_once('-')?;
        let release = Self {
            number: number.parse().ok()?,
            sha256: sha256.to_owned(),
        };
        let is_hex = |c: char| c.is_ascii_digit() || matches!(c, 'a'..='f');
        let is_name =
            sha256.len() == DIGITS && sha256.chars().all(is_hex) && release.to_string() == name;
        is_name.then_some(release)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}-{}", self.number, self.sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written_and_nothing_else_is() {
        let release = Release::new(7, "0123456789abcdef");
        assert_eq!(release.to_string(), "000007-0123456789ab");
        assert_eq!(Release::parse("000007-0123456789ab"), Some(release));
        for name in [
            "",
            "7-0123456789ab",
            "+00007-0123456789ab",
            "000007-0123456789a",
            "000007-0123456789AB",
            "000007-../../../../",
            ".000007-0123456789ab",
            "99999999999999999999-0123456789ab",
        ] {
            assert_eq!(Release::parse(name), None, "{name}");
        }
    }

    #[test]
    fn the_order_is_that_of_the_numbers() {
        assert!(Release::new(1_000_000, "0") > Release::new(999_999, "f"));
    }
}
