//! What a verdict is in view of the file, and what is wrong with the file in view of the verdict.

use std::path::Path;

use super::Baseline;
use crate::catalogue::Case;
use crate::verdict::{Reason, Verdict};

/// What is wrong with the file, or what it does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// There is no such case.
    Unmatched { case: String, line: usize },
    /// The case passes.
    Stale { case: String, line: usize },
    /// The case fails for another reason.
    WrongReason {
        case: String,
        line: usize,
        actual: Reason,
    },
    /// The time of the entry is over, and the case fails with this if it is known to.
    Expired {
        case: String,
        line: usize,
        actual: Option<Reason>,
    },
    /// There is no entry for a case that fails.
    Missing { case: String, actual: Reason },
}

/// What a verdict is in view of the file.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    pub(crate) note: Option<String>,
    pub(crate) problem: Option<Problem>,
}

impl Baseline {
    /// What a verdict is in view of the file.
    pub(crate) fn judge(&self, case: &Case, verdict: Verdict, reason: Option<Reason>) -> Judged {
        let judged = |verdict, note: Option<String>, problem| Judged {
            verdict,
            note,
            problem,
        };
        let entry = self
            .expected()
            .find(|entry| *entry.case.get_ref() == case.id);
        let (id, Some(entry)) = (case.id.clone(), entry) else {
            let actual = reason.filter(|_| !verdict.is_accepted());
            let problem = actual.map(|actual| Problem::Missing {
                case: case.id.clone(),
                actual,
            });
            return judged(verdict, None, problem);
        };
        let (line, expected) = (self.line(&entry.case), entry.reason);
        match (verdict, reason) {
            (Verdict::Pass, _) => judged(
                Verdict::Xpass,
                Some(format!(
                    "it was expected to fail with {expected}: the entry is stale"
                )),
                Some(Problem::Stale { case: id, line }),
            ),
            (Verdict::Warn | Verdict::Fail | Verdict::NotRun, Some(actual))
                if actual != expected =>
            {
                judged(
                    if verdict == Verdict::Warn {
                        Verdict::Fail
                    } else {
                        verdict
                    },
                    Some(format!("it was expected to fail with {expected}")),
                    Some(Problem::WrongReason {
                        case: id,
                        line,
                        actual,
                    }),
                )
            }
            (Verdict::Warn | Verdict::Fail | Verdict::NotRun, _) => match &entry.expires {
                Some(expires) if self.is_over(Some(expires)) => judged(
                    if verdict == Verdict::Warn {
                        Verdict::Fail
                    } else {
                        verdict
                    },
                    Some(format!("it was expected until {expires}: {}", entry.issue)),
                    Some(Problem::Expired {
                        case: id,
                        line,
                        actual: reason,
                    }),
                ),
                _ => judged(Verdict::Xfail, Some(entry.issue.clone()), None),
            },
            _ => judged(verdict, None, None),
        }
    }
}

impl Problem {
    /// Whether it is about the file, and not about the plugin.
    pub(crate) fn is_a_mistake(&self) -> bool {
        !matches!(self, Self::Missing { .. })
    }

    /// The problem in words. A line is that of the file.
    pub(crate) fn describe(&self, file: &Path) -> String {
        let at = |line: &usize| format!("{}:{line}", file.display());
        match self {
            Self::Unmatched { case, line } => format!("{}: there is no case {case}", at(line)),
            Self::Stale { case, line } => {
                format!("{}: {case} passes, and its entry is stale", at(line))
            }
            Self::WrongReason { case, line, actual } => {
                format!(
                    "{}: {case} fails with {actual}, which its entry does not say",
                    at(line)
                )
            }
            Self::Expired { case, line, .. } => {
                format!("{}: the time of the entry for {case} is over", at(line))
            }
            Self::Missing { case, actual } => {
                format!("{case} fails with {actual}, and has no entry")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    const TODAY: &str = "2030-06-15";

    fn judge(extra: &str, verdict: Verdict, reason: Option<Reason>) -> (Verdict, Option<Problem>) {
        let text = format!(
            "[[expected-failure]]\ncase = \"LIF-03\"\nreason = \"still-running\"\nissue = \"#7\"\n{extra}"
        );
        let baseline = Baseline::parse(text, TODAY).expect("a baseline");
        let case = catalogue::find("LIF-03").expect("a case");
        let judged = baseline.judge(case, verdict, reason);
        (judged.verdict, judged.problem)
    }

    #[test]
    fn a_failure_that_is_expected_is_accepted_until_its_day_is_over() {
        let fail = (Verdict::Fail, Some(Reason::StillRunning));
        assert_eq!(judge("", fail.0, fail.1), (Verdict::Xfail, None));
        let on_the_day = judge("expires = 2030-06-15", fail.0, fail.1);
        assert_eq!(on_the_day, (Verdict::Xfail, None));
        let (verdict, problem) = judge("expires = 2030-06-14", fail.0, fail.1);
        assert_eq!(verdict, Verdict::Fail);
        assert!(matches!(problem, Some(Problem::Expired { line: 2, .. })));
    }

    #[test]
    fn a_pass_that_is_not_expected_fails() {
        let (verdict, problem) = judge("", Verdict::Pass, None);
        assert_eq!(verdict, Verdict::Xpass);
        assert!(matches!(problem, Some(Problem::Stale { .. })));
    }

    #[test]
    fn another_reason_is_another_failure() {
        let (verdict, problem) = judge("", Verdict::Fail, Some(Reason::KilledBySignal));
        assert_eq!(verdict, Verdict::Fail);
        assert!(matches!(problem, Some(Problem::WrongReason { .. })));
    }

    #[test]
    fn nothing_is_hidden_of_what_the_suite_could_not_judge() {
        for verdict in [Verdict::Harness, Verdict::Untestable] {
            assert_eq!(judge("", verdict, None), (verdict, None));
        }
    }
}
