//! What happens on the screen, before it is known how it is shown.

use serde::Serialize;
use serde_json::{Map, Value};

use super::options::LogLevel;
use super::problem::{Level, Problem};

/// One thing that is shown. No secret is ever part of one. Text is as it came, except for `Raw`,
/// which has passed its filter: whoever shows it makes it fit for that.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// A part of the work begins.
    Header { text: String },
    /// What is being done.
    Message { text: String },
    /// What a person has to do, which is waited for.
    Request { text: String },
    /// What a person may want to know.
    Note { text: String },
    /// What a person should look at.
    Warning { text: String },
    /// Text shown as it is.
    Raw { text: String },
    /// A remark about the user's files.
    Diagnostic {
        #[serde(flatten)]
        problem: Problem,
    },
    /// A command has failed.
    Error {
        #[serde(flatten)]
        problem: Problem,
    },
    /// A line that a plugin has printed.
    Output {
        stream: Stream,
        line: String,
        /// How many bytes of the line are missing at its end.
        cut: usize,
    },
    /// Something that a plugin, or what serves it, noted.
    Log {
        level: LogLevel,
        target: String,
        message: String,
        fields: Map<String, Value>,
        logged_unix_ns: i64,
    },
    /// Something that takes time begins.
    TaskBegun {
        task: u64,
        title: String,
        /// How much there is to do, if it is known.
        total: Option<u64>,
        unit: Unit,
    },
    /// It is over.
    TaskEnded {
        task: u64,
        title: String,
        message: String,
        outcome: Outcome,
    },
    /// A question was answered. What the answer is stays out of it.
    Answered {
        id: String,
        query: String,
        source: Source,
        /// The environment variable that the answer was in.
        #[serde(skip_serializing_if = "Option::is_none")]
        variable: Option<String>,
    },
}

/// A stream of a plugin's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Stream {
    Stderr,
    Stdout,
}

/// What the numbers of a task count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unit {
    Bytes,
    Items,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Completed,
    GivenUp,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Source {
    Default,
    Environment,
    User,
}

impl Event {
    /// Whether it is shown to somebody who wants warnings, errors and questions only.
    pub(super) fn is_urgent(&self) -> bool {
        match self {
            Self::Request { .. } | Self::Warning { .. } | Self::Error { .. } => true,
            Self::Diagnostic { problem } => problem.level != Level::Note,
            Self::Log { level, .. } => *level >= LogLevel::Warn,
            Self::Header { .. }
            | Self::Message { .. }
            | Self::Note { .. }
            | Self::Raw { .. }
            | Self::Output { .. }
            | Self::TaskBegun { .. }
            | Self::TaskEnded { .. }
            | Self::Answered { .. } => false,
        }
    }
}
