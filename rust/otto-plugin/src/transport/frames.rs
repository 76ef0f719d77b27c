//! The frames of a connection, checked as their bytes come in.
//!
//! Cap'n Proto's framing: the number of segments less one and the size of each, as little-endian
//! 32-bit numbers, padded to whole words of 8 bytes, then the segments. Checked here, before
//! anything is allocated for them.

use std::collections::VecDeque;

use crate::limits::{MESSAGE_BYTES, SEGMENTS};

/// How many of the first bytes are kept, to show what a peer sent that speaks something else.
const FIRST_BYTES: usize = 64;

/// A frame that is not to be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("a message has {segments} segments, and the limit segments is {SEGMENTS}")]
    Segments { segments: u64 },
    #[error("a message is {bytes} bytes long, and the limit messageBytes is {MESSAGE_BYTES}")]
    Size { bytes: u64 },
}

/// Follows the frames of one direction of a connection.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    state: State,
    complete: u64,
    first: Vec<u8>,
    /// The sizes of the whole frames that nobody has asked for yet, in bytes.
    sizes: VecDeque<u64>,
    /// Whether the limits do not matter.
    unlimited: bool,
}

#[derive(Debug)]
enum State {
    /// In the header, of which this much has been read.
    Header {
        word: [u8; 4],
        filled: usize,
        segments: Option<u64>,
        read: u64,
        bytes: u64,
    },
    /// In the padding or the segments, with this many bytes to go.
    Body { left: u64, size: u64 },
}

impl Default for State {
    fn default() -> Self {
        Self::Header {
            word: [0; 4],
            filled: 0,
            segments: None,
            read: 0,
            bytes: 0,
        }
    }
}

impl Frames {
    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), FrameError> {
        let room = FIRST_BYTES.saturating_sub(self.first.len());
        self.first.extend(bytes.iter().take(room));
        while !bytes.is_empty() {
            match &mut self.state {
                State::Body { left, .. } => {
                    let step = (*left).min(bytes.len() as u64);
                    *left -= step;
                    bytes = &bytes[usize::try_from(step).unwrap_or(bytes.len())..];
                }
                State::Header { word, filled, .. } => {
                    let step = (4 - *filled).min(bytes.len());
                    word[*filled..*filled + step].copy_from_slice(&bytes[..step]);
                    *filled += step;
                    bytes = &bytes[step..];
                    if *filled == 4 {
                        self.header_word()?;
                    }
                }
            }
            if let State::Body { left: 0, size } = self.state {
                self.state = State::default();
                self.complete += 1;
                self.sizes.push_back(size);
            }
        }
        Ok(())
    }

    /// Follows frames that this side made, whatever their size.
    pub(crate) fn unlimited() -> Self {
        Self {
            unlimited: true,
            ..Self::default()
        }
    }

    /// Takes the size of the next whole frame, in bytes, without its header.
    pub(crate) fn take(&mut self) -> Option<u64> {
        self.sizes.pop_front()
    }

    /// How many whole frames have come.
    pub(crate) fn complete(&self) -> u64 {
        self.complete
    }

    /// The first bytes that came.
    pub(crate) fn first(&self) -> &[u8] {
        &self.first
    }

    /// Takes one number of the header.
    fn header_word(&mut self) -> Result<(), FrameError> {
        let State::Header {
            word,
            filled,
            segments,
            read,
            bytes,
        } = &mut self.state
        else {
            return Ok(());
        };
        let number = u64::from(u32::from_le_bytes(*word));
        *filled = 0;
        match segments {
            None => {
                if number + 1 > u64::from(SEGMENTS) && !self.unlimited {
                    return Err(FrameError::Segments {
                        segments: number + 1,
                    });
                }
                *segments = Some(number + 1);
            }
            Some(segments) => {
                *read += 1;
                *bytes += number * 8;
                if *bytes > MESSAGE_BYTES && !self.unlimited {
                    return Err(FrameError::Size { bytes: *bytes });
                }
                if read == segments {
                    // The header is padded to a whole number of words.
                    let padding = if *segments % 2 == 0 { 4 } else { 0 };
                    self.state = State::Body {
                        left: *bytes + padding,
                        size: *bytes,
                    };
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(segments: &[u32]) -> Vec<u8> {
        let mut bytes = (u32::try_from(segments.len()).unwrap() - 1)
            .to_le_bytes()
            .to_vec();
        for words in segments {
            bytes.extend(words.to_le_bytes());
        }
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        let words: u32 = segments.iter().sum();
        bytes.extend(std::iter::repeat_n(7, words as usize * 8));
        bytes
    }

    #[test]
    fn frames_are_told_apart_however_their_bytes_are_cut() {
        let stream: Vec<u8> = [
            frame(&[3]),
            frame(&[0]),
            frame(&[1, 2]),
            frame(&[5, 0, 1, 9]),
        ]
        .concat();
        for size in [1, 2, 3, 5, 8, 13, 64, stream.len()] {
            let mut frames = Frames::default();
            for chunk in stream.chunks(size) {
                frames.feed(chunk).unwrap();
            }
            assert_eq!(frames.complete(), 4, "in chunks of {size}");
            let sizes: Vec<_> = std::iter::from_fn(|| frames.take()).collect();
            assert_eq!(sizes, [24, 0, 24, 120]);
            assert_eq!(frames.first(), &stream[..64]);
        }
    }

    #[test]
    fn too_many_segments_are_refused_by_their_number() {
        let error = Frames::default().feed(b"junk").unwrap_err();
        assert_eq!(
            error,
            FrameError::Segments {
                segments: 0x6b6e_756a + 1
            }
        );
        assert!(Frames::default().feed(&255_u32.to_le_bytes()).is_ok());
        assert!(Frames::default().feed(&256_u32.to_le_bytes()).is_err());
    }

    #[test]
    fn a_message_over_the_limit_is_refused_by_its_header() {
        let limit = u32::try_from(MESSAGE_BYTES / 8).unwrap();
        let header = |words: u32| [0_u32.to_le_bytes(), words.to_le_bytes()].concat();
        assert!(Frames::default().feed(&header(limit)).is_ok());
        let error = Frames::default().feed(&header(limit + 1)).unwrap_err();
        assert_eq!(
            error,
            FrameError::Size {
                bytes: MESSAGE_BYTES + 8
            }
        );
    }
}
