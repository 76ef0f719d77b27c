//! Text that may have colours, and nothing else that a terminal obeys.

use anstyle_parse::state::{Action, State, state_change};

/// The longest sequence that sets colours, in bytes. A longer one is dropped.
const SEQUENCE_MAX: usize = 64;

/// How many sequences since the last reset are kept, to take the colours up again.
const ACTIVE_MAX: usize = 16;

/// Lets through text, line ends, tabs and the sequences that set colours (SGR), and drops every other
/// control: movements of the cursor, titles, the clipboard, links. It takes text in pieces, and a
/// sequence may be split between them.
#[derive(Debug, Default)]
pub(super) struct Filter {
    state: State,
    /// What has come of a sequence that may yet be one that sets colours.
    sequence: String,
    /// The sequences that the text so far has left in force.
    active: Vec<String>,
}

impl Filter {
    /// Gives what may be shown of the next piece. With `color`, it begins with the colours that the
    /// piece before it left in force, and ends with none in force: whatever is shown between two
    /// pieces has its own.
    pub(super) fn next(&mut self, text: &str, color: bool) -> String {
        let mut shown = String::with_capacity(text.len());
        if color {
            shown.extend(self.active.iter().map(String::as_str));
        }
        for char in text.chars() {
            if let Some(sequence) = self.advance(char, &mut shown)
                && color
            {
                shown.push_str(&sequence);
            }
        }
        if color && !self.active.is_empty() {
            shown.push_str("\x1b[0m");
        }
        shown
    }

    /// Takes one character, and gives the sequence that it completes.
    fn advance(&mut self, char: char, shown: &mut String) -> Option<String> {
        let Ok(byte) = u8::try_from(u32::from(char)) else {
            return self.other(char, shown);
        };
        if !byte.is_ascii() {
            return self.other(char, shown);
        }
        let before = self.state;
        let (after, action) = state_change(before, byte);
        if after != State::Anywhere {
            self.state = after;
        }
        match action {
            Action::Print => shown.push(char),
            Action::Execute if before == State::Ground && matches!(char, '\n' | '\t') => {
                shown.push(char);
            }
            Action::Param if self.sequence.len() < SEQUENCE_MAX => self.sequence.push(char),
            // Too long, or not of the kind that is let through: never dispatched as `m`.
            Action::Param | Action::Collect => self.sequence = "?".into(),
            Action::CsiDispatch => return self.dispatch(char),
            _ => {}
        }
        if matches!(self.state, State::Escape | State::Ground | State::CsiEntry)
            && before != self.state
        {
            self.sequence.clear();
        }
        None
    }

    /// A character beyond ASCII belongs to no sequence but a string, whose end it does not change.
    fn other(&mut self, char: char, shown: &mut String) -> Option<String> {
        let in_string = matches!(
            self.state,
            State::OscString
                | State::SosPmApcString
                | State::DcsEntry
                | State::DcsIgnore
                | State::DcsIntermediate
                | State::DcsParam
                | State::DcsPassthrough
        );
        if !in_string {
            self.state = State::Ground;
            self.sequence.clear();
            if !char.is_control() {
                shown.push(char);
            }
        }
        None
    }

    fn dispatch(&mut self, last: char) -> Option<String> {
        let parameters = std::mem::take(&mut self.sequence);
        let only_numbers = |char: char| char.is_ascii_digit() || matches!(char, ';' | ':');
        if last != 'm' || !parameters.chars().all(only_numbers) {
            return None;
        }
        let sequence = format!("\x1b[{parameters}m");
        let is_reset = parameters.chars().all(|char| matches!(char, '0' | ';'));
        match is_reset {
            true => self.active.clear(),
            false if self.active.len() == ACTIVE_MAX => {
                self.active.remove(0);
                self.active.push(sequence.clone());
            }
            false => self.active.push(sequence.clone()),
        }
        Some(sequence)
    }
}

