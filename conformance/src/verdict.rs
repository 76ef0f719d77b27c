//! What comes of a case, and of a run.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::exit;

/// Why a case failed, in one word that never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    // Any case.
    /// The control run failed, so that the case would prove nothing.
    ControlFailed,
    /// After the case, a new process did not answer `meta`.
    NotAliveAfterwards,
    /// The ordinary start that the case builds on failed.
    NoSession,
    /// The case as a whole took too long.
    CaseTimedOut,

    // The end of a process.
    /// It exited with the wrong status.
    ExitStatus,
    /// It exited with status 0 where that says that all is well.
    ExitStatusZero,
    /// A signal ended it.
    KilledBySignal,
    /// It was still running at the end of its time.
    StillRunning,
    /// It was still running after the connection had been reset.
    StillRunningAfterReset,

    // Its output.
    /// It wrote to stdout.
    StdoutNotEmpty,
    /// It wrote nothing to stderr.
    StderrEmpty,
    /// It wrote something else to stderr.
    StderrDiffers,
    /// It wrote more than one line to stderr.
    SeveralLines,
    /// It wrote to stderr, but not which variable is wrong.
    VariableNotNamed,
    /// It wrote to stderr, but not which address it means.
    AddressNotNamed,
    /// It wrote its token to stdout or stderr.
    TokenShown,
    /// It wrote to stderr, but not which limit was passed.
    LimitNotNamed,

    // What it must not touch.
    /// It served a host that did not give the cookie.
    Served,
    /// It dialled an address that it was not to dial.
    Dialled,
    /// It listens on an address.
    Listens,
    /// It left or changed a file.
    FileLeft,
    /// It left a process.
    ProcessLeft,
    /// It asked for the host's bootstrap capability.
    AskedBootstrap,
    /// It called a method of the host's.
    CalledHost,
    /// What it starts inherits its socket.
    Inheritable,

    // What it takes.
    /// It has more descriptors than before.
    DescriptorsGrew,
    /// It has more threads than before.
    ThreadsGrew,
    /// It has more memory than it may.
    MemoryGrew,
    /// It runs on a processor, and does nothing.
    Spins,

    // Its way to the host.
    /// It did not dial the address that it was given.
    NotDialled,
    /// It dialled, and said less than its token.
    TokenMissing,
    /// It dialled, and said something else in the place of its token.
    TokenDiffers,

    // Answers.
    /// A call was not answered with results.
    NotAnswered,
    /// A call was answered more than once.
    AnsweredTwice,
    /// A call was answered, but too late.
    TooSlow,
    /// The bootstrap capability is null.
    NullBootstrap,
    /// The second bootstrap gave nothing usable.
    SecondBootstrapRefused,
    /// The second `connect` was not refused.
    SecondConnectAccepted,
    /// A call on the promise of an answer was refused.
    PipelinedCallRefused,
    /// A call of a method that is not there was answered with results.
    UnknownMethodAccepted,
    /// A call that came later was answered as the first one.
    OutOfOrder,
    /// It went on with what it was to refuse.
    NotRefused,

    // Their content.
    /// The version of the protocol is not the highest that both sides speak.
    WrongVersion,
    /// A version of the protocol stands there more than once.
    VersionTwice,
    /// The name of a feature is none.
    FeatureName,
    /// The error is not of the kind that the rule names.
    ErrorKind,
    /// The exception is not of the type that the rule names.
    ExceptionType,
    /// The versions in the error are not those that the plugin speaks.
    SupportedDiffers,
    /// The file's name is no plugin's.
    FileName,
    /// The type is not the one in the file's name.
    TypeDiffers,
    /// The name is not the one in the file's name.
    NameDiffers,
    /// There is no tuple.
    NoTuples,
    /// A field of a tuple is empty.
    EmptyField,
    /// Two calls in one process were answered differently.
    DiffersBetweenCalls,
    /// Two processes answered differently.
    DiffersBetweenProcesses,
    /// A pattern of a detector is none.
    InvalidPattern,
    /// A detector has a type that no tuple has.
    ForeignType,
    /// A text is not UTF-8, or does not end with NUL.
    InvalidText,
    /// A message has something in it that the schema does not have.
    UnknownOrdinal,
    /// A message is larger than the host accepts.
    LimitExceeded,
    /// A message has a pointer that leads nowhere.
    InvalidMessage,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A plugin breaks a rule.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) reason: Reason,
    pub(crate) expected: String,
    pub(crate) actual: String,
}

/// Why a case did not run to its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The plugin failed.
    Fail(Failure),
    /// The plugin could not be executed.
    Start(crate::process::StartError),
    /// The suite failed.
    Harness(String),
}

impl From<crate::process::StartError> for Stop {
    fn from(error: crate::process::StartError) -> Self {
        Self::Start(error)
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Harness(error.to_string())
    }
}

/// What is known after a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The plugin keeps the rule.
    Pass,
    /// It does not do what it should, which is no reason to refuse it.
    Warn(Reason),
    /// It does not.
    Fail(Reason),
    /// Nothing is known: the suite failed.
    Harness,
}

/// What is known after a run.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Summary {
    /// The cases that were run, with what came of them.
    pub verdicts: Vec<(String, Verdict)>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Summary {
    /// How many cases ended like this.
    fn count(&self, like: impl Fn(Verdict) -> bool) -> usize {
        self.verdicts
            .iter()
            .filter(|(_, verdict)| like(*verdict))
            .count()
    }

    /// How many passed.
    pub fn passed(&self) -> usize {
        self.count(|verdict| verdict == Verdict::Pass)
    }

    /// How many passed with a warning.
    pub fn warned(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Warn(_)))
    }

    /// How many failed.
    pub fn failed(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Fail(_)))
    }

    /// How many the suite could not judge.
    pub fn unknown(&self) -> usize {
        self.count(|verdict| verdict == Verdict::Harness)
    }

    /// The exit code: never a count, and never 0 unless something ran and all of it passed.
    pub fn exit_code(&self) -> u8 {
        if self.verdicts.is_empty() {
            exit::NOTHING_RAN
        } else if self.unknown() > 0 {
            exit::HARNESS
        } else if self.failed() > 0 {
            exit::NON_CONFORMANT
        } else {
            exit::OK
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(verdicts: &[Verdict]) -> u8 {
        let verdicts = verdicts
            .iter()
            .map(|verdict| ("X".to_owned(), *verdict))
            .collect();
        Summary {
            verdicts,
            ..Summary::default()
        }
        .exit_code()
    }

    #[test]
    fn each_outcome_has_its_exit_code() {
        use Verdict::{Fail, Harness, Pass, Warn};
        let fail = Fail(Reason::StillRunning);
        assert_eq!(code(&[Pass, Pass]), exit::OK);
        assert_eq!(code(&[Pass, Warn(Reason::ExceptionType)]), exit::OK);
        assert_eq!(code(&[Pass, fail]), exit::NON_CONFORMANT);
        assert_eq!(code(&[]), exit::NOTHING_RAN);
        assert_eq!(code(&[fail, Harness, Pass]), exit::HARNESS);
        assert_eq!(
            code(&[fail; 300]),
            exit::NON_CONFORMANT,
            "a code, not a count"
        );
    }

    #[test]
    fn reasons_are_written_as_in_the_catalogue() {
        assert_eq!(Reason::ExitStatusZero.to_string(), "exit-status-zero");
    }
}
