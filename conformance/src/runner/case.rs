//! Runs a case in this process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tokio::task::LocalSet;
use tokio::time::timeout_at;

use crate::catalogue::{Case, Level};
use crate::settings::Settings;
use crate::stage::Stage;
use crate::verdict::{Failure, Reason, Stop, Verdict};
use crate::{cases, panics};

/// What came of a case, with all that there is to tell about it.
#[derive(Debug)]
pub(crate) struct Outcome<'a> {
    pub(crate) stage: Stage<'a>,
    pub(crate) result: Result<(), Stop>,
    pub(crate) elapsed: Duration,
    /// The sockets and pipes of the stage are registered with it.
    _runtime: tokio::runtime::Runtime,
}

impl Outcome<'_> {
    /// What the plugin did, whatever is expected of it.
    pub(crate) fn verdict(&self) -> (Verdict, Option<Reason>) {
        match &self.result {
            Ok(()) => (Verdict::Pass, None),
            Err(Stop::Fail(failure)) => (self.failed(failure), Some(failure.reason)),
            Err(Stop::Untestable(_)) => (Verdict::Untestable, None),
            Err(Stop::Start(_) | Stop::Harness(_)) => (Verdict::Harness, None),
        }
    }

    fn failed(&self, failure: &Failure) -> Verdict {
        let Stage { case, settings, .. } = &self.stage;
        let is_own = case.reasons.contains(&failure.reason);
        match failure.reason {
            Reason::NoSession | Reason::ControlFailed => Verdict::NotRun,
            _ if case.level == Level::Should && is_own && !settings.strict => Verdict::Warn,
            _ => Verdict::Fail,
        }
    }
}

/// Runs a case in directories and processes of its own, none of which survives it. A case that takes
/// long, since it has much to do, calls `beat` as long as it goes on.
pub(crate) fn run<'a>(
    settings: &'a Settings,
    case: &'a Case,
    beat: impl Fn(),
) -> Result<Outcome<'a>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    let stage =
        Stage::new(settings, case).map_err(|error| format!("no private directory: {error}"))?;
    let function = cases::function(&case.id).ok_or_else(|| format!("{} has no code", case.id))?;
    let began = Instant::now();
    let guard = stage.scaled(Duration::from_secs_f64(case.timeout));
    let run = || {
        let tasks = LocalSet::new();
        let run = tasks.run_until(async {
            let mut run = std::pin::pin!(cases::run(&stage, function));
            loop {
                let deadline = stage.last_step() + guard;
                if let Ok(ended) = timeout_at(deadline.into(), &mut run).await {
                    return Ok(ended);
                }
                if stage.last_step() + guard <= Instant::now() {
                    // Before the processes of the case are dropped, who then say what they are doing.
                    return Err(timed_out(&stage, guard));
                }
                beat();
            }
        });
        runtime.block_on(run)
    };
    let result = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(result)) => check_reason(case, result),
        Ok(Err(stop)) => Err(stop),
        Err(_) => Err(Stop::Harness(
            panics::take().unwrap_or_else(|| "a panic".to_owned()),
        )),
    };
    let elapsed = began.elapsed();
    Ok(Outcome {
        stage,
        result,
        elapsed,
        _runtime: runtime,
    })
}

/// A reason that the row does not name would be one that nobody has thought of.
fn check_reason(case: &Case, result: Result<(), Stop>) -> Result<(), Stop> {
    match result {
        Err(Stop::Fail(failure)) if !case.may_fail_with(failure.reason) => {
            let Failure {
                reason,
                expected,
                actual,
            } = failure;
            Err(Stop::Harness(format!(
                "{} failed with {reason}, which its row does not name: expected {expected}, \
                 actual {actual}",
                case.id
            )))
        }
        result => result,
    }
}

fn timed_out(stage: &Stage<'_>, guard: Duration) -> Stop {
    let last = stage.evidence(|evidence| evidence.steps.last().map(|(_, step)| step.clone()));
    stage.fail(
        Reason::CaseTimedOut,
        format!(
            "the case ends, or has the plugin do the next thing, within {:.1} s",
            guard.as_secs_f64()
        ),
        match last {
            Some(step) => format!("it did not go on after: {step}"),
            None => "it did not begin".to_owned(),
        },
    )
}
