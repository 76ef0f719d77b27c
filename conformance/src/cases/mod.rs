//! The code of the cases, a module for each group.

mod bootstrap;
mod concurrency;
mod descriptor;
mod detectors;
mod dialling;
mod direct;
mod evolution;
mod handshake;
mod hostile;
mod launch;
mod lifecycle;
mod messages;
mod meta;
mod offers;
mod patterns;
mod resources;
mod streams;
mod transport;
mod unknown;

use std::time::{Duration, Instant};

use futures::future::LocalBoxFuture;

use crate::catalogue::Connection;
use crate::process::{Exit, Watched, describe};
use crate::stage::{Listener, Session, Stage};
use crate::verdict::{Failure, Reason, Stop};

/// The code of a case.
pub(crate) type Function = for<'a> fn(&'a Stage<'a>) -> LocalBoxFuture<'a, Result<(), Stop>>;

type Group = &'static [(&'static str, Function)];

const GROUPS: [Group; 18] = [
    launch::CASES,
    direct::CASES,
    descriptor::CASES,
    dialling::CASES,
    handshake::CASES,
    streams::CASES,
    transport::CASES,
    bootstrap::CASES,
    offers::CASES,
    meta::CASES,
    detectors::CASES,
    messages::CASES,
    unknown::CASES,
    evolution::CASES,
    concurrency::CASES,
    lifecycle::CASES,
    resources::CASES,
    hostile::CASES,
];

/// The code for an id.
pub(crate) fn function(id: &str) -> Option<Function> {
    let all = GROUPS.iter().flat_map(|group| group.iter());
    all.copied()
        .find(|(known, _)| *known == id)
        .map(|(_, function)| function)
}

/// Runs a case: the control before it, and a sign of life after it, if it is one in which the
/// plugin is to refuse or to end.
pub(crate) async fn run<'a>(stage: &'a Stage<'a>, function: Function) -> Result<(), Stop> {
    if let Some(what) = &stage.case.control {
        let expected = format!("the control, {what}, answers meta");
        let control = control(stage, what).await;
        control.map_err(|stop| instead(stop, Reason::ControlFailed, &expected))?;
    }
    function(stage).await?;
    if stage.case.control.is_some() {
        let expected = "a new process answers meta afterwards";
        let alive = answers_meta(stage, "afterwards").await;
        alive.map_err(|stop| instead(stop, Reason::NotAliveAfterwards, expected))?;
    }
    Ok(())
}

/// Proves that the plugin works without the defect, and that the suite sees the end of a process.
async fn control(stage: &Stage<'_>, what: &str) -> Result<(), Stop> {
    let began = Instant::now();
    let session = answers_meta(stage, "control").await?;
    let answered = began.elapsed();
    if let Some(exit) = session.process.exit() {
        return Err(stage.fail(Reason::ControlFailed, "", format!("the plugin {exit}")));
    }
    let killed = Instant::now();
    session.process.kill();
    if session.process.exited(stage.answer_limit()).await.is_none() {
        return Err(Stop::Harness(
            "the end of a killed process was not seen".to_owned(),
        ));
    }
    stage.set_control(format!(
        "{what}: answered meta after {}, was running, and was seen to end {} after SIGKILL",
        took(answered),
        took(killed.elapsed())
    ));
    Ok(())
}

async fn answers_meta<'a>(stage: &'a Stage<'a>, label: &str) -> Result<Session<'a>, Stop> {
    let session = match stage.case.connection {
        Connection::Inherited => Session::open(stage, label).await?,
        Connection::Dialled => {
            let listener = Listener::unix(&stage.sandbox.suite(), label)?;
            Session::dialled(stage, label, &listener).await?
        }
    };
    session.meta(&session.app().await?).await?;
    stage.did(format!("{label}: meta answered"));
    Ok(session)
}

/// The same failure, as that of another step.
fn instead(stop: Stop, reason: Reason, expected: &str) -> Stop {
    match stop {
        Stop::Fail(failure) => {
            let actual = failure.actual;
            Stop::Fail(Failure {
                reason,
                expected: expected.to_owned(),
                actual,
            })
        }
        stop => stop,
    }
}

/// A start that is not quite the ordinary one, and is not answered: a failure of this case alone.
fn not_answered(stop: Stop, start: &str) -> Stop {
    match stop {
        Stop::Fail(failure) if failure.reason == Reason::NoSession => Stop::Fail(Failure {
            reason: Reason::NotAnswered,
            actual: format!("{start}: {}", failure.actual),
            ..failure
        }),
        stop => stop,
    }
}

/// What is wrong with an end, if it is not one by itself, in time, with such a status.
fn wrong_end(exit: Option<Exit>, is_right: impl Fn(i32) -> bool) -> Option<Reason> {
    match exit {
        Some(Exit::Status(status)) if is_right(status) => None,
        // What cannot be seen is not held against it.
        Some(Exit::Unseen) => None,
        Some(Exit::Status(0)) => Some(Reason::ExitStatusZero),
        Some(Exit::Status(_)) => Some(Reason::ExitStatus),
        Some(Exit::Signal(_)) => Some(Reason::KilledBySignal),
        None => Some(Reason::StillRunning),
    }
}

/// A time as people say it.
fn took(time: Duration) -> String {
    match time.as_millis() {
        milliseconds @ ..1000 => format!("{milliseconds} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

/// A time limit.
fn seconds(time: Duration) -> String {
    format!("{} s", (time.as_secs_f64() * 100.0).round() / 100.0)
}

/// How a process ended, or what it is doing in the place of that.
fn ended_or_not(process: &Watched, exit: Option<Exit>) -> String {
    match exit {
        Some(exit) => format!("{exit} after {}", took(process.since().elapsed())),
        None => format!("{} is still running", describe(process.pid())),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalogue;

    #[test]
    fn every_row_has_a_function_and_every_function_a_row() {
        let rows: BTreeSet<_> = catalogue::cases()
            .iter()
            .map(|case| case.id.as_str())
            .collect();
        let functions: Vec<_> = GROUPS
            .iter()
            .flat_map(|group| group.iter())
            .map(|f| f.0)
            .collect();
        assert_eq!(functions.len(), rows.len(), "a function is there twice");
        assert_eq!(functions.into_iter().collect::<BTreeSet<_>>(), rows);
    }
}
