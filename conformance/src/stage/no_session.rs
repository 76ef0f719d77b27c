//! What was seen of a plugin that did not answer an ordinary start, and what its author can do.

use super::Stage;
use crate::process::{Exit, Process};
use crate::wire::{Link, Message, Party};

/// What such a plugin did in the place of serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoSession {
    /// It said what is no message of Cap'n Proto's.
    Garbage,
    /// It ended.
    Ended,
    /// A signal ended it.
    Crashed,
    /// It runs, and has ended the connection.
    HungUp,
    /// It runs, and has said nothing.
    Silent,
    /// It spoke, but did not answer as a plugin does.
    Spoke,
}

impl NoSession {
    fn of(process: &Process, link: &Link, is_over: bool) -> Self {
        let (is_garbage, has_spoken) = link.record(|record| {
            let mut theirs = record.events().iter().filter(|it| it.from == Party::Plugin);
            let is_malformed = theirs.any(|it| matches!(it.message, Message::Malformed));
            // Too little to be a message is none, if it is all that came.
            let is_a_part = !record.has_spoken(Party::Plugin) && !record.unfinished().is_empty();
            (is_malformed || is_a_part, record.has_spoken(Party::Plugin))
        });
        match process.exit() {
            _ if is_garbage => Self::Garbage,
            Some(Exit::Signal(_)) => Self::Crashed,
            Some(Exit::Status(_) | Exit::Unseen) => Self::Ended,
            None if is_over => Self::HungUp,
            None if has_spoken => Self::Spoke,
            None => Self::Silent,
        }
    }

    /// Where to look first.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::Garbage => {
                "what it wrote to the socket is no message of Cap'n Proto: nothing else goes there, \
                 no greeting, no text and no JSON. What is for people goes to stderr, and a message \
                 is its segment table and its segments, unpacked (chapter 5 of spec/; chapter 19 has \
                 a first session byte for byte)"
            }
            Self::Ended => {
                "it ended in the place of serving: with the cookie in OTTO_PLUGIN_MAGIC_COOKIE, a \
                 plugin stays, and answers Cap'n Proto RPC on the socket whose number is in \
                 OTTO_PLUGIN_FD until its host is gone (LA-4, LI-2); what it said last is under \
                 stderr and stdout. In Rust, `otto_plugin::serve(…)` in `main` does all of it"
            }
            Self::Crashed => {
                "it crashed while it started, or while it answered the first calls: what it said \
                 last is under stderr, and the record has all of it"
            }
            Self::HungUp => {
                "it runs, and has closed the socket in OTTO_PLUGIN_FD: a plugin keeps it, and serves \
                 Cap'n Proto RPC on it, until its host is gone (LA-4); what it said last is under \
                 stderr"
            }
            Self::Silent => {
                "it runs, and has said nothing on the socket whose number is in OTTO_PLUGIN_FD: read \
                 the calls of the host from there, and answer them with Cap'n Proto RPC (LA-4, \
                 LA-6). A port of its own, standard input and standard output are nothing to a host. \
                 In Rust, `otto_plugin::serve(…)` in `main` does all of it; chapter 19 of spec/ has \
                 a first session byte for byte"
            }
            Self::Spoke => {
                "it speaks Cap'n Proto RPC, and does not answer the first calls as a plugin does: \
                 its bootstrap capability is `Plugin`, whose `connect` answers with a session (HS-1, \
                 HS-3); the record has every message"
            }
        }
    }
}

impl Stage<'_> {
    /// Keeps for the report what a plugin did that gave no session. The RPC on its link may be over.
    pub(super) fn gave_no_session(&self, process: &Process, link: &Link, is_over: bool) {
        self.report.borrow_mut().no_session = Some(NoSession::of(process, link, is_over));
    }

    /// Keeps that a plugin was silent in another case, so that none was started in this one.
    pub(super) fn is_not_tried(&self) {
        self.report.borrow_mut().no_session = Some(NoSession::Silent);
    }
}
