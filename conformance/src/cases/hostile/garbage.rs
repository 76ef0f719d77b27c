//! What is no message.

use std::time::Duration;

use super::{exits_at_the_end, exits_by_itself, has_ended, listening};
use crate::cases::seconds;
use crate::stage::{Raw, Stage, bootstrap};
use crate::verdict::{Reason, Stop};
use crate::wire::Message;

/// What a program says that speaks something else.
const ANOTHER_PROTOCOL: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// How many of the bytes are shown.
const SHOWN: usize = 16;

pub(super) async fn is_refused(stage: &Stage<'_>) -> Result<(), Stop> {
    let raw = listening(stage, "after a message").await?;
    refuses(
        stage,
        &raw,
        "bytes at random after a message",
        &at_random(stage),
        stage.limit(),
    )
    .await?;
    for (label, bytes) in [
        ("another protocol", ANOTHER_PROTOCOL.to_vec()),
        ("bytes at random", at_random(stage)),
    ] {
        let raw = Raw::start(stage, label)?;
        // When the plugin begins to read cannot be seen, so the time of its start is in this.
        let within = stage.start_limit() + stage.limit();
        refuses(stage, &raw, label, &bytes, within).await?;
    }
    let whole = bootstrap(0);
    for (label, bytes) in [
        ("half a table of segments", &whole[..5]),
        ("half a message", &whole[..whole.len() / 2]),
    ] {
        takes_for_an_end(stage, label, bytes).await?;
    }
    Ok(())
}

/// Bytes whose first four are no number of segments that anybody has.
fn at_random(stage: &Stage<'_>) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..8).flat_map(|_| stage.random().to_le_bytes()).collect();
    bytes[3] |= 0x80;
    bytes
}

/// The connection is ended over bytes that cannot be the beginning of a message.
async fn refuses(
    stage: &Stage<'_>,
    raw: &Raw,
    label: &str,
    bytes: &[u8],
    within: Duration,
) -> Result<(), Stop> {
    raw.write(bytes, within).await;
    let shown = bytes[..bytes.len().min(SHOWN)].escape_ascii();
    stage.did(format!(
        "{label}: wrote {} bytes, \"{shown}…\"",
        bytes.len()
    ));
    let ending = raw.ending(within).await;
    let expected = format!("{label}: ends the connection within {}", seconds(within));
    has_ended(stage, raw, ending, &expected)?;
    exits_by_itself(stage, raw, label).await?;
    if raw.process.stderr.text().trim().is_empty() {
        let expected = format!("{label}: says on stderr why it has ended the connection");
        return Err(stage.fail(Reason::StderrEmpty, expected, "nothing on stderr"));
    }
    Ok(())
}

/// A message whose end never comes is none, and the end of the file is one.
async fn takes_for_an_end(stage: &Stage<'_>, label: &str, bytes: &[u8]) -> Result<(), Stop> {
    let raw = Raw::start(stage, label)?;
    let within = stage.start_limit() + stage.limit();
    raw.write(bytes, within).await;
    raw.finish()?;
    stage.did(format!(
        "{label}: wrote {} bytes, and ended the file",
        bytes.len()
    ));
    let ending = raw.ending(within).await;
    let expected = format!("{label}: takes the end of the file for the end of the connection");
    has_ended(stage, &raw, ending, &expected)?;
    exits_at_the_end(stage, &raw, label).await?;
    // To say `abort` is to end the connection.
    let answer = raw.link.record(|record| {
        let mut events = record.events().iter();
        let answer = events.find(|event| matches!(event.message, Message::Return { .. }));
        answer.map(|event| event.line.clone())
    });
    match answer {
        Some(answer) => {
            let expected = format!("{label}: acts on nothing of it");
            Err(stage.fail(Reason::NotRefused, expected, format!("it sent {answer}")))
        }
        None => Ok(()),
    }
}
