//! Reads the lines of a recording, whatever is in them.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};

use super::recording::{FORMAT, Head, Line, VERSION};

/// The longest line that is read: the raw bytes of the largest message, with room for the rest.
const LONGEST: u64 = 40 << 20;

/// A line, or what stands in the place of one.
#[derive(Debug, PartialEq)]
pub(super) enum Item {
    Line(Line),
    Unreadable { number: usize, why: String },
}

/// Not a recording.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotARecording {
    #[error("it is empty")]
    Empty,
    #[error("its first line is not that of a recording: a wire.ndjson of a case is one")]
    Other,
    #[error("it is a recording of version {0}, and this program reads version {VERSION}")]
    Version(u32),
    #[error(transparent)]
    Read(#[from] io::Error),
}

/// Reads a recording from its beginning.
#[derive(Debug)]
pub(super) struct Reader<R> {
    from: R,
    number: usize,
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line, which says what this is.
    pub(super) fn open(from: R) -> Result<(Self, Head), NotARecording> {
        let mut reader = Self { from, number: 0 };
        match reader.next()? {
            None => Err(NotARecording::Empty),
            Some(Item::Line(Line::Head(head))) if head.format == FORMAT => match head.version {
                VERSION => Ok((reader, head)),
                other => Err(NotARecording::Version(other)),
            },
            Some(_) => Err(NotARecording::Other),
        }
    }

    /// Reads the next line.
    pub(super) fn next(&mut self) -> io::Result<Option<Item>> {
        let mut line = Vec::new();
        let mut limited = (&mut self.from).take(LONGEST);
        if limited.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let number = self.number;
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if limited.limit() == 0 {
            self.skip()?;
            let why = format!("it is longer than {LONGEST} bytes");
            return Ok(Some(Item::Unreadable { number, why }));
        }
        Ok(Some(match serde_json::from_slice(&line) {
            Ok(line) => Item::Line(line),
            Err(_) => Item::Unreadable {
                number,
                why: crate::wire::escaped(&line[..line.len().min(60)]),
            },
        }))
    }

    /// Passes over the rest of a line.
    fn skip(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.from.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let (count, is_over) = match end {
                Some(end) => (end + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            };
            self.from.consume(count);
            if is_over {
                return Ok(());
            }
        }
    }
}

/// Something for each run of a recording, in the order of their first lines.
#[derive(Debug)]
pub(super) struct Runs<T> {
    places: HashMap<String, usize>,
    runs: Vec<(String, T)>,
}

impl<T> Default for Runs<T> {
    fn default() -> Self {
        Self {
            places: HashMap::new(),
            runs: Vec::new(),
        }
    }
}

impl<T: Default> Runs<T> {
    pub(super) fn of(&mut self, run: &str) -> &mut T {
        let place = match self.places.get(run) {
            Some(place) => *place,
            None => {
                self.places.insert(run.to_owned(), self.runs.len());
                self.runs.push((run.to_owned(), T::default()));
                self.runs.len() - 1
            }
        };
        &mut self.runs[place].1
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = (String, T)> {
        self.runs.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "{\"format\":\"otto-conformance-wire\",\"version\":1}\n";

    fn items(text: &[u8]) -> Vec<Item> {
        let (mut reader, _) = Reader::open(text).expect("a recording");
        let mut items = Vec::new();
        while let Some(item) = reader.next().expect("bytes") {
            items.push(item);
        }
        items
    }

    #[test]
    fn what_is_not_a_recording_is_said_to_be_none() {
        let why = |text: &str| match Reader::open(text.as_bytes()) {
            Ok(_) => panic!("{text:?} is no recording"),
            Err(why) => why.to_string(),
        };
        assert_eq!(why(""), "it is empty");
        assert!(why("hello\n").contains("first line"));
        assert!(why("{}\n").contains("first line"));
        assert!(why(&HEAD.replace('1', "2")).contains("version 2"));
    }

    #[test]
    fn a_line_that_is_none_is_shown_and_the_next_one_read() {
        let dropped = r#"{"run":"a","dropped":2}"#;
        let text = format!("{HEAD}\x1b[2J garbage\n{dropped}\n{}", &dropped[..9]);
        let items = items(text.as_bytes());
        let [first, second, third] = &items[..] else {
            panic!("{items:?}")
        };
        let Item::Unreadable { number: 2, why } = first else {
            panic!("{first:?}")
        };
        assert!(why.starts_with("\"\\x1b[2J"), "{why}");
        assert_eq!(*second, Item::Line(Line::of_dropped("a", 2)));
        assert!(matches!(third, Item::Unreadable { number: 4, .. }));
    }

    #[test]
    fn values_that_nest_too_deep_are_not_read() {
        let deep = "[".repeat(100_000);
        let items = items(format!("{HEAD}{{\"run\":{deep}").as_bytes());
        assert!(matches!(&items[..], [Item::Unreadable { .. }]));
    }
}
