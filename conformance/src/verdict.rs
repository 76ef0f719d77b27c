//! What comes of a case, and of a run.

use std::collections::BTreeMap;
use std::fmt;

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
    /// The case took too long with one process of the plugin.
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

impl Reason {
    /// Whether something was waited for that may be seen in the plugin's stacks.
    pub(crate) fn is_a_wait(self) -> bool {
        matches!(
            self,
            Self::CaseTimedOut
                | Self::ControlFailed
                | Self::NoSession
                | Self::NotAliveAfterwards
                | Self::NotAnswered
                | Self::NotDialled
                | Self::StillRunning
                | Self::StillRunningAfterReset
                | Self::TooSlow
        )
    }
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
    /// The case cannot be tried in the way that was asked for.
    Untestable(String),
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// The plugin keeps the rule.
    Pass,
    /// It does not do what it should, which is no reason to refuse it.
    Warn,
    /// It breaks the rule, as the baseline says.
    Xfail,
    /// The case was not run, as the baseline says.
    Skip,
    /// The plugin breaks the rule.
    Fail,
    /// It keeps the rule, and the baseline says that it does not.
    Xpass,
    /// It failed beside other cases, and passed alone.
    FlakySuspect,
    /// What the case builds on does not work, so that the case itself was not tried.
    NotRun,
    /// The case cannot be tried in the way that was asked for.
    Untestable,
    /// Nothing is known: the suite failed.
    Harness,
}

impl Verdict {
    /// Whether a plugin of which all cases end like this is accepted.
    pub fn is_accepted(self) -> bool {
        matches!(self, Self::Pass | Self::Warn | Self::Xfail | Self::Skip)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// What is known after a run.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Summary {
    /// How many cases ended with each verdict.
    pub counts: BTreeMap<Verdict, usize>,
    /// How many entries of the baseline are wrong.
    pub mistakes: usize,
    /// Whether a signal ended it.
    pub interrupted: bool,
}

impl Summary {
    /// How many cases ended like this.
    pub fn count(&self, like: impl Fn(Verdict) -> bool) -> usize {
        let counts = self.counts.iter();
        counts
            .filter(|(verdict, _)| like(**verdict))
            .map(|(_, count)| count)
            .sum()
    }

    /// The exit code: never a count, and never 0 unless something ran and all of it is accepted.
    pub fn exit_code(&self) -> u8 {
        if self.interrupted {
            exit::INTERRUPTED
        } else if self.count(|verdict| verdict == Verdict::Harness) > 0 {
            exit::HARNESS
        } else if self.count(|verdict| !verdict.is_accepted()) > 0 || self.mistakes > 0 {
            exit::NON_CONFORMANT
        } else if self.count(|verdict| verdict != Verdict::Skip) == 0 {
            exit::NOTHING_RAN
        } else {
            exit::OK
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(verdicts: &[Verdict]) -> u8 {
        let mut summary = Summary::default();
        for verdict in verdicts {
            *summary.counts.entry(*verdict).or_default() += 1;
        }
        summary.exit_code()
    }

    #[test]
    fn each_outcome_has_its_exit_code() {
        use Verdict::{
            Fail, FlakySuspect, Harness, NotRun, Pass, Skip, Untestable, Warn, Xfail, Xpass,
        };
        assert_eq!(code(&[Pass, Pass]), exit::OK);
        assert_eq!(code(&[Pass, Warn, Xfail, Skip]), exit::OK);
        for verdict in [Fail, Xpass, FlakySuspect, NotRun, Untestable] {
            assert_eq!(code(&[Pass, verdict]), exit::NON_CONFORMANT, "{verdict}");
        }
        assert_eq!(code(&[]), exit::NOTHING_RAN);
        assert_eq!(code(&[Skip, Skip]), exit::NOTHING_RAN);
        assert_eq!(code(&[Fail, Harness, Pass]), exit::HARNESS);
    }

    #[test]
    fn the_code_is_no_count() {
        for number in [255, 256, 257, 300, 512] {
            assert_eq!(code(&vec![Verdict::Fail; number]), exit::NON_CONFORMANT);
        }
    }

    #[test]
    fn a_wrong_entry_of_the_baseline_fails_a_run_that_passes() {
        let summary = Summary {
            counts: BTreeMap::from([(Verdict::Pass, 1)]),
            mistakes: 1,
            interrupted: false,
        };
        assert_eq!(summary.exit_code(), exit::NON_CONFORMANT);
    }

    #[test]
    fn a_signal_goes_before_everything() {
        let summary = Summary {
            counts: BTreeMap::from([(Verdict::Harness, 1)]),
            mistakes: 1,
            interrupted: true,
        };
        assert_eq!(summary.exit_code(), exit::INTERRUPTED);
    }

    #[test]
    fn words_are_written_as_in_the_files() {
        assert_eq!(Reason::ExitStatusZero.to_string(), "exit-status-zero");
        assert_eq!(Verdict::FlakySuspect.to_string(), "flaky-suspect");
    }
}
