//! Text of others in messages.

/// The longest text that is shown whole, in characters.
const LONGEST: usize = 80;

/// Text that is not trusted, fit to stand in a message: one line, without control characters, and
/// not too long.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown = String::from("`");
    let mut characters = text.chars();
    for character in characters.by_ref().take(LONGEST) {
        if is_harmful(character) {
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

/// A file that is not trusted, fit to be shown with its lines and columns where they were: what is
/// harmful is replaced by something of the same length.
pub(super) fn shown(text: &str) -> String {
    let replaced = |character| match character {
        '\n' | '\t' => character,
        // The one of a line end is not seen, and any other would have the terminal begin anew.
        '\r' => ' ',
        _ if !is_harmful(character) => character,
        _ => match character.len_utf8() {
            1 => '?',
            2 => '¿',
            _ => char::REPLACEMENT_CHARACTER,
        },
    };
    text.chars().map(replaced).collect()
}

/// Whether a terminal obeys a character, or shows others in another order because of it.
fn is_harmful(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_is_one_line_without_control_characters_and_is_cut() {
        assert_eq!(quoted("a\u{1b}[31m\nb"), "`a\\u{1b}[31m\\u{a}b`");
        assert_eq!(quoted(&"x".repeat(81)), format!("`{}…`", "x".repeat(80)));
    }

    #[test]
    fn a_file_is_shown_with_everything_where_it_was() {
        let text = "a\tä\r\n\u{1b}[31m \u{9b}1m \u{202e}x";
        assert_eq!(shown(text), "a\tä \n?[31m ¿1m \u{fffd}x");
        assert_eq!(shown(text).len(), text.len());
    }
}
