//! Messages that say that they are larger than anybody accepts.

use super::{exits_by_itself, has_ended, keeps_its_size, listening};
use crate::cases::seconds;
use crate::process::Usage;
use crate::stage::{Session, Stage};
use crate::verdict::{Reason, Stop};

/// How much a plugin may set aside for such a message, in bytes.
const SET_ASIDE: u64 = 8 << 20;
/// Many segments, for a reader that takes the default of `Limits`.
const MANY: u32 = 4_096;
/// As many words as 16 GiB have.
const WORDS: u32 = 1 << 31;

pub(super) async fn are_refused(stage: &Stage<'_>) -> Result<(), Stop> {
    let accepted = u32::from(Session::open(stage, "ordinary").await?.info.segments);
    let many = MANY.max(accepted + 1);
    for (label, limit, table) in [
        (
            format!("{} segments", u32::MAX),
            "segments",
            table(u32::MAX, &[1]),
        ),
        (
            format!("{many} segments"),
            "segments",
            table(many, &vec![1; many as usize]),
        ),
        (
            "a segment of 16 GiB".to_owned(),
            "messageBytes",
            table(1, &[WORDS]),
        ),
    ] {
        is_refused(stage, &label, limit, &table).await?;
    }
    Ok(())
}

/// The beginning of a message: how many segments it has, and how many words each of them.
fn table(segments: u32, words: &[u32]) -> Vec<u8> {
    let numbers = [segments - 1].into_iter().chain(words.iter().copied());
    let mut bytes: Vec<u8> = numbers.flat_map(u32::to_le_bytes).collect();
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

async fn is_refused(stage: &Stage<'_>, label: &str, limit: &str, table: &[u8]) -> Result<(), Stop> {
    let raw = listening(stage, label).await?;
    let before = Usage::of(raw.process.pid()).unwrap_or_default();
    raw.write(table, stage.limit()).await;
    stage.did(format!("wrote the table of a message with {label}"));
    let ending = raw.ending(stage.limit()).await;
    keeps_its_size(stage, (before.memory, ending.memory), SET_ASIDE, label)?;
    let expected = format!(
        "ends the connection within {} of a message with {label}",
        seconds(stage.limit())
    );
    has_ended(stage, &raw, ending, &expected)?;
    exits_by_itself(stage, &raw, label).await?;
    let stderr = raw.process.stderr.text();
    if stderr.contains(limit) {
        return Ok(());
    }
    let expected = format!("names the limit {limit}, its value and what came on stderr");
    let actual = format!("{label}: on stderr \"{}\"", stderr.escape_default());
    Err(stage.fail(Reason::LimitNotNamed, expected, actual))
}
