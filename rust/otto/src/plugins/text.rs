//! Text of others, for a terminal.

use std::error::Error;
use std::path::Path;

/// Shows text that a plugin or a file system has made up. What a terminal would take for a command,
/// or would not show as it is, is escaped; so is a line feed.
pub(crate) fn plain(text: &str) -> String {
    text.chars().fold(String::new(), |mut shown, c| {
        match c {
            '\'' | '"' | '\\' => shown.push(c),
            _ => shown.extend(c.escape_debug()),
        }
        shown
    })
}

/// Shows a path.
pub(crate) fn plain_path(path: &Path) -> String {
    plain(&path.to_string_lossy())
}

/// Shows an error with what it follows from, in one line.
pub(crate) fn whole(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&plain(&error.to_string()));
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_escaped() {
        assert_eq!(
            plain(r#"it's "ruby" 3.4 \ ü 日本"#),
            r#"it's "ruby" 3.4 \ ü 日本"#
        );
        assert_eq!(plain("\x1b[2Jgone\r\n"), r"\u{1b}[2Jgone\r\n");
        assert_eq!(plain("\u{202e}abc\u{9b}0m"), r"\u{202e}abc\u{9b}0m");
    }

    #[test]
    fn an_error_is_shown_with_what_it_follows_from() {
        #[derive(Debug, thiserror::Error)]
        #[error("the outer one")]
        struct Outer {
            source: std::io::Error,
        }
        let source = std::io::Error::other("the inner\n one");
        assert_eq!(whole(&Outer { source }), r"the outer one: the inner\n one");
    }
}
