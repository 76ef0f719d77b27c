//! RES: what a plugin sends.

use super::Function;
use crate::stage::{Session, Stage};
use crate::verdict::{Reason, Stop};
use crate::wire::{FlawKind, Party, first_flaw};

pub(super) const CASES: &[(&str, Function)] =
    &[("RES-03", |stage| Box::pin(sends_valid_messages(stage)))];

/// How many calls of meta there are in the session.
const METAS: usize = 8;

async fn sends_valid_messages(stage: &Stage<'_>) -> Result<(), Stop> {
    let session = Session::open(stage, "case").await?;
    let app = session.app().await?;
    for _ in 0..METAS {
        session.meta(&app).await?;
        session.ping().await?;
    }
    session.shut_down(stage.answer_limit()).await?;
    let _ = session.process.exited(stage.limit()).await;
    stage.did(format!(
        "connect, app, {METAS} times meta and ping, and shutDown answered"
    ));
    session.link.record(|record| {
        let sent = record
            .events()
            .iter()
            .filter(|event| event.from == Party::Plugin);
        stage.did(format!(
            "looked at {} messages of the plugin's",
            sent.count()
        ));
        let Some((event, flaw)) = first_flaw(record.events()) else {
            return Ok(());
        };
        let (reason, expected) = match flaw.kind {
            FlawKind::Text => (
                Reason::InvalidText,
                "each text is UTF-8, and NUL follows it",
            ),
            FlawKind::Unknown => (
                Reason::UnknownOrdinal,
                "only methods, members of unions and enumerants that the schema has",
            ),
            FlawKind::Limit => (
                Reason::LimitExceeded,
                "at most 16777216 bytes and 256 segments, as HostInfo.limits says",
            ),
            FlawKind::Encoding => (
                Reason::InvalidMessage,
                "each pointer leads into its message, to what the schema says",
            ),
        };
        Err(stage.fail(reason, expected, format!("{flaw}, in {}", event.line)))
    })
}
