//! Problems and remarks as Otto has them.

use otto_plugin::bindings::error::{Error, ErrorKind, Location};
use otto_plugin::bindings::host::{Diagnostic, Severity};

use crate::problem::{Place, Problem, Reason, Remark, Weight};

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        let kind = match problem.reason {
            Reason::Conflict => ErrorKind::Conflict,
            Reason::Denied => ErrorKind::Denied,
            Reason::Internal => ErrorKind::Unspecified,
            Reason::Invalid => ErrorKind::Invalid,
            Reason::LimitExceeded => ErrorKind::LimitExceeded,
            Reason::Unavailable => ErrorKind::Unavailable,
            Reason::Unsupported => ErrorKind::Unsupported,
        };
        Self {
            kind,
            message: problem.message,
            help: problem.help,
            causes: problem.causes.into_iter().map(Self::from).collect(),
            location: problem.place.map(|place| location(place).into()),
            supported: Vec::new(),
        }
    }
}

pub(super) fn diagnostic(remark: Remark) -> Diagnostic {
    Diagnostic {
        severity: match remark.weight {
            Weight::Note => Severity::Note,
            Weight::Warning => Severity::Warning,
        },
        summary: remark.summary,
        detail: remark.detail,
        location: remark.place.map(location),
    }
}

fn location(place: Place) -> Location {
    Location {
        file: place.file,
        line: place.line,
    }
}
