//! Recorded messages that were changed.

use super::mutation::Mutation;
use super::{exits_by_itself, has_ended, keeps_its_size, listening};
use crate::cases::{ended_or_not, seconds};
use crate::process::Usage;
use crate::protocol::SHUT_DOWN_CALL;
use crate::stage::{Heard, Raw, Rpc, Stage, bootstrap, say_hello};
use crate::verdict::{Reason, Stop};
use crate::wire::Party;

/// How much memory a plugin may take for such messages, in bytes.
const TAKEN: u64 = 64 << 20;
/// A question that no recorded message asks.
const PROBE: u32 = 0x00ff_0000;

pub(super) async fn are_harmless(stage: &Stage<'_>) -> Result<(), Stop> {
    let messages = record(stage).await?;
    let ordinary = listening(stage, "ordinary").await?;
    let memory = Usage::of(ordinary.process.pid()).unwrap_or_default().memory;
    drop(ordinary);
    for number in 0..stage.settings.mutations {
        let mutation = Mutation::of(&messages, stage.settings.seed, number);
        is_harmless(stage, &mutation, memory).await?;
    }
    stage.did(format!(
        "{} mutations did no harm",
        stage.settings.mutations
    ));
    Ok(())
}

/// The messages of a host's first flight, each call on the promise of the one before, and their
/// names.
async fn record(stage: &Stage<'_>) -> Result<Vec<(String, Vec<u8>)>, Stop> {
    let (link, _end) = stage.link()?;
    let rpc = Rpc::start(&link);
    let plugin = rpc.bootstrap();
    let hello = say_hello(&plugin).map_err(|error| Stop::Harness(error.to_string()))?;
    let session = hello.pipeline.get_session();
    let app = session.app_request().send();
    let _meta = app.pipeline.get_app().meta_request().send();
    let _ping = session.ping_request().send();
    let _shut_down = session.shut_down_request().send();
    let written = link.until(stage.answer_limit(), |record| {
        !record.answers(SHUT_DOWN_CALL).is_empty()
    });
    if !written.await {
        return Err(Stop::Harness("the calls could not be written".to_owned()));
    }
    Ok(link.record(|record| {
        let sent = record
            .events()
            .iter()
            .filter(|event| event.from == Party::Host);
        let calls = sent.map(|event| (event.line.clone(), event.raw.clone()));
        calls.collect()
    }))
}

async fn is_harmless(stage: &Stage<'_>, mutation: &Mutation, memory: u64) -> Result<(), Stop> {
    let label = mutation.to_string();
    let raw = Raw::start(stage, &label)?;
    let within = stage.start_limit();
    if mutation.is_whole {
        goes_on_or_ends(stage, &raw, mutation, &label).await?;
    } else {
        raw.write(&mutation.bytes, within).await;
    }
    raw.finish()?;
    let ending = raw.ending(within).await;
    keeps_its_size(stage, (memory, ending.memory), TAKEN, &label)?;
    let expected = format!("{label}: takes an end of file for the end of the connection");
    has_ended(stage, &raw, ending, &expected)?;
    exits_by_itself(stage, &raw, &label).await
}

/// The question that any plugin can answer is answered, or the connection is over.
async fn goes_on_or_ends(
    stage: &Stage<'_>,
    raw: &Raw,
    mutation: &Mutation,
    label: &str,
) -> Result<(), Stop> {
    let bytes = [&mutation.bytes[..], &bootstrap(PROBE)].concat();
    let within = stage.start_limit();
    raw.write(&bytes, within).await;
    if raw.answer(PROBE, within).await != Heard::Nothing {
        return Ok(());
    }
    let exit = raw.process.exit();
    let expected = format!(
        "{label}: answers a Bootstrap after it, or ends the connection, within {}",
        seconds(within)
    );
    let actual = format!("neither; {}", ended_or_not(&raw.process, exit));
    Err(stage.fail(Reason::NotAnswered, expected, actual))
}
