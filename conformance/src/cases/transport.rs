//! TRN: how messages arrive.

use super::concurrency::each_once;
use super::{Function, ended_or_not, not_answered};
use crate::protocol::PING_CALL;
use crate::stage::{Heard, Raw, Session, Stage, Start, USUAL_DESCRIPTOR, bootstrap};
use crate::verdict::{Reason, Stop};

pub(super) const CASES: &[(&str, Function)] = &[
    ("TRN-01", |stage| {
        Box::pin(takes_messages_in_any_pieces(stage))
    }),
    ("TRN-02", |stage| {
        Box::pin(takes_messages_as_large_as_it_says(stage))
    }),
];

/// The largest message that is tried, in bytes.
const LARGEST: usize = 64 << 20;
/// The size of a word, and of the table of a message of one segment, in bytes.
const WORD: usize = 8;
/// How many messages come at once.
const TOGETHER: usize = 50;

async fn takes_messages_in_any_pieces(stage: &Stage<'_>) -> Result<(), Stop> {
    one_byte_at_a_time(stage).await?;
    many_at_once(stage).await
}

async fn one_byte_at_a_time(stage: &Stage<'_>) -> Result<(), Stop> {
    let label = "one byte at a time";
    let (link, end) = stage.link()?;
    link.set_dripping(Some(end.try_clone()?));
    let process = stage.start(label, Start::by_host(end, USUAL_DESCRIPTOR), Some(&link))?;
    let session = Session::greet(stage, label, process, link).await;
    let session = session.map_err(|stop| not_answered(stop, label))?;
    session.meta(&session.app().await?).await?;
    session.ping().await?;
    stage.did(format!("{label}: meta and ping answered"));
    Ok(())
}

async fn many_at_once(stage: &Stage<'_>) -> Result<(), Stop> {
    let session = Session::open(stage, "many at once").await?;
    let (link, rpc) = (&session.link, &session.rpc);
    link.hold();
    let pings = (0..TOGETHER).map(|_| session.client().ping_request().send().promise);
    let pings: Vec<_> = pings.collect();
    let held = link.until_held(stage.limit(), |held| {
        held.answers(PING_CALL).len() == TOGETHER
    });
    if !held.await {
        return Err(Stop::Harness("the calls could not be made".to_owned()));
    }
    link.release(stage.limit()).await?;
    stage.did(format!("wrote {TOGETHER} calls of ping in one piece"));
    let answers = pings
        .into_iter()
        .map(|ping| rpc.answer(ping, stage.limit()));
    futures::future::join_all(answers).await;
    // A second answer to the last call has come when this is answered.
    let _ = session.ping().await;
    let counts = link.record(|record| record.answers(PING_CALL));
    each_once(stage, &counts[..TOGETHER])
}

async fn takes_messages_as_large_as_it_says(stage: &Stage<'_>) -> Result<(), Stop> {
    let info = Session::open(stage, "ordinary").await?.info;
    let bytes = usize::try_from(info.message_bytes).unwrap_or(LARGEST);
    let bytes = bytes.min(LARGEST);
    let segments = usize::from(info.segments).max(1);
    for (label, message) in [
        (format!("a message of {bytes} bytes"), long(bytes)),
        (format!("a message of {segments} segments"), split(segments)),
    ] {
        let raw = Raw::start(stage, &label)?;
        // No rule says how long such a message may take.
        raw.write(&message, stage.limit()).await;
        let heard = raw.answer(0, stage.limit()).await;
        stage.did(format!("{label}: wrote a Bootstrap"));
        if heard != Heard::Answer {
            let exit = raw.process.exit();
            let expected = format!("{label}, which it says that it accepts, is answered");
            let actual = ended_or_not(&raw.process, exit);
            return Err(stage.fail(Reason::NotAnswered, expected, actual));
        }
    }
    Ok(())
}

/// A question in a message of this size, most of which is nothing that a pointer leads to.
fn long(bytes: usize) -> Vec<u8> {
    let mut message = bootstrap(0);
    let bytes = (bytes / WORD * WORD).max(message.len());
    message.resize(bytes, 0);
    let words = u32::try_from(bytes / WORD - 1).unwrap_or(u32::MAX);
    message[4..8].copy_from_slice(&words.to_le_bytes());
    message
}

/// A question in the last of this many segments, to which the first one points.
fn split(segments: usize) -> Vec<u8> {
    let whole = bootstrap(0);
    let content = &whole[WORD..];
    let Some(last) = segments.checked_sub(1).filter(|last| *last > 0) else {
        return whole;
    };
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    let mut message = number(last).to_vec();
    message.extend((0..last).flat_map(|_| number(1)));
    message.extend(number(content.len() / WORD));
    message.resize(message.len().next_multiple_of(WORD), 0);
    // A far pointer, to a landing pad that is the first word of the last segment.
    message.extend([number(2), number(last)].as_flattened());
    message.resize(message.len() + (last - 1) * WORD, 0);
    message.extend(content);
    message
}
