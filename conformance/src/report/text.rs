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

/// Whether a character can stand in a line of any output. XML has no way to write the last two of a
/// plane, of all that Unicode keeps for no character.
fn is_harmless(char: char) -> bool {
    let turns = matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_none = u32::from(char) & 0xfffe == 0xfffe || matches!(char, '\u{fdd0}'..='\u{fdef}');
    !char.is_control() && !turns && !is_none
}

/// A word of a command line, as a shell reads it, in one line.
pub(crate) fn shell_word(word: &str) -> String {
    if !word.chars().all(is_harmless) {
        let quoted = word.chars().fold(String::new(), |quoted, char| match char {
            '\\' | '\'' => quoted + "\\" + char.encode_utf8(&mut [0; 4]),
            char if is_harmless(char) => quoted + char.encode_utf8(&mut [0; 4]),
            char => char
                .encode_utf8(&mut [0; 4])
                .bytes()
                .fold(quoted, |quoted, byte| quoted + &format!("\\{byte:03o}")),
        });
        return format!("$'{quoted}'");
    }
    // It has no NUL in it, which is the one thing that cannot be quoted.
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), std::borrow::Cow::into_owned)
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
    fn what_is_no_character_goes() {
        let none = "a\u{fffe}b\u{ffff}c\u{fdd0}d\u{1ffff}e\u{fffd}\u{fdf0}";
        assert_eq!(harmless(none), "abcde\u{fffd}\u{fdf0}");
    }

    #[test]
    fn a_word_for_a_shell_stays_what_it_is_and_in_its_line() {
        assert_eq!(shell_word("./otto-app-x"), "./otto-app-x");
        assert_eq!(shell_word("a b"), "'a b'");
        assert_eq!(shell_word("a\n'\\\u{9b}"), r"$'a\012\'\\\302\233'");
        assert_eq!(shell_word(&"x".repeat(500)).len(), 500);
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let line = harmless(&"ä".repeat(500));
        assert_eq!(line.chars().count(), LONGEST + 1);
        assert!(line.ends_with('…'));
    }
}
