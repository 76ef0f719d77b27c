//! What a plugin wrote, made fit for a terminal, a log and a page.

/// The longest line, in characters.
const LONGEST: usize = 400;

/// The text in one line, without what moves a cursor or turns the direction of writing, and not too
/// long.
pub(crate) fn harmless(text: &str) -> String {
    let mut kept = text.chars().filter(|char| is_harmless(*char));
    let mut line: String = kept.by_ref().take(LONGEST).collect();
    if kept.next().is_some() {
        line.push('…');
    }
    line
}

fn is_harmless(char: char) -> bool {
    let turns = matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !char.is_control() && !turns
}

/// A number of things.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_a_cursor_or_turns_the_text_goes() {
        assert_eq!(harmless("a\x1b[2Jb\u{202e}c\u{9b}d\n"), "a[2Jbcd");
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let line = harmless(&"ä".repeat(500));
        assert_eq!(line.chars().count(), LONGEST + 1);
        assert!(line.ends_with('…'));
    }
}
