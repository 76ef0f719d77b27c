//! A recording, for programs: an object in each line, with what the messages have to do with each
//! other.

use std::io;

use serde::Serialize;

use super::reader::{Item, Runs};
use super::recording::{Line, Message};
use super::session::{Context, Held, Session, Unanswered};
use crate::report::Screen;

/// The version of this form.
const FORMAT: u32 = 1;

/// A line of the output.
#[derive(Serialize)]
struct Object<'a> {
    format: u32,
    #[serde(flatten)]
    what: What<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum What<'a> {
    /// The beginning, with the case that left the recording, if one did.
    Recording {
        #[serde(skip_serializing_if = "Option::is_none")]
        case: Option<&'a str>,
    },
    Message {
        #[serde(flatten)]
        message: &'a Message,
        /// The method of the question that this is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        asked: Option<String>,
        /// How long after its question an answer came, in seconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<f64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        oddity: Option<String>,
    },
    /// Something else that the recording has.
    Event {
        #[serde(flatten)]
        line: &'a Line,
    },
    /// A line that is not one of a recording.
    Unreadable { number: usize, why: &'a str },
    /// What is left open in a run.
    End {
        run: String,
        unanswered: Vec<Unanswered>,
        held: Vec<Held>,
    },
}

/// Prints lines as they come, and what is left open at the end.
pub(super) struct Json<'a> {
    screen: &'a mut Screen,
    runs: Runs<Session>,
}

impl<'a> Json<'a> {
    pub(super) fn new(screen: &'a mut Screen) -> Self {
        Self {
            screen,
            runs: Runs::default(),
        }
    }

    pub(super) fn take(&mut self, item: &Item) -> io::Result<()> {
        match item {
            Item::Line(Line::Message(message)) => {
                let Context {
                    method,
                    after,
                    oddity,
                    ..
                } = self.runs.of(&message.run).take(message);
                self.print(What::Message {
                    message,
                    asked: method,
                    after,
                    oddity,
                })
            }
            Item::Line(Line::Head(head)) => self.print(What::Recording {
                case: head.case.as_deref(),
            }),
            Item::Line(line) => self.print(What::Event { line }),
            Item::Unreadable { number, why } => self.print(What::Unreadable {
                number: *number,
                why,
            }),
        }
    }

    /// What is left open in each session.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let runs = std::mem::take(&mut self.runs);
        runs.into_iter().try_for_each(|(run, session)| {
            self.print(What::End {
                run,
                unanswered: session.unanswered(),
                held: session.held(),
            })
        })
    }

    fn print(&mut self, what: What<'_>) -> io::Result<()> {
        let object = Object {
            format: FORMAT,
            what,
        };
        let json = serde_json::to_string(&object)?;
        self.screen.answer(format_args!("{json}"))
    }
}
