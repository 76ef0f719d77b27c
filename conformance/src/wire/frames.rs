//! Cuts a stream of bytes into the messages it carries.
//!
//! What arrives may be anything, so nothing here believes a size before it has been checked.

use std::mem;

/// The largest message that is kept whole: the limit of the protocol.
const KEPT_BYTES: usize = 16 << 20;
/// The largest message that is believed at all: what a reader of Cap'n Proto accepts by default.
const BELIEVED_BYTES: usize = 64 << 20;
/// The largest number of segments that is believed.
const BELIEVED_SEGMENTS: usize = 512;
/// How much of what is no message is kept to be shown.
const JUNK_SHOWN: usize = 64;

/// A piece of the stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A whole message, with its segment table.
    Message(Vec<u8>),
    /// A message above the limit of the protocol, which was not kept.
    Oversized { bytes: usize },
    /// From here on the stream carries no messages. Said once.
    Junk { why: String, first: Vec<u8> },
}

impl Piece {
    /// How many bytes it is, or of what is no message, how many are kept.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Message(message) => message.len(),
            Self::Oversized { bytes } => *bytes,
            Self::Junk { first, .. } => first.len(),
        }
    }
}

/// The state of one direction.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    pending: Vec<u8>,
    skipping: usize,
    broken: bool,
    total: u64,
}

impl Frames {
    /// Takes the next bytes, and returns what they complete.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Vec<Piece> {
        self.total += bytes.len() as u64;
        let mut pieces = Vec::new();
        while !bytes.is_empty() && !self.broken {
            if self.skipping > 0 {
                let skipped = self.skipping.min(bytes.len());
                self.skipping -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            self.pending.extend_from_slice(bytes);
            bytes = &[];
            while let Some(piece) = self.cut() {
                pieces.push(piece);
            }
        }
        pieces
    }

    /// How many bytes there have been.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The beginning of a message whose end has not come.
    pub(crate) fn unfinished(&self) -> &[u8] {
        &self.pending
    }

    fn cut(&mut self) -> Option<Piece> {
        if self.broken {
            return None;
        }
        match measure(&self.pending) {
            Measure::Unknown => None,
            Measure::Nonsense(why) => {
                self.broken = true;
                let mut first = mem::take(&mut self.pending);
                first.truncate(JUNK_SHOWN);
                Some(Piece::Junk { why, first })
            }
            Measure::Bytes(bytes) if bytes > KEPT_BYTES => {
                let there = self.pending.len().min(bytes);
                self.skipping = bytes - there;
                self.pending.drain(..there);
                Some(Piece::Oversized { bytes })
            }
            Measure::Bytes(bytes) if self.pending.len() >= bytes => {
                let rest = self.pending.split_off(bytes);
                Some(Piece::Message(mem::replace(&mut self.pending, rest)))
            }
            Measure::Bytes(_) => None,
        }
    }
}

enum Measure {
    Unknown,
    Bytes(usize),
    Nonsense(String),
}

/// Reads the segment table: how long is the message that begins here?
fn measure(bytes: &[u8]) -> Measure {
    let Some(segments) = word(bytes, 0).map(|count| count as usize + 1) else {
        return Measure::Unknown;
    };
    if segments > BELIEVED_SEGMENTS {
        return Measure::Nonsense(format!("a message of {segments} segments"));
    }
    let table = (4 * (segments + 1)).next_multiple_of(8);
    let mut size = table;
    for segment in 0..segments {
        let Some(words) = word(bytes, segment + 1) else {
            return Measure::Unknown;
        };
        size += words as usize * 8;
        if size > BELIEVED_BYTES {
            return Measure::Nonsense(format!("a message of at least {size} bytes"));
        }
    }
    Measure::Bytes(size)
}

fn word(bytes: &[u8], index: usize) -> Option<u32> {
    let bytes = bytes.get(index * 4..index * 4 + 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(words: u32) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 0];
        bytes.extend(words.to_le_bytes());
        bytes.extend(vec![7; words as usize * 8]);
        bytes
    }

    #[test]
    fn messages_are_the_same_however_the_stream_is_cut() {
        let stream = [message(1), message(0), message(3)].concat();
        let expected: Vec<_> = [1, 0, 3].map(message).map(Piece::Message).into();
        for size in 1..=stream.len() {
            let mut frames = Frames::default();
            let pieces: Vec<_> = stream
                .chunks(size)
                .flat_map(|chunk| frames.push(chunk))
                .collect();
            assert_eq!(pieces, expected, "in chunks of {size} bytes");
            assert!(frames.unfinished().is_empty());
        }
    }

    #[test]
    fn text_is_no_message_and_is_said_so_once() {
        let mut frames = Frames::default();
        let pieces = frames.push(b"listening on /tmp/socket\n");
        assert!(
            matches!(&pieces[..], [Piece::Junk { first, .. }] if first.starts_with(b"listening"))
        );
        assert!(frames.push(b"more").is_empty());
        assert_eq!(frames.total(), 29);
    }

    #[test]
    fn a_message_above_the_limit_is_skipped_and_the_next_one_read() {
        let mut frames = Frames::default();
        let large = message(3 << 20);
        let mut pieces = frames.push(&large[..100]);
        pieces.extend(frames.push(&large[100..]));
        pieces.extend(frames.push(&message(1)));
        let bytes = large.len();
        assert_eq!(
            pieces,
            [Piece::Oversized { bytes }, Piece::Message(message(1))]
        );
    }

    #[test]
    fn a_size_that_cannot_be_is_not_waited_for() {
        let mut bytes = vec![0, 0, 0, 0];
        bytes.extend(u32::MAX.to_le_bytes());
        let pieces = Frames::default().push(&bytes);
        assert!(matches!(&pieces[..], [Piece::Junk { .. }]));
    }
}
