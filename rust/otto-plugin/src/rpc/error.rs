//! What can become of a call.

use std::io;
use std::sync::Arc;

use super::convert::{Malformed, Unsendable};
use super::link::Disconnect;
use crate::bindings::error::{Error, ErrorKind};

/// Whether a call that did not succeed has had an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The callee answered: it has failed, and knows so.
    Failed,
    /// Nothing was sent. The call can be made again.
    NotStarted,
    /// No answer came. It may have done everything, a part, or nothing.
    Unknown,
}

/// A call that did not succeed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The connection was lost before the answer came.
    #[error("{method}: the connection was lost before the answer came: {reason}")]
    Disconnected {
        /// The method that was called, as `Interface.method`.
        method: String,
        /// Whether the call had been sent.
        sent: bool,
        /// Why there is no connection.
        reason: Disconnect,
    },
    /// The callee answered with an error. What to do depends on its kind.
    #[error("{}", .0.message)]
    Failed(Error),
    /// The callee answered with an exception: a bug or a crash in it, or a method that it does not
    /// have.
    #[error("{method} failed in the callee: {message}")]
    Fault {
        /// The method that was called, as `Interface.method`.
        method: String,
        /// Whether the callee does not have the method.
        unimplemented: bool,
        /// The text of the exception, without the prefixes that libraries add.
        message: String,
    },
    /// The answer is not what the schema wants it to be.
    #[error("{method} was answered wrongly: {what}")]
    Misbehaved {
        /// The method that was called, as `Interface.method`.
        method: String,
        /// What is wrong.
        what: Malformed,
    },
    /// This process is short of something.
    #[error("{method} could not be called: {source}")]
    System {
        /// The method that was called, as `Interface.method`.
        method: String,
        /// What the operating system says.
        source: Arc<io::Error>,
    },
    /// The parameters cannot be sent. Nothing was.
    #[error("{method} was not called: {what}")]
    Unsendable {
        /// The method that was called, as `Interface.method`.
        method: String,
        /// What is wrong with them.
        what: Unsendable,
    },
}

impl CallError {
    /// Whether the call has had an effect.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Disconnected { sent: true, .. } | Self::Misbehaved { .. } => Outcome::Unknown,
            Self::Failed(_) | Self::Fault { .. } => Outcome::Failed,
            Self::Disconnected { .. } | Self::System { .. } | Self::Unsendable { .. } => {
                Outcome::NotStarted
            }
        }
    }

    /// The error that the callee answered with, if it did.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// Makes sense of an exception.
    pub(crate) fn fault(method: &super::Method, error: &capnp::Error) -> Self {
        let mut message = error.extra.as_str();
        while let Some(rest) = message.strip_prefix("remote exception: ") {
            message = rest;
        }
        Self::Fault {
            method: method.to_string(),
            unimplemented: error.kind == capnp::ErrorKind::Unimplemented,
            message: message.to_owned(),
        }
    }
}

/// Passes an error on as one's own: what the callee answered with stays as it is, and anything else
/// becomes an error without a more precise kind.
impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Failed(error) => error,
            other => {
                let kind = match &other {
                    CallError::Unsendable { what, .. } => match what {
                        Unsendable::Capabilities { .. }
                        | Unsendable::Chunk { .. }
                        | Unsendable::Depth { .. }
                        | Unsendable::Length { .. }
                        | Unsendable::Size { .. } => ErrorKind::LimitExceeded,
                        Unsendable::Unknown { .. } | Unsendable::Unwritable { .. } => {
                            ErrorKind::Unspecified
                        }
                    },
                    _ => ErrorKind::Unspecified,
                };
                Self::new(kind, other.to_string())
            }
        }
    }
}
