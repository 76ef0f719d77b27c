//! How an author makes an error.

use crate::bindings::error::{Error, ErrorKind, Location};
use crate::bindings::host::CancelReason;
use crate::rpc::Malformed;

impl Error {
    /// An error of `kind`, with one sentence about what happened.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            ..Self::default()
        }
    }

    /// What the caller sent, or what stands in the user's files, makes no sense.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// The method, named as `Interface.method`, is not done by this side.
    pub fn unsupported(method: &str) -> Self {
        Self::new(ErrorKind::Unsupported, format!("{method} is not supported"))
    }

    /// The method, named as `Interface.method`, was to stop, and did.
    pub fn cancelled(method: impl std::fmt::Display, reason: CancelReason) -> Self {
        let why = match reason {
            CancelReason::Shutdown => "the session is ending",
            CancelReason::Timeout => "it took longer than the host allows",
            CancelReason::User => "a person wanted it to stop",
            _ => "its caller wanted it to stop",
        };
        Self::new(
            ErrorKind::Cancelled,
            format!("{method} was cancelled: {why}"),
        )
    }

    /// Adds what the person can do next.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Adds what the error follows from, after what it has of it.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Self>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds where in the user's files it lies. Lines count from 1; 0 is the file as a whole.
    #[must_use]
    pub fn at(mut self, file: impl Into<String>, line: u32) -> Self {
        self.location = Some(Box::new(Location {
            file: file.into(),
            line,
        }));
        self
    }

    pub(crate) fn revoked(method: impl std::fmt::Display) -> Self {
        let message = format!("{method} was called after the call it was lent for had ended");
        Self::new(ErrorKind::Revoked, message)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.causes.first().map(|cause| cause as _)
    }
}

/// What the other side of a [stream](crate::stream) said stays as it is, and anything else becomes
/// an error without a more precise kind.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(error) => error,
            Err(error) => Self::new(ErrorKind::Unspecified, error.to_string()),
        }
    }
}

impl From<Malformed> for Error {
    fn from(error: Malformed) -> Self {
        let kind = match error {
            Malformed::Depth { .. } => ErrorKind::LimitExceeded,
            Malformed::Unknown { .. } => ErrorKind::Unsupported,
            _ => ErrorKind::Invalid,
        };
        Self::new(kind, error.to_string())
    }
}
