//! What is shown, for programs: one JSON object a line.
//!
//! Each has `format`, the number of this format; `time_unix_ms`, when it was shown; `event`, what it
//! is; `plugin`, as `TYPE-NAME`, if it comes from one; and what belongs to the event. Members may be
//! added; a change of what is there changes the number.

use std::fmt::Write;
use std::time::SystemTime;

use serde::Serialize;

use super::event::Event;

/// The number of the format.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Line<'a> {
    format: u32,
    time_unix_ms: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<&'a str>,
    #[serde(flatten)]
    event: &'a Event,
}

/// Gives the line of an event, with its end.
pub(super) fn render(time: SystemTime, plugin: Option<&str>, event: &Event) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    let line = Line {
        format: FORMAT,
        time_unix_ms: since.unwrap_or_default().as_millis(),
        plugin,
        event,
    };
    let mut text = match serde_json::to_string(&line) {
        Ok(line) => ascii_controls(&line),
        // Nothing that is an event fails: there is no map in it whose keys are no text.
        Err(error) => format!(
            "{{\"format\":{FORMAT},\"event\":\"lost\",\"reason\":{:?}}}",
            error.to_string()
        ),
    };
    text.push('\n');
    text
}

/// Writes out the control characters that JSON lets stand: somebody may look at it on a terminal.
fn ascii_controls(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for char in json.chars() {
        match char {
            '\u{7f}'..='\u{9f}' => {
                // Writing to a string does not fail.
                let _ = write!(safe, "\\u{:04x}", u32::from(char));
            }
            char => safe.push(char),
        }
    }
    safe
}
