//! What is shown and asked. People read standard error; standard output is for data, and nothing
//! here writes to it.
//!
//! Everything that is shown is an `Event`, and one of two renderers makes text of it:
//! `text` for people, `json` for programs (`--log-format json`). What a plugin says is hostile until
//! `escape` or `sgr` has made it fit for a terminal.
//!
//! One question, or one program of a plugin's, has the terminal at a time; the others wait for it in
//! their order. What is shown meanwhile waits too, up to a limit.

mod console;
pub(crate) mod escape;
mod event;
mod json;
mod lines;
mod log;
mod options;
mod output;
mod own_log;
mod place;
mod problem;
mod progress;
mod question;
mod secret;
mod sgr;
mod surface;
mod terminal;
#[cfg(test)]
pub(crate) mod tests;
mod text;
mod ui;

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use clap::ColorChoice;
use miette::Report;

use console::Console;
use event::Event;
use surface::{Piece, Surface};
use text::Text;

pub(crate) use escape::line as printable;
pub(crate) use event::Unit;
pub(crate) use options::{LogFormat, LogLevel, Options};
pub(crate) use place::line_at;
pub(crate) use progress::Task;
pub(crate) use question::AskError;
pub(crate) use secret::Secret;

/// How much later than the end of a program the signal may be noticed that has ended it.
const BELATED: Duration = Duration::from_millis(200);

/// The user's screen and keyboard. Clones are the same one, and may be used from any thread.
///
/// When the last one is dropped, a line that was begun is ended. The modes of the terminal are never
/// left changed, but by an exit of the process in the middle of a question: call
/// [`restore`](Self::restore) before one.
#[derive(Clone)]
pub(crate) struct Screen(Arc<Inner>);

struct Inner {
    look: Look,
    console: Option<Arc<Console>>,
    /// Whether all of the standard streams are the user's terminal, to hand on to a program.
    has_terminal: bool,
    surface: Mutex<Surface>,
    /// Who has the terminal now.
    front: Arc<tokio::sync::Mutex<()>>,
    /// Whether a program of a plugin's has it.
    in_foreground: AtomicBool,
    /// When such a program was seen to have ended.
    left: Mutex<Option<Instant>>,
    tasks: AtomicU64,
}

/// How it is shown.
#[derive(Clone, Copy, Debug)]
struct Look {
    text: Text,
    format: LogFormat,
    level: LogLevel,
    quiet: bool,
}

