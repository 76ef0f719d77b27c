//! TRN: how messages arrive.

use super::concurrency::each_once;
use super::{Function, not_answered};
use crate::protocol::PING_CALL;
use crate::stage::{Session, Stage, Start, USUAL_DESCRIPTOR};
use crate::verdict::Stop;

pub(super) const CASES: &[(&str, Function)] = &[("TRN-01", |stage| {
    Box::pin(takes_messages_in_any_pieces(stage))
})];

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
