//! Text that somebody else wrote, made fit to stand in a line of a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// The longest line that is shown of what a plugin says, in characters. The rest is cut, with a mark.
pub(super) const LINE_MAX: usize = 4096;

/// The most lines that are shown of one text that a plugin says.
const LINES_MAX: usize = 200;

/// Gives `text` as one line. What a terminal could take for a command, or would show in another
/// order than it stands, is written out: `\u{1b}`, `\n`. A line of more than 4096 characters is
/// cut.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if text.len() <= LINE_MAX && !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len().min(LINE_MAX));
    for (index, char) in text.chars().enumerate() {
        if index == LINE_MAX {
            // Writing to a string does not fail.
            let _ = write!(safe, "… ({} bytes in all)", text.len());
            break;
        }
        match is_unsafe(char) {
            true => safe.extend(char.escape_default()),
            false => safe.push(char),
        }
    }
    Cow::Owned(safe)
}

/// Gives the lines of `text`, each as [`line`] does, and at most `max` of them.
pub(super) fn lines(text: &str, max: usize) -> impl Iterator<Item = Cow<'_, str>> {
    text.lines().take(max).map(line)
}

/// Gives `text` with its line ends kept, and everything else as [`line`] has it. Of more than
/// 200 lines, the rest is counted only.
pub(super) fn block(text: &str) -> String {
    let mut safe: Vec<_> = lines(text, LINES_MAX).collect();
    if let Some(more @ 1..) = text.lines().count().checked_sub(LINES_MAX) {
        safe.push(format!("… ({more} lines more)").into());
    }
    safe.join("\n")
}

/// Gives `text` of the same length in bytes: what is in the way is a question mark for each byte, so
/// that places in it stay where they are. Line ends and tabs are kept.
pub(super) fn in_place(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' | '\t' => safe.push(char),
            char if is_unsafe(char) => safe.extend((0..char.len_utf8()).map(|_| '?')),
            char => safe.push(char),
        }
    }
    safe
}

/// Control characters, what reorders text (as in source code that reads otherwise than it runs), and
/// the line ends of Unicode.
fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_of_any_language_stays_as_it_is() {
        assert_eq!(line("grüße, 世界 🙂"), "grüße, 世界 🙂");
    }

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(
            line("a\x1b[2Jb\r\n\u{9b}31m"),
            "a\\u{1b}[2Jb\\r\\n\\u{9b}31m"
        );
        assert_eq!(line("\u{202e}gnp.exe"), "\\u{202e}gnp.exe");
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_with_a_mark() {
        let long = "x".repeat(LINE_MAX + 1);
        let shown = line(&long);
        assert!(shown.ends_with("x… (4097 bytes in all)"), "{shown}");
    }

    #[test]
    fn a_text_of_too_many_lines_is_cut_with_a_mark() {
        let shown = block(&"x\x07\n".repeat(LINES_MAX + 2));
        assert_eq!(shown.lines().count(), LINES_MAX + 1);
        assert!(
            shown.starts_with("x\\u{7}\n") && shown.ends_with("… (2 lines more)"),
            "{shown}"
        );
    }

    #[test]
    fn places_in_a_text_stay_where_they_are() {
        let safe = in_place("ab\x1bc\u{9b}\nd\te");
        assert_eq!(safe, "ab?c??\nd\te");
    }
}