impl Screen {
    /// The one of this process, on its standard error and its terminal.
    pub(crate) fn new(options: Options) -> Self {
        let stderr = io::stderr();
        let color = match options.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                anstream::AutoStream::choice(&stderr) != anstream::ColorChoice::Never
            }
        };
        let is_json = options.log_format == LogFormat::Json;
        let is_terminal = stderr.is_terminal();
        let can_move = std::env::var_os("TERM").is_some_and(|term| term != "dumb");
        let look = Look {
            text: Text {
                color: color && !is_json,
                width: is_terminal.then(|| console::width(&stderr)),
            },
            format: options.log_format,
            level: options.log_level,
            quiet: options.quiet,
        };
        let with_bars = is_terminal && can_move && !options.quiet && !is_json;
        let console = options.input.then(Console::of_user).flatten();
        let has_terminal = console.is_some()
            && is_terminal
            && io::stdin().is_terminal()
            && io::stdout().is_terminal();
        let surface = Surface::new(Box::new(stderr), with_bars);
        Self::assemble(look, surface, console, has_terminal)
    }

    fn assemble(
        look: Look,
        surface: Surface,
        console: Option<Console>,
        has_terminal: bool,
    ) -> Self {
        Self(Arc::new(Inner {
            look,
            console: console.map(Arc::new),
            has_terminal,
            surface: Mutex::new(surface),
            front: Arc::default(),
            in_foreground: AtomicBool::new(false),
            left: Mutex::default(),
            tasks: AtomicU64::new(0),
        }))
    }

    /// Says that a part of the work begins.
    pub(crate) fn header(&self, text: impl Into<String>) {
        self.show(None, Event::Header { text: text.into() });
    }

    /// Says what is being done.
    pub(crate) fn message(&self, text: impl Into<String>) {
        self.show(None, Event::Message { text: text.into() });
    }

    /// Says what a person has to do, which is waited for.
    pub(crate) fn request(&self, text: impl Into<String>) {
        self.show(None, Event::Request { text: text.into() });
    }

    /// Says what a person may want to know.
    pub(crate) fn note(&self, text: impl Into<String>) {
        self.show(None, Event::Note { text: text.into() });
    }

    /// Says what a person should look at.
    pub(crate) fn warning(&self, text: impl Into<String>) {
        self.show(None, Event::Warning { text: text.into() });
    }

    /// Says what went wrong, with its help, its causes, and the lines of the user's files.
    pub(crate) fn error(&self, report: &Report) {
        let problem = problem::Problem::of(report.as_ref());
        self.show(None, Event::Error { problem });
    }

    /// Says something about what the user has, with its help: as a warning, or what severity it has.
    pub(crate) fn remark(&self, report: &Report) {
        let problem = problem::Problem::of(report.as_ref());
        self.show(None, Event::Diagnostic { problem });
    }

    /// Whether plugins may be lent the terminal.
    pub(crate) fn lends_terminal(&self) -> bool {
        self.0.has_terminal
    }

    /// Whether standard error is a terminal with colours: for whoever writes text of its own.
    pub(crate) fn has_color(&self) -> bool {
        self.0.look.text.color
    }

    /// Whether a program of a plugin's has the terminal.
    fn in_foreground(&self) -> bool {
        self.0.in_foreground.load(Ordering::Acquire)
    }

    /// Whether a `SIGINT` or a `SIGQUIT` that is noticed now is for a program of a plugin's, and does not
    /// end `otto`. The one that ends the program may be noticed after its end, so that the ones of the
    /// next 200 ms are taken for it.
    pub(crate) fn is_interrupt_of_program(&self) -> bool {
        let left = self.0.left.lock().unwrap_or_else(PoisonError::into_inner);
        self.in_foreground() || left.is_some_and(|left| left.elapsed() < BELATED)
    }

    /// Waits until nobody has the terminal: until a program that was cancelled is gone, and the
    /// terminal's modes are what they were. For whoever ends the process.
    pub(crate) async fn settled(&self) {
        drop(self.0.front.lock().await);
    }

    /// Brings back the modes that the terminal had before a question changed them, and takes the bars
    /// away. For whoever ends the process at once, from any thread: nothing is shown after it.
    pub(crate) fn restore(&self) {
        if let Some(console) = &self.0.console {
            console.restore();
        }
        // Somebody who writes to a terminal that takes nothing would keep the process alive.
        if let Ok(mut surface) = self.0.surface.try_lock() {
            surface.pause();
        }
    }

    fn show(&self, plugin: Option<&str>, event: Event) {
        let look = &self.0.look;
        let hidden = match &event {
            Event::Log { level, .. } => *level < look.level,
            _ => false,
        };
        if hidden || (look.quiet && !event.is_urgent()) {
            return;
        }
        let text = match look.format {
            LogFormat::Text => look.text.render(plugin, &event),
            LogFormat::Json => json::render(SystemTime::now(), plugin, &event),
        };
        let is_raw = matches!(event, Event::Raw { .. }) && look.format == LogFormat::Text;
        let raw = is_raw.then(|| plugin.unwrap_or_default().to_owned());
        self.surface().show(Piece { text, raw });
    }

    /// Takes the terminal, once whoever has it is done, and keeps the screen silent until the answer
    /// is dropped.
    async fn front(&self) -> Front {
        let turn = Arc::clone(&self.0.front).lock_owned().await;
        self.surface().pause();
        Front {
            screen: self.clone(),
            _turn: turn,
        }
    }

    fn surface(&self) -> MutexGuard<'_, Surface> {
        self.0
            .surface
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has the terminal. Dropping it shows what has waited.
struct Front {
    screen: Screen,
    _turn: tokio::sync::OwnedMutexGuard<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        let lost = self.screen.surface().resume();
        if lost > 0 {
            let text =
                format!("{lost} messages came meanwhile that are not shown: too many waited");
            self.screen.warning(text);
        }
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen")
            .field("look", &self.0.look)
            .finish_non_exhaustive()
    }
}
