//! The one place that writes to the terminal.

use std::fmt;
use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};

/// The colours, all of the terminal's own sixteen.
pub(crate) mod style {
    use anstyle::{AnsiColor, Style};

    pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
    pub(crate) const BOLD: Style = Style::new().bold();
    pub(crate) const DIM: Style = Style::new().dimmed();
    pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
    pub(crate) const ODD: Style = AnsiColor::Yellow.on_default().bold();
}

/// People read stderr, machines read stdout.
#[derive(Debug)]
pub(crate) struct Screen {
    people: AutoStream<io::Stderr>,
    asked: AutoStream<io::Stdout>,
}

impl Screen {
    pub(crate) fn new(color: ColorChoice) -> Self {
        let resolve = |auto: ColorChoice| match color {
            ColorChoice::Auto => auto,
            color => color,
        };
        let (err, out) = (io::stderr(), io::stdout());
        let (err_auto, out_auto) = (AutoStream::choice(&err), AutoStream::choice(&out));
        Self {
            people: AutoStream::new(err, resolve(err_auto)),
            asked: AutoStream::new(out, resolve(out_auto)),
        }
    }

    /// A line of a run. Nobody to read it is no reason to stop.
    pub(crate) fn tell(&mut self, line: fmt::Arguments<'_>) {
        let _ = writeln!(self.people, "{line}");
    }

    /// A line that was asked for. It fails if nobody reads on.
    pub(crate) fn answer(&mut self, line: fmt::Arguments<'_>) -> io::Result<()> {
        writeln!(self.asked, "{line}")
    }
}
