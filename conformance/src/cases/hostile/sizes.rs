//! Messages that say that they are larger than anybody accepts.

use super::{exits_by_itself, has_ended, keeps_its_size, listening};
use crate::cases::seconds;
use crate::process::Usage;
use crate::stage::{Session, Stage};
use crate::verdict::{Reason, Stop};

/// How much a plugin may set aside for such a message, in bytes.
const SET_ASIDE: u64 = 8 << 20;
/// As many words as 16 GiB have.
const WORDS: u32 = 1 << 31;
/// The size of a word, in bytes.
const WORD: u32 = 8;

/// A message that is too large, and what there is to be said of it.
struct TooLarge {
    label: String,
    table: Vec<u8>,
    /// The limit, its value, and what came, as far as there is one way to write it.
    words: Vec<String>,
}

impl TooLarge {
    fn segments(accepted: u32, segments: u32) -> Self {
        // Of so many sizes, a reader that refuses them needs none.
        let sizes = if segments == u32::MAX { 1 } else { segments };
        Self {
            label: format!("{segments} segments, where {accepted} are accepted"),
            table: table(segments, &vec![1; sizes as usize]),
            words: vec![
                "segments".to_owned(),
                accepted.to_string(),
                segments.to_string(),
            ],
        }
    }

    /// What is counted of the table, and in which unit, is not said anywhere.
    fn bytes(accepted: u32, words: u32) -> Self {
        let bytes = u64::from(words) * u64::from(WORD);
        Self {
            label: format!("a segment of {bytes} bytes, where {accepted} are accepted"),
            table: table(1, &[words]),
            words: vec!["messageBytes".to_owned()],
        }
    }
}

pub(super) async fn are_refused(stage: &Stage<'_>) -> Result<(), Stop> {
    let info = Session::open(stage, "ordinary").await?.info;
    let (segments, bytes) = (u32::from(info.segments), info.message_bytes);
    for too_large in [
        TooLarge::segments(segments, u32::MAX),
        TooLarge::segments(segments, segments + 1),
        TooLarge::bytes(bytes, WORDS),
        TooLarge::bytes(bytes, bytes / WORD + 1),
    ] {
        is_refused(stage, &too_large).await?;
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

async fn is_refused(stage: &Stage<'_>, too_large: &TooLarge) -> Result<(), Stop> {
    let TooLarge {
        label,
        table,
        words,
    } = too_large;
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
    let Some(missing) = words.iter().find(|word| !stderr.contains(*word)) else {
        return Ok(());
    };
    let limit = &words[0];
    let expected = format!(
        "names the limit {limit}, its value and what came on stderr: there is no {missing} in it"
    );
    let actual = format!("{label}: on stderr \"{}\"", stderr.escape_default());
    Err(stage.fail(Reason::LimitNotNamed, expected, actual))
}
