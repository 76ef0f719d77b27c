//! Makes lines of what a program prints.

/// No line is longer than this, in bytes: what is longer is two.
const LONGEST: usize = 8 << 10;

/// The character that begins the codes a terminal obeys.
const ESCAPE: char = '\u{1b}';

/// A line, without its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Line {
    /// Text and nothing else.
    Plain(String),
    /// Text with codes for a terminal in it, as the program wrote it.
    Coded(String),
}

/// Cuts the output of a program into lines. It keeps no more than one.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    /// Takes what was printed next, and gives the lines that it completes.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(part);
            while self.begun.len() > LONGEST {
                let rest = self.begun.split_off(cut(&self.begun));
                lines.push(line(&std::mem::replace(&mut self.begun, rest)));
            }
            if self.begun.ends_with(b"\n") {
                lines.push(line(&std::mem::take(&mut self.begun)));
            }
        }
        lines
    }

    /// Gives what was printed last, if no line ended there.
    pub(crate) fn end(self) -> Option<Line> {
        (!self.begun.is_empty()).then(|| line(&self.begun))
    }
}

/// Where a long line can be cut without cutting a character.
fn cut(bytes: &[u8]) -> usize {
    let is_inside = |at: usize| bytes[at] & 0xc0 == 0x80;
    // A character has four bytes at most; what has more of them inside is no text.
    (LONGEST - 3..=LONGEST)
        .rev()
        .find(|at| !is_inside(*at))
        .unwrap_or(LONGEST)
}

fn line(bytes: &[u8]) -> Line {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    if text.contains(ESCAPE) {
        return Line::Coded(text.into_owned());
    }
    // Of the other control characters, a line has a use for the tab alone.
    let is_shown = |c: &char| *c == '\t' || !c.is_control();
    Line::Plain(text.chars().filter(is_shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Line {
        Line::Plain(text.into())
    }

    #[test]
    fn output_is_cut_into_lines_however_it_comes() {
        let output = "one\ntwo\r\n\n größe\n\tfour\u{7}\u{8}".as_bytes();
        let expected = [
            plain("one"),
            plain("two"),
            plain(""),
            plain(" größe"),
            plain("\tfour"),
        ];
        for size in 1..=output.len() {
            let mut lines = Lines::default();
            let mut found = Vec::new();
            for part in output.chunks(size) {
                found.extend(lines.push(part));
            }
            found.extend(lines.end());
            assert_eq!(found, expected, "{size}");
        }
        assert_eq!(Lines::default().end(), None);
    }

    #[test]
    fn codes_for_a_terminal_are_kept_apart() {
        let mut lines = Lines::default();
        let coded = "\u{1b}[31mred\u{1b}[0m";
        assert_eq!(
            lines.push(format!("{coded}\nplain\n").as_bytes()),
            [Line::Coded(coded.into()), plain("plain")]
        );
    }

    #[test]
    fn what_is_not_utf8_is_replaced() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"a\xff\xc3b\n"), [plain("a\u{fffd}\u{fffd}b")]);
    }

    #[test]
    fn a_line_without_an_end_takes_no_more_memory_than_a_long_one() {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        let text = format!("a{}", "ß".repeat(20_000));
        for part in text.as_bytes().chunks(1000) {
            found.extend(lines.push(part));
            assert!(lines.begun.len() <= LONGEST);
        }
        assert_eq!(found.len(), 4);
        found.extend(lines.end());
        let joined = found.into_iter().map(|line| match line {
            Line::Plain(text) | Line::Coded(text) => text,
        });
        assert_eq!(joined.collect::<String>(), text);

        let mut lines = Lines::default();
        let found = lines.push(&[0x80; 2 * LONGEST]);
        assert_eq!(found, [plain(&"\u{fffd}".repeat(LONGEST))]);
    }
}
