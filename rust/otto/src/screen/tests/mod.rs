//! Screens for tests: one that nobody sits at, and one with a person at a pseudo-terminal.

mod input;
mod json;
mod program;
mod text;

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use super::console::Console;
use super::options::{LogFormat, LogLevel};
use super::surface::Surface;
use super::text::Text;
use super::{Look, Screen};

/// How long something that is bound to happen may take, on a machine that does much else.
const SOON: Duration = Duration::from_secs(60);

/// What was written to standard error.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recording(Arc<Mutex<Vec<u8>>>);

impl Recording {
    pub(crate) fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(bytes.clone()).unwrap()
    }
}

impl Write for Recording {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A screen without a terminal, and what is written to it.
pub(crate) fn recorded() -> (Screen, Recording) {
    with(plain(), None)
}

/// A screen with a person at a terminal, and what is written to standard error, which is apart.
pub(crate) fn at_terminal() -> (Screen, Recording, Person) {
    let person = Person::new();
    let console = Console::new(person.terminal(), person.terminal());
    let (screen, recording) = with(plain(), Some(console));
    (screen, recording, person)
}

/// Text without colours, as long as it is, and every log record.
fn plain() -> Look {
    Look {
        text: Text {
            color: false,
            width: None,
        },
        format: LogFormat::Text,
        level: LogLevel::Trace,
        quiet: false,
    }
}

fn with(look: Look, console: Option<Console>) -> (Screen, Recording) {
    let recording = Recording::default();
    let surface = Surface::new(Box::new(recording.clone()), false);
    (Screen::assemble(look, surface, console, false), recording)
}

/// Sits at a terminal: the other end of a pseudo-terminal.
#[derive(Debug)]
pub(crate) struct Person {
    keyboard: File,
    path: PathBuf,
    /// Keeps the terminal from hanging up while nothing else has it open.
    terminal: OwnedFd,
    seen: Mutex<String>,
}

impl Person {
    pub(crate) fn new() -> Self {
        let keyboard =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let path = PathBuf::from(
            ptsname(&keyboard, Vec::new())
                .unwrap()
                .into_string()
                .unwrap(),
        );
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = open(&path, flags, Mode::empty()).unwrap();
        Self {
            keyboard: keyboard.into(),
            path,
            terminal,
            seen: Mutex::default(),
        }
    }

    fn terminal(&self) -> OwnedFd {
        self.terminal.try_clone().unwrap()
    }

    pub(crate) fn types(&self, text: &str) {
        (&self.keyboard).write_all(text.as_bytes()).unwrap();
    }

    /// Waits until the terminal shows `text`, and gives all that it has shown up to there and not
    /// given before.
    pub(crate) fn sees(&self, text: &str) -> String {
        let mut seen = self.seen.lock().unwrap();
        let late = Instant::now() + SOON;
        loop {
            if let Some(at) = seen.find(text) {
                let rest = seen.split_off(at + text.len());
                return std::mem::replace(&mut seen, rest);
            }
            let left = late.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{text:?} is not shown, but {seen:?}");
            self.look(&mut seen, left);
        }
    }

    /// All that the terminal has shown by now and that was not given before.
    fn sees_now(&self) -> String {
        let mut seen = self.seen.lock().unwrap();
        while self.look(&mut seen, Duration::ZERO) {}
        std::mem::take(&mut seen)
    }

    fn look(&self, seen: &mut String, patience: Duration) -> bool {
        let mut ready = [PollFd::new(&self.keyboard, PollFlags::IN)];
        let patience = Timespec::try_from(patience).unwrap();
        if poll(&mut ready, Some(&patience)).unwrap() == 0 {
            return false;
        }
        let mut buffer = [0; 4096];
        let read = (&self.keyboard).read(&mut buffer).unwrap();
        seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
        read > 0
    }

    /// Whether the terminal shows what is typed.
    pub(crate) fn has_echo(&self) -> bool {
        let modes = tcgetattr(self.terminal.as_fd()).unwrap();
        modes.local_modes.contains(LocalModes::ECHO)
    }
}
