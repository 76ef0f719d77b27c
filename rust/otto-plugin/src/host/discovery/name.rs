//! The name of a plugin, which is all that it is found by.

use std::fmt;
use std::str::FromStr;

/// What a plugin's file is called: `otto-TYPE-NAME`.
///
/// It is parsed from that, exactly, and shown as that. TYPE is a lower-case letter followed by
/// lower-case letters and digits, and NAME a lower-case letter or digit followed by lower-case letters,
/// digits and `-`. Names are sorted by TYPE, then by NAME, byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginName {
    kind: String,
    name: String,
}

/// A name that is not a plugin's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// The NAME has a character that it must not have, or begins with `-`.
    #[error(
        "expected a NAME of lower-case letters, digits and `-`, with none of these first, but {found:?} \
         has {name:?}"
    )]
    Name {
        /// The whole of it.
        found: String,
        /// What stands in the place of the NAME.
        name: String,
    },
    /// Nothing follows the TYPE.
    #[error("expected `otto-TYPE-NAME`, but {found:?} has no NAME")]
    NoName {
        /// The whole of it.
        found: String,
    },
    /// It is something else altogether.
    #[error("expected `otto-TYPE-NAME`, but {found:?} does not begin with `otto-`")]
    Prefix {
        /// The whole of it.
        found: String,
    },
    /// The TYPE has a character that it must not have, or does not begin with a letter.
    #[error(
        "expected a TYPE of lower-case letters and digits, with a letter first, but {found:?} has \
         {kind:?}"
    )]
    Type {
        /// The whole of it.
        found: String,
        /// What stands in the place of the TYPE.
        kind: String,
    },
}

impl PluginName {
    /// The one TYPE that this library can start.
    pub const APP: &'static str = "app";

    /// What every name begins with.
    const PREFIX: &'static str = "otto-";

    /// The TYPE, such as `app`.
    pub fn r#type(&self) -> &str {
        &self.kind
    }

    /// The NAME, such as `ruby`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Both of them without what every name begins with, such as `app-ruby`: what people call it.
    pub fn short(&self) -> String {
        format!("{}-{}", self.kind, self.name)
    }

    /// Whether the TYPE is one that this library knows.
    pub fn is_supported(&self) -> bool {
        self.kind == Self::APP
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}-{}", Self::PREFIX, self.kind, self.name)
    }
}

impl FromStr for PluginName {
    type Err = NameError;

    fn from_str(found: &str) -> Result<Self, NameError> {
        let whole = || found.to_owned();
        let rest = found
            .strip_prefix(Self::PREFIX)
            .ok_or_else(|| NameError::Prefix { found: whole() })?;
        let (kind, name) = rest
            .split_once('-')
            .ok_or_else(|| NameError::NoName { found: whole() })?;
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if !kind.starts_with(|c: char| c.is_ascii_lowercase()) || !kind.bytes().all(is_plain) {
            return Err(NameError::Type {
                found: whole(),
                kind: kind.into(),
            });
        }
        if name.is_empty() {
            return Err(NameError::NoName { found: whole() });
        }
        if name.starts_with('-') || !name.bytes().all(|byte| is_plain(byte) || byte == b'-') {
            return Err(NameError::Name {
                found: whole(),
                name: name.into(),
            });
        }
        Ok(Self {
            kind: kind.into(),
            name: name.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_type_and_everything_after_the_next_dash() {
        for (text, kind, name) in [
            ("otto-app-ruby", "app", "ruby"),
            ("otto-app-ruby-on-rails", "app", "ruby-on-rails"),
            ("otto-app-7-", "app", "7-"),
            ("otto-infra2-x", "infra2", "x"),
            ("otto-otto-app-x", "otto", "app-x"),
        ] {
            let parsed: PluginName = text.parse().unwrap();
            assert_eq!((parsed.r#type(), parsed.name()), (kind, name));
            assert_eq!(parsed.to_string(), text);
            assert_eq!(parsed.short(), text["otto-".len()..]);
        }
    }

    #[test]
    fn what_is_wrong_with_a_name_is_said() {
        let error = |text: &str| text.parse::<PluginName>().unwrap_err();
        let found = |text: &str| text.to_owned();
        for text in ["", "otto", "otto_app_ruby", "Otto-app-ruby", " otto-app-x"] {
            assert_eq!(error(text), NameError::Prefix { found: found(text) });
        }
        for text in ["otto-", "otto-app", "otto-app-"] {
            assert_eq!(error(text), NameError::NoName { found: found(text) });
        }
        for text in [
            "otto--x",
            "otto-App-x",
            "otto-4pp-x",
            "otto-a_p-x",
            "otto-ä-x",
        ] {
            assert!(matches!(error(text), NameError::Type { .. }), "{text}");
        }
        for text in [
            "otto-app--x",
            "otto-app-Ruby",
            "otto-app-ruby.exe",
            "otto-app-ruby~",
            "otto-app-ru by",
            "otto-app-ruby\n",
            "otto-app-é",
        ] {
            assert!(matches!(error(text), NameError::Name { .. }), "{text}");
        }
    }

    #[test]
    fn only_apps_can_be_started() {
        let supported = |text: &str| text.parse::<PluginName>().unwrap().is_supported();
        assert!(supported("otto-app-x"));
        assert!(!supported("otto-apps-x"));
        assert!(!supported("otto-infra-x"));
    }
}
