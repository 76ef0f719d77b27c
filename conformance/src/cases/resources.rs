//! REL: what a plugin takes, and gives back.

use otto_plugin::wire::app_capnp::app;

use super::Function;
use crate::process::Usage;
use crate::stage::{Session, Stage};
use crate::verdict::{Reason, Stop};

pub(super) const CASES: &[(&str, Function)] = &[("REL-02", |stage| {
    Box::pin(takes_no_more_for_more_calls(stage))
})];

/// How many of the calls of meta a plugin gets to warm up.
const WARM_UP: u32 = 100;
/// How many of them there are for each ping.
const METAS_PER_PING: u32 = 10;
/// How many descriptors and threads there may be more, and how much memory, in bytes.
const MORE: usize = 2;
const MORE_MEMORY: u64 = 16 << 20;

async fn takes_no_more_for_more_calls(stage: &Stage<'_>) -> Result<(), Stop> {
    let session = Session::open(stage, "case").await?;
    let app = session.app().await?;
    call(stage, &session, &app, WARM_UP).await?;
    let before = usage(stage, &session)?;
    let calls = stage.settings.calls;
    call(stage, &session, &app, calls - WARM_UP.min(calls)).await?;
    let after = usage(stage, &session)?;
    let threads = |usage: Usage| usize::try_from(usage.threads).unwrap_or(usize::MAX);
    let counts = [
        (
            Reason::DescriptorsGrew,
            "descriptors",
            before.descriptors,
            after.descriptors,
        ),
        (
            Reason::ThreadsGrew,
            "threads",
            threads(before),
            threads(after),
        ),
    ];
    for (reason, what, before, after) in counts {
        if after > before + MORE {
            let expected = format!(
                "at most {MORE} {what} more after {calls} calls of meta than the {before} after the first \
                 {WARM_UP}"
            );
            return Err(stage.fail(reason, expected, format!("{after} {what}")));
        }
    }
    let grown = after.memory.saturating_sub(before.memory);
    if grown >= MORE_MEMORY {
        let expected = format!(
            "less than {} more after {calls} calls of meta than the {} after the first {WARM_UP}",
            mib(MORE_MEMORY),
            mib(before.memory)
        );
        let actual = format!("{} more", mib(grown));
        return Err(stage.fail(Reason::MemoryGrew, expected, actual));
    }
    Ok(())
}

async fn call(
    stage: &Stage<'_>,
    session: &Session<'_>,
    app: &app::Client,
    calls: u32,
) -> Result<(), Stop> {
    for call in 0..calls {
        stage.goes_on();
        session.meta(app).await?;
        if call % METAS_PER_PING == 0 {
            session.ping().await?;
        }
    }
    Ok(())
}

fn usage(stage: &Stage<'_>, session: &Session<'_>) -> Result<Usage, Stop> {
    let usage = Usage::of(session.process.pid());
    let usage = usage.ok_or_else(|| Stop::Harness("the process cannot be looked at".to_owned()))?;
    stage.did(format!(
        "{} descriptors, {} threads, {} of memory",
        usage.descriptors,
        usage.threads,
        mib(usage.memory)
    ));
    Ok(usage)
}

/// A size as people say it.
pub(super) fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
