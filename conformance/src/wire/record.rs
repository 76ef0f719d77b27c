//! What went over a connection, in order, with times.

use std::time::{Duration, Instant};

use super::decode::{self, Answer, Decoded, Message, Questions};
use super::detail::Detail;
use super::frames::{Frames, Piece};
use super::value::Limit;

/// How many messages are kept: more than any case has use for, and few enough to be searched.
const KEPT_MESSAGES: usize = 5_000;
/// How much a plugin may send in all, in bytes.
const BELIEVED_BYTES: u64 = 256 << 20;
/// How much decoded content is kept, in bytes.
const KEPT_CONTENT: usize = 8 << 20;
/// How much of the messages themselves is kept, in bytes.
const KEPT_RAW: usize = 8 << 20;

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Party {
    Host,
    Plugin,
}

impl Party {
    /// The one that it talks to.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Host => Self::Plugin,
            Self::Plugin => Self::Host,
        }
    }
}

/// A message, or what came in the place of one.
#[derive(Debug)]
pub(crate) struct Event {
    /// Since the start of the case.
    pub(crate) at: Duration,
    pub(crate) from: Party,
    pub(crate) message: Message,
    /// The message in one line, for people.
    pub(crate) line: String,
    /// What there is to know of it.
    pub(crate) detail: Detail,
    pub(crate) bytes: usize,
    /// The message itself, with its segment table. Empty if there was no room for it.
    pub(crate) raw: Vec<u8>,
}

/// The record of one connection.
#[derive(Debug)]
pub(crate) struct Record {
    began: Instant,
    events: Vec<Event>,
    content: usize,
    raw: usize,
    dropped: u64,
    host: Frames,
    plugin: Frames,
    questions: Questions,
}

impl Record {
    /// Times are counted from `began`.
    pub(crate) fn new(began: Instant) -> Self {
        Self {
            began,
            events: Vec::new(),
            content: 0,
            raw: 0,
            dropped: 0,
            host: Frames::default(),
            plugin: Frames::default(),
            questions: Questions::default(),
        }
    }

    /// Takes what one side has sent.
    pub(crate) fn take(&mut self, from: Party, bytes: &[u8]) {
        let at = self.began.elapsed();
        let frames = match from {
            Party::Host => &mut self.host,
            Party::Plugin => &mut self.plugin,
        };
        for piece in frames.push(bytes) {
            if self.events.len() >= KEPT_MESSAGES {
                self.dropped += 1;
                continue;
            }
            let limit = match self.content < KEPT_CONTENT {
                true => Limit::RECORD,
                false => Limit::LINE,
            };
            let read = decode::piece(&piece, from, &mut self.questions, limit);
            self.content += read.detail.kept();
            let Decoded {
                message,
                line,
                detail,
            } = read;
            let bytes = piece.bytes();
            let raw = match piece {
                Piece::Message(message) if self.raw + message.len() <= KEPT_RAW => message,
                _ => Vec::new(),
            };
            self.raw += raw.len();
            self.events.push(Event {
                at,
                from,
                message,
                line,
                detail,
                bytes,
                raw,
            });
        }
    }

    /// Everything that was kept, in order.
    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    /// How many messages were not kept.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether the plugin has sent more than any case asks for. Each message costs the RPC library
    /// memory, which has no bound there.
    pub(crate) fn is_flooded(&self) -> bool {
        self.events.len() >= KEPT_MESSAGES || self.plugin.total() > BELIEVED_BYTES
    }

    /// How many bytes one side has sent.
    pub(crate) fn bytes(&self, from: Party) -> u64 {
        match from {
            Party::Host => self.host.total(),
            Party::Plugin => self.plugin.total(),
        }
    }

    /// Whether one side has sent a message, or what cannot become one.
    pub(crate) fn has_spoken(&self, party: Party) -> bool {
        self.events.iter().any(|event| event.from == party)
    }

    /// The beginning of a message of the plugin's whose end has not come.
    pub(crate) fn unfinished(&self) -> &[u8] {
        self.plugin.unfinished()
    }

    /// How the nth of the host's bootstrap questions was answered, counted from 1.
    pub(crate) fn bootstrap(&self, nth: usize) -> Option<Answer> {
        let asked = self
            .events
            .iter()
            .enumerate()
            .filter(|(_, event)| event.from == Party::Host);
        let mut asked = asked.filter_map(|(index, event)| match event.message {
            Message::Bootstrap { question } => Some((index, question)),
            _ => None,
        });
        let (index, asked) = asked.nth(nth - 1)?;
        self.events[index..]
            .iter()
            .find_map(|event| match event.message {
                Message::Return { question, answer } if question == asked => {
                    (event.from == Party::Plugin).then_some(answer)
                }
                _ => None,
            })
    }

    /// The questions that the host asked of this method, with the number of answers to each.
    pub(crate) fn answers(&self, method: (u64, u16)) -> Vec<(u32, usize)> {
        let mut answers: Vec<(u32, usize)> = Vec::new();
        for event in &self.events {
            match (&event.message, event.from) {
                (
                    Message::Call {
                        question,
                        interface,
                        ordinal,
                    },
                    Party::Host,
                ) if (*interface, *ordinal) == method => {
                    answers.push((*question, 0));
                }
                (Message::Return { question, .. }, Party::Plugin) => {
                    // A number may be used again: the answer is to the last question that has it.
                    let asked = answers
                        .iter_mut()
                        .rev()
                        .find(|(asked, _)| asked == question);
                    if let Some((_, count)) = asked {
                        *count += 1;
                    }
                }
                _ => {}
            }
        }
        answers
    }
}
