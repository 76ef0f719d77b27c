//! ROB: bytes that no host sends.

mod garbage;
mod mutation;
mod mutations;
mod nonsense;
mod sizes;

use std::time::Duration;

use super::resources::mib;
use super::{Function, ended_or_not, seconds, took, wrong_end};
use crate::process::describe;
use crate::stage::{Ending, Heard, Raw, Stage, bootstrap};
use crate::verdict::{Reason, Stop};

pub(super) const CASES: &[(&str, Function)] = &[
    ("ROB-01", |stage| Box::pin(garbage::is_refused(stage))),
    ("ROB-02", |stage| Box::pin(sizes::are_refused(stage))),
    ("ROB-04", |stage| Box::pin(nonsense::is_harmless(stage))),
    ("ROB-05", |stage| Box::pin(mutations::are_harmless(stage))),
];

/// How long a plugin may take to exit when it has ended the connection.
const EXIT: Duration = Duration::from_secs(5);

/// Fails if a plugin has not ended the connection in time.
fn has_ended(stage: &Stage<'_>, raw: &Raw, ending: Ending, expected: &str) -> Result<(), Stop> {
    if ending.over {
        return Ok(());
    }
    // One that runs for a fifth of the time has nothing to do, and does it.
    let spins = ending.busy * 5 > ending.waited;
    let reason = if spins {
        Reason::Spins
    } else {
        Reason::NotRefused
    };
    let actual = format!(
        "no end of the connection after {}, of which it ran for {}; {}",
        took(ending.waited),
        took(ending.busy),
        describe(raw.process.pid())
    );
    Err(stage.fail(reason, expected, actual))
}

/// Fails if a plugin that has ended the connection, or read its end, does not exit by itself.
async fn exits_by_itself(stage: &Stage<'_>, raw: &Raw, after: &str) -> Result<(), Stop> {
    // Any status says that it was not a signal.
    exits(stage, raw, after, "by itself", |_| true).await
}

/// Fails if a plugin that has read the end of the file does not exit as one does at that.
async fn exits_at_the_end(stage: &Stage<'_>, raw: &Raw, after: &str) -> Result<(), Stop> {
    exits(stage, raw, after, "with status 0", |status| status == 0).await
}

async fn exits(
    stage: &Stage<'_>,
    raw: &Raw,
    after: &str,
    how: &str,
    is_right: impl Fn(i32) -> bool,
) -> Result<(), Stop> {
    let limit = stage.scaled(EXIT);
    let exit = raw.process.exited(limit).await;
    match wrong_end(exit, is_right) {
        None => Ok(()),
        Some(reason) => {
            let expected = format!("exits {how} within {}", seconds(limit));
            let actual = format!("after {after}: {}", ended_or_not(&raw.process, exit));
            Err(stage.fail(reason, expected, actual))
        }
    }
}

/// Fails if a process has set aside more than this over what it had.
fn keeps_its_size(
    stage: &Stage<'_>,
    (before, now): (u64, u64),
    limit: u64,
    after: &str,
) -> Result<(), Stop> {
    let grown = now.saturating_sub(before);
    if grown <= limit {
        return Ok(());
    }
    let expected = format!("at most {} of memory more", mib(limit));
    let actual = format!("{} more after {after}", mib(grown));
    Err(stage.fail(Reason::MemoryGrew, expected, actual))
}

/// Starts a plugin, and has it answer the question 0, so that it is known to listen.
async fn listening(stage: &Stage<'_>, label: &str) -> Result<Raw, Stop> {
    let raw = Raw::start(stage, label)?;
    raw.write(&bootstrap(0), stage.answer_limit()).await;
    match raw.answer(0, stage.start_limit()).await {
        Heard::Answer => Ok(raw),
        Heard::End | Heard::Nothing => {
            let exit = raw.process.exited(Duration::ZERO).await;
            let actual = ended_or_not(&raw.process, exit);
            Err(stage.fail(
                Reason::NoSession,
                "the question for its bootstrap is answered",
                actual,
            ))
        }
    }
}
