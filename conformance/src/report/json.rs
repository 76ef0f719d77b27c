//! `--format json`: each event as a line of JSON, as `schema/events.json` describes it.

use std::io::{self, Write};

use super::{Event, Report};

/// Writes each event when it happens.
pub(super) struct Json {
    writer: Box<dyn Write>,
}

impl Json {
    pub(super) fn new(writer: Box<dyn Write>) -> Self {
        Self { writer }
    }
}

impl Report for Json {
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        writeln!(self.writer, "{}", serde_json::to_string(event)?)?;
        self.writer.flush()
    }
}
