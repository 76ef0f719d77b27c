//! Lines out of pieces.

/// The longest line that is kept, in bytes. What comes beyond, up to the line end, is counted only.
pub(super) const LINE_MAX: usize = 2048;

/// A line of what a program printed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its text, without the line end; what is no UTF-8 is replaced.
    pub(super) text: String,
    /// How many bytes of it are missing at its end.
    pub(super) cut: usize,
}

/// Puts the lines of one stream together. A line that begins anew after a carriage return, as that
/// of a progress bar does, is the last of what it was.
#[derive(Debug, Default)]
pub(super) struct Lines {
    line: Vec<u8>,
    cut: usize,
    /// The last byte was a carriage return: a line end, if the next one is a line feed.
    returned: bool,
}

impl Lines {
    /// Takes the next piece, and gives each line that it completes.
    pub(super) fn take(&mut self, piece: &[u8], mut line: impl FnMut(Line)) {
        for byte in piece {
            match byte {
                b'\n' => {
                    self.returned = false;
                    line(self.end());
                }
                b'\r' => self.returned = true,
                byte => {
                    if std::mem::take(&mut self.returned) {
                        self.end();
                    }
                    match self.line.len() < LINE_MAX {
                        true => self.line.push(*byte),
                        false => self.cut += 1,
                    }
                }
            }
        }
    }

    /// Gives what has come of a line that nobody ended.
    pub(super) fn rest(&mut self) -> Option<Line> {
        (!self.line.is_empty()).then(|| self.end())
    }

    fn end(&mut self) -> Line {
        let text = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        Line {
            text,
            cut: std::mem::take(&mut self.cut),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut texts = Vec::new();
        for piece in pieces {
            lines.take(piece, |line| texts.push(line.text));
        }
        texts.extend(lines.rest().map(|line| line.text));
        texts
    }

    #[test]
    fn a_line_may_come_in_pieces_and_several_in_one() {
        assert_eq!(
            texts(&[b"on", b"e\ntwo\r\n", b"\nfo", b"ur"]),
            ["one", "two", "", "four"]
        );
        assert_eq!(
            texts(&["gr\u{fc}n".as_bytes().split_at(3).0, b"\xbcn\n"]),
            ["gr\u{fc}n"]
        );
    }

    #[test]
    fn a_line_that_is_written_over_is_the_last_of_what_it_was() {
        assert_eq!(
            texts(&[b" 10 %\r 50 %", b"\r", b"100 %\r", b"\ndone\n"]),
            ["100 %", "done"]
        );
    }

    #[test]
    fn a_long_line_is_cut_and_says_by_how_much() {
        let mut lines = Lines::default();
        let mut cut = Vec::new();
        lines.take(&[b'x'; LINE_MAX], |line| cut.push(line));
        lines.take(b"yz\nnext\n", |line| cut.push(line));
        assert_eq!(cut[0].text.len(), LINE_MAX);
        assert_eq!((cut[0].cut, cut[1].cut), (2, 0));
    }
}
