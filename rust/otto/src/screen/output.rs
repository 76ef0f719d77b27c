//! What plugins print.

use otto_plugin::host::OutputStream;

use super::Screen;
use super::event::{Event, Stream};
use super::lines::{Line, Lines};

impl Screen {
    /// Shows what a plugin, named `TYPE-NAME`, prints, line by line, for `Launcher::output`. A line
    /// without an end is shown when the answer is dropped.
    pub(crate) fn output(&self, plugin: &str) -> impl FnMut(OutputStream, &[u8]) + Send + 'static {
        let mut printed = Printed {
            screen: self.clone(),
            plugin: plugin.to_owned(),
            stderr: Lines::default(),
            stdout: Lines::default(),
        };
        move |stream, bytes| printed.take(stream, bytes)
    }
}

struct Printed {
    screen: Screen,
    plugin: String,
    stderr: Lines,
    stdout: Lines,
}

impl Printed {
    fn take(&mut self, stream: OutputStream, bytes: &[u8]) {
        let (lines, stream) = match stream {
            OutputStream::Stderr => (&mut self.stderr, Stream::Stderr),
            OutputStream::Stdout => (&mut self.stdout, Stream::Stdout),
        };
        lines.take(bytes, |line| show(&self.screen, &self.plugin, stream, line));
    }
}

impl Drop for Printed {
    fn drop(&mut self) {
        for (lines, stream) in [
            (&mut self.stdout, Stream::Stdout),
            (&mut self.stderr, Stream::Stderr),
        ] {
            if let Some(line) = lines.rest() {
                show(&self.screen, &self.plugin, stream, line);
            }
        }
    }
}

fn show(screen: &Screen, plugin: &str, stream: Stream, line: Line) {
    let Line { text: line, cut } = line;
    screen.show(Some(plugin), Event::Output { stream, line, cut });
}
