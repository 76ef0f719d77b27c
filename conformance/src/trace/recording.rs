//! The form of a recording: a file of lines, each of which is an object in JSON.
//!
//! Cases leave their messages in it, and `trace between` the sessions that it stands between. The
//! sessions of one file are told apart by `run`, and their lines may be mixed.

use std::io::{self, Write};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::wire::{Detail, Event, Party};

/// What a recording says of itself in its first line.
pub(crate) const FORMAT: &str = "otto-conformance-wire";
/// The version of the form.
pub(crate) const VERSION: u32 = 1;

/// A line of a recording.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Line {
    Head(Head),
    Message(Box<Message>),
    Started(Started),
    Ended(Ended),
    Cut(Cut),
    Dropped(Dropped),
}

/// The first line.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) format: String,
    pub(crate) version: u32,
    /// The case that left this, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) case: Option<String>,
}

/// A message, or what came in the place of one.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) run: String,
    /// In seconds since the run began, by a clock that is never set.
    #[serde(rename = "t")]
    pub(crate) at: f64,
    pub(crate) from: Party,
    pub(crate) bytes: usize,
    /// All of it in one line, for people.
    pub(crate) line: String,
    #[serde(flatten)]
    pub(crate) detail: Detail,
    /// The bytes, in hexadecimal digits, if it was asked for them. Nothing is left out of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) raw: Option<String>,
}

/// A session has begun.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Started {
    pub(crate) run: String,
    /// The file of the plugin.
    pub(crate) started: String,
    /// How the host was reached: `inherited`, `unix` or `tcp`.
    pub(crate) transport: String,
}

/// The process of the plugin has ended.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ended {
    pub(crate) run: String,
    #[serde(rename = "t")]
    pub(crate) at: f64,
    /// How.
    pub(crate) ended: String,
}

/// One side has ended its half of the connection.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cut {
    pub(crate) run: String,
    #[serde(rename = "t")]
    pub(crate) at: f64,
    pub(crate) from: Party,
    /// How: `end of file`, or an error.
    pub(crate) cut: String,
    /// How many bytes of a message had come whose end had not.
    pub(crate) unfinished: usize,
}

/// Messages are missing here.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Dropped {
    pub(crate) run: String,
    pub(crate) dropped: u64,
}

impl Line {
    /// The first line of any recording.
    pub(crate) fn head(case: Option<&str>) -> Self {
        Self::Head(Head {
            format: FORMAT.to_owned(),
            version: VERSION,
            case: case.map(str::to_owned),
        })
    }

    /// A message of a case.
    pub(crate) fn of_event(run: &str, event: &Event) -> Self {
        Self::Message(Box::new(Message {
            run: run.to_owned(),
            at: seconds(event.at),
            from: event.from,
            bytes: event.bytes,
            line: event.line.clone(),
            detail: event.detail.clone(),
            raw: None,
        }))
    }

    /// How many messages of a run were not kept.
    pub(crate) fn of_dropped(run: &str, dropped: u64) -> Self {
        let run = run.to_owned();
        Self::Dropped(Dropped { run, dropped })
    }

    /// Writes the line, and its end.
    pub(crate) fn write(&self, mut to: impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut to, self)?;
        to.write_all(b"\n")
    }
}

/// A time as a recording has it: to the microsecond.
pub(crate) fn seconds(time: Duration) -> f64 {
    Duration::from_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX)).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_as_it_was_written() {
        let run = || "one".to_owned();
        let detail = serde_json::from_str(r#"{"kind":"call","question":3,"interface":"App"}"#);
        let lines = [
            Line::head(Some("MET-01")),
            Line::head(None),
            Line::Message(Box::new(Message {
                run: run(),
                at: 0.25,
                from: Party::Plugin,
                bytes: 16,
                line: "call q3".to_owned(),
                detail: detail.expect("a message"),
                raw: Some("00".to_owned()),
            })),
            Line::Started(Started {
                run: run(),
                started: "/otto-app-x".to_owned(),
                transport: "unix".to_owned(),
            }),
            Line::Ended(Ended {
                run: run(),
                at: 1.0,
                ended: "exited with status 0".to_owned(),
            }),
            Line::Cut(Cut {
                run: run(),
                at: 0.5,
                from: Party::Host,
                cut: "end of file".to_owned(),
                unfinished: 3,
            }),
            Line::of_dropped("one", 7),
        ];
        for line in lines {
            let mut json = Vec::new();
            line.write(&mut json).expect("room");
            let read: Line = serde_json::from_slice(&json).expect("a line");
            assert_eq!(read, line);
        }
    }
}
