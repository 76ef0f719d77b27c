//! The terminal that a person types at.

use std::fs::File;
use std::io::{self, IsTerminal, PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr,
    tcgetwinsize, tcsetattr,
};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::secret::Secret;

/// The longest line that can be typed, in bytes. A terminal itself takes no longer one.
const LINE_MAX: usize = 4096;

/// What a person typed.
#[derive(Debug)]
pub(super) enum Typed {
    Line(Secret),
    /// The end of the input: a person who does not answer.
    End,
    /// More than [`LINE_MAX`], or not UTF-8.
    NoText,
}

/// A terminal to ask at.
#[derive(Debug)]
pub(super) struct Console {
    input: File,
    output: File,
    /// The modes that the terminal is to have again.
    saved: Mutex<Option<Termios>>,
}

impl Console {
    /// The user's: standard input and standard error, or else the terminal of the session.
    pub(super) fn of_user() -> Option<Self> {
        let (stdin, stderr) = (io::stdin(), io::stderr());
        if stdin.is_terminal() && stderr.is_terminal() {
            let input = stdin.as_fd().try_clone_to_owned().ok()?;
            let output = stderr.as_fd().try_clone_to_owned().ok()?;
            return Some(Self::new(input, output));
        }
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let input = open("/dev/tty", flags, Mode::empty()).ok()?;
        let output = input.try_clone().ok()?;
        Some(Self::new(input, output))
    }

    pub(super) fn new(input: OwnedFd, output: OwnedFd) -> Self {
        Self {
            input: input.into(),
            output: output.into(),
            saved: Mutex::default(),
        }
    }

    /// Shows `prompt` and waits for one line. With `hide`, what is typed is not shown.
    ///
    /// Dropping the future ends the wait: no line that is typed later is taken, the modes of the
    /// terminal are as they were when the drop returns, and of a hidden line that was begun nothing
    /// is left in the terminal.
    pub(super) async fn line(self: &Arc<Self>, prompt: String, hide: bool) -> io::Result<Typed> {
        let (ended, end) = io::pipe()?;
        let (answer, answered) = oneshot::channel();
        let console = Arc::clone(self);
        let thread = thread::Builder::new()
            .name("otto-question".into())
            .spawn(move || {
                // Whoever asked may have gone away.
                let _ = answer.send(console.read_line(&prompt, hide, &ended));
            })?;
        let _waiting = Waiting {
            end: Some(end),
            thread: Some(thread),
        };
        answered.await.map_err(io::Error::other)?
    }

    /// Gives the terminal the modes that it had before a question changed them.
    pub(super) fn restore(&self) {
        let saved = self
            .saved
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(saved) = saved {
            // A terminal that is gone has no modes.
            let _ = tcsetattr(&self.input, OptionalActions::Now, &saved);
        }
    }

    fn read_line(&self, prompt: &str, hide: bool, ended: &PipeReader) -> io::Result<Typed> {
        let _modes = Modes::set(self, hide)?;
        self.write(prompt)?;
        // Never grown: no copy of a secret is left behind.
        let mut line = Zeroizing::new(Vec::with_capacity(LINE_MAX));
        let mut is_too_long = false;
        loop {
            if self.wait(ended)? {
                if hide {
                    tcflush(&self.input, QueueSelector::IFlush)?;
                }
                self.write("\n")?;
                return Err(io::ErrorKind::Interrupted.into());
            }
            let mut buffer = Zeroizing::new([0; LINE_MAX]);
            let read = match rustix::io::read(&self.input, &mut *buffer) {
                Ok(0) | Err(Errno::IO) => {
                    self.write("\n")?;
                    return Ok(Typed::End);
                }
                Ok(read) => &buffer[..read],
                Err(Errno::INTR | Errno::AGAIN) => continue,
                Err(error) => return Err(error.into()),
            };
            let (read, is_whole) = match read.strip_suffix(b"\n") {
                Some(read) => (read, true),
                None => (read, false),
            };
            is_too_long |= line.len() + read.len() > LINE_MAX;
            if !is_too_long {
                line.extend_from_slice(read);
            }
            if is_whole {
                return Ok(match std::str::from_utf8(&line) {
                    Ok(text) if !is_too_long => Typed::Line(Secret::new(text)),
                    _ => Typed::NoText,
                });
            }
        }
    }

    /// Waits for a line. It answers true if the wait is over without one.
    fn wait(&self, ended: &PipeReader) -> io::Result<bool> {
        loop {
            let mut both = [
                PollFd::new(ended, PollFlags::IN),
                PollFd::new(&self.input, PollFlags::IN),
            ];
            match poll(&mut both, None) {
                Ok(_) if !both[0].revents().is_empty() => return Ok(true),
                Ok(_) if !both[1].revents().is_empty() => return Ok(false),
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        (&self.output).write_all(text.as_bytes())
    }
}

/// How wide a terminal is, in columns; 80 if it does not know.
pub(super) fn width(terminal: &impl AsFd) -> usize {
    let size = tcgetwinsize(terminal).ok();
    size.map(|size| usize::from(size.ws_col))
        .filter(|width| *width > 0)
        .unwrap_or(80)
}

/// The modes of the terminal's while a line is typed. Dropping it brings back the ones before.
struct Modes<'a>(&'a Console);

impl<'a> Modes<'a> {
    fn set(console: &'a Console, hide: bool) -> io::Result<Self> {
        let saved = tcgetattr(&console.input)?;
        let mut modes = saved.clone();
        modes.input_modes |= InputModes::ICRNL;
        modes.local_modes |= LocalModes::ICANON | LocalModes::ISIG | LocalModes::ECHOE;
        modes.local_modes.set(LocalModes::ECHO, !hide);
        modes.local_modes.set(LocalModes::ECHONL, hide);
        *console.saved.lock().unwrap_or_else(PoisonError::into_inner) = Some(saved);
        let changed = Self(console);
        tcsetattr(&console.input, OptionalActions::Now, &modes)?;
        Ok(changed)
    }
}

impl Drop for Modes<'_> {
    fn drop(&mut self) {
        self.0.restore();
    }
}

/// Ends the wait for a line when it is dropped.
struct Waiting {
    end: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            // It does not panic, and if it did, the modes are brought back by then.
            let _ = thread.join();
        }
    }
}