/// Gives `text` without the sequences that set colours. Every other control stays, for whoever
/// writes it out.
pub(super) fn without_colors(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\x1b[") {
        plain.push_str(&rest[..at]);
        let sequence = &rest[at + 2..];
        let end = sequence.find(|char: char| !(char.is_ascii_digit() || matches!(char, ';' | ':')));
        match end {
            Some(end) if sequence[end..].starts_with('m') => rest = &sequence[end + 1..],
            _ => {
                plain.push_str("\x1b[");
                rest = sequence;
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pieces: &[&str]) -> String {
        let mut filter = Filter::default();
        pieces
            .iter()
            .map(|piece| filter.next(piece, true))
            .collect()
    }

    #[test]
    fn colours_and_line_ends_are_kept() {
        let text = "\x1b[1;38;5;120mgreen\x1b[0m\n\tplain ünï\r\n";
        assert_eq!(shown(&[text]), text.replace('\r', ""));
    }

    #[test]
    fn everything_else_that_a_terminal_obeys_is_dropped() {
        for hostile in [
            "\x1b[2J",
            "\x1b[10;10H",
            "\x1b[1A",
            "\x1b]0;title\x07",
            "\x1b]52;c;aGk=\x1b\\",
            "\x1bc",
            "\x1b[?25l",
            "\x1b[>4m",
            "\x1b[1$m",
            "\x1bP1$r0m\x1b\\",
            "\x1b_apc\x1b\\",
            "\x1b[6n",
            "\r",
            "\x08",
            "\x07",
            "\u{9b}2J",
            "\u{9d}0;t\u{9c}",
            "\x1b(0",
            "\x1b[200~",
            "\x0e",
        ] {
            let shown = shown(&[&format!("a{hostile}b")]);
            let left: String = shown.chars().filter(|char| char.is_control()).collect();
            assert_eq!(left, "", "{hostile:?} became {shown:?}");
            assert!(
                shown.starts_with('a') && shown.ends_with('b'),
                "{hostile:?} became {shown:?}"
            );
        }
    }

    #[test]
    fn a_sequence_may_be_split_anywhere() {
        let text = "a\x1b[31mb\x1b]0;title\x07c\x1b[0md\x1b[2Je";
        for at in 0..=text.len() {
            let (left, right) = text.split_at(at);
            let shown = shown(&[left, right]);
            let plain = anstream::adapter::strip_str(&shown).to_string();
            assert_eq!(plain, "abcde", "split at {at}");
            assert!(shown.contains("\x1b[31mb"), "{shown:?}");
            assert!(!shown.contains("2J") && !shown.contains(']'), "{shown:?}");
        }
    }

    #[test]
    fn colours_end_with_their_piece_and_are_taken_up_by_the_next() {
        let mut filter = Filter::default();
        assert_eq!(filter.next("\x1b[31mred", true), "\x1b[31mred\x1b[0m");
        assert_eq!(filter.next("still\x1b[m", true), "\x1b[31mstill\x1b[m");
        assert_eq!(filter.next("plain", true), "plain");
    }

    #[test]
    fn a_sequence_without_an_end_keeps_nothing() {
        let mut filter = Filter::default();
        assert_eq!(
            filter.next(&format!("\x1b[{}", "1;".repeat(10_000)), true),
            ""
        );
        assert!(filter.sequence.len() <= SEQUENCE_MAX);
        assert_eq!(filter.next("mtext", true), "text");
        for _ in 0..100 {
            filter.next("\x1b[1m", true);
        }
        assert!(filter.active.len() <= ACTIVE_MAX);
    }

    #[test]
    fn without_colour_only_the_text_is_left() {
        assert_eq!(
            Filter::default().next("\x1b[31mred\x1b[0m\n", false),
            "red\n"
        );
        assert_eq!(without_colors("a\x1b[31mb\x1b[2Jc\x1b["), "ab\x1b[2Jc\x1b[");
    }
}
