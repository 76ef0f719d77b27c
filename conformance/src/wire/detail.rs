//! A message in the form in which a recording has it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::shown::Shown;

/// What there is to know of a message, without what is secret, and without what is too long. Fields
/// that a kind of message does not have are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Detail {
    pub(crate) kind: Kind,
    /// The number of the question that is asked, answered, or needed no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) question: Option<u32>,
    /// The interface of a call, by its name, or by its number after an `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) interface: Option<String>,
    /// The method of a call, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<String>,
    /// What a call or an embargo is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<Target>,
    /// How a question was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<How>,
    /// The parameters of a call, or the results in an answer. Absent if their type is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<Shown>,
    /// The capabilities that come with the content, in the order of its table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) capabilities: Vec<Capability>,
    /// Why a question, a promise or the connection failed, or why this is no message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// The number of a capability of the receiver's that is given back, or of a promise of the
    /// sender's that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) export: Option<u32>,
    /// How many references are given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) references: Option<u32>,
    /// Whether the capabilities that came with the question are given back by this answer, or those
    /// that came with the answer by this end of the question.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) gives_back: bool,
    /// Whether this answer is the end of the question, without a finish.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) finishes: bool,
    /// The kind of the message that the sender does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<Kind>,
    /// Which embargo, and who put it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) embargo: Option<String>,
}

impl Detail {
    /// A message of this kind, of which nothing else is known yet.
    pub(super) fn of(kind: Kind) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }

    /// How much of the message is kept, in bytes and about.
    pub(super) fn kept(&self) -> usize {
        let content = self.content.as_ref().map_or(0, Shown::kept);
        content + self.reason.as_ref().map_or(0, String::len)
    }

    /// What is no message, and why.
    pub(super) fn unreadable(why: impl Into<String>) -> Self {
        Self {
            reason: Some(why.into()),
            ..Self::of(Kind::Unreadable)
        }
    }
}

/// The kind of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Kind {
    Bootstrap,
    Call,
    Return,
    Finish,
    Resolve,
    Release,
    Disembargo,
    Abort,
    Unimplemented,
    Provide,
    Accept,
    Join,
    /// One that Cap'n Proto has given up, or one from after this program.
    Other,
    /// Bytes that are no message.
    #[default]
    Unreadable,
}

impl Kind {
    /// The name that Cap'n Proto has for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bootstrap => "bootstrap",
            Self::Call => "call",
            Self::Return => "return",
            Self::Finish => "finish",
            Self::Resolve => "resolve",
            Self::Release => "release",
            Self::Disembargo => "disembargo",
            Self::Abort => "abort",
            Self::Unimplemented => "unimplemented",
            Self::Provide => "provide",
            Self::Accept => "accept",
            Self::Join => "join",
            Self::Other => "other",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What a call is made on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Target {
    /// A capability that the receiver has exported under this number.
    Capability(u32),
    /// A capability in the answer to a question of the sender's: its number, and the fields to it.
    Answer(u32, Vec<String>),
    /// Something that this program does not know.
    Unknown(u16),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capability(id) => write!(f, "cap#{id}"),
            Self::Answer(question, fields) => {
                write!(f, "answer q{question}")?;
                fields.iter().try_for_each(|field| write!(f, ".{field}"))
            }
            Self::Unknown(number) => write!(f, "a target of unknown type {number}"),
        }
    }
}

/// How a question was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum How {
    Results,
    /// There is nothing in the results, or only a capability that is none.
    Null,
    Exception,
    Canceled,
    /// In some other place than this answer.
    Elsewhere,
}

/// A capability that comes with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Capability {
    None,
    /// One of the sender's, exported under this number.
    Sender(u32),
    /// A promise of the sender's, exported under this number.
    SenderPromise(u32),
    /// One of the receiver's own, which it has exported under this number.
    Receiver(u32),
    /// One in the answer to this question of the sender's.
    ReceiverAnswer(u32),
    ThirdParty,
    Unknown(u16),
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("cap#none"),
            Self::Sender(id) => write!(f, "cap#{id}"),
            Self::SenderPromise(id) => write!(f, "cap#{id}(promise)"),
            Self::Receiver(id) => write!(f, "cap#{id}(receiver's)"),
            Self::ReceiverAnswer(question) => write!(f, "answer q{question}"),
            Self::ThirdParty => f.write_str("cap#(third party's)"),
            Self::Unknown(number) => write!(f, "cap#(unknown type {number})"),
        }
    }
}
