//! Runs cases one after the other, so that no case disturbs the times of another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tokio::task::LocalSet;
use tokio::time::timeout;

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
    pub(crate) fn verdict(&self) -> Verdict {
        match &self.result {
            Ok(()) => Verdict::Pass,
            Err(Stop::Fail(failure)) if self.is_advice(failure) => Verdict::Warn(failure.reason),
            Err(Stop::Fail(failure)) => Verdict::Fail(failure.reason),
            Err(Stop::Start(_) | Stop::Harness(_)) => Verdict::Harness,
        }
    }

    /// Whether a plugin that fails like this is conformant.
    fn is_advice(&self, failure: &Failure) -> bool {
        let Stage { case, settings, .. } = &self.stage;
        case.level == Level::Should && case.reasons.contains(&failure.reason) && !settings.strict
    }
}

/// Runs a case in directories and processes of its own, none of which survives it.
pub(crate) fn run<'a>(settings: &'a Settings, case: &'a Case) -> Result<Outcome<'a>, String> {
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
        let run = tasks.run_until(async { timeout(guard, cases::run(&stage, function)).await });
        runtime.block_on(run)
    };
    let result = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(result)) => check_reason(case, result),
        Ok(Err(_)) => Err(timed_out(&stage, guard)),
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
        format!("the case ends within {:.1} s", guard.as_secs_f64()),
        match last {
            Some(step) => format!("it did not go on after: {step}"),
            None => "it did not begin".to_owned(),
        },
    )
}
