//! A person at the terminal that `otto` runs on.

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use super::program::{LONG, wrapped};

/// A person, and the program that was started for them. It is killed if this is dropped.
pub(crate) struct Person {
    keyboard: File,
    child: Child,
    /// All that the terminal has shown.
    pub(crate) seen: String,
    /// How much of that was waited for.
    noticed: usize,
}

impl Person {
    /// Starts a program in a session of its own, on the terminal of the person.
    pub(super) fn at(program: &Command) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let keyboard = openpt(flags).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let path = ptsname(&keyboard, Vec::new()).unwrap();
        let path = PathBuf::from(path.into_string().unwrap());
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = open(&path, flags, Mode::empty()).unwrap();
        let mut session = Command::new("setsid");
        session.arg("--ctty");
        let mut command = wrapped(session, program);
        command
            .env("TERM", "xterm")
            .stdin(terminal.try_clone().unwrap())
            .stdout(terminal.try_clone().unwrap())
            .stderr(terminal);
        let child = command.spawn().unwrap();
        Self {
            keyboard: keyboard.into(),
            child,
            seen: String::new(),
            noticed: 0,
        }
    }

    pub(crate) fn types(&self, text: &str) {
        (&self.keyboard).write_all(text.as_bytes()).unwrap();
    }

    /// Waits until the terminal shows this, after what was waited for before.
    #[track_caller]
    pub(crate) fn sees(&mut self, text: &str) {
        let until = Instant::now() + LONG;
        loop {
            if let Some(at) = self.seen[self.noticed..].find(text) {
                self.noticed += at + text.len();
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(self.look(left), "{text:?} is not shown, but {}", self.seen);
        }
    }

    /// Whether the terminal shows what is typed.
    pub(crate) fn has_echo(&self) -> bool {
        // The modes are the same at both ends.
        let modes = tcgetattr(&self.keyboard).unwrap();
        modes.local_modes.contains(LocalModes::ECHO)
    }

    /// Waits for the end of the program, and gives what it exits with.
    #[track_caller]
    pub(crate) fn leaves(&mut self) -> Option<i32> {
        let until = Instant::now() + LONG;
        // The terminal hangs up when nobody has it open any more.
        while self.look(until.saturating_duration_since(Instant::now())) {}
        assert!(Instant::now() < until, "it did not end: {}", self.seen);
        self.child.wait().unwrap().code()
    }

    /// Waits for the terminal to show more. It answers false if it never will.
    fn look(&mut self, patience: Duration) -> bool {
        let mut ready = [PollFd::new(&self.keyboard, PollFlags::IN)];
        let patience = Timespec::try_from(patience).unwrap();
        if poll(&mut ready, Some(&patience)).unwrap() == 0 {
            return false;
        }
        let mut buffer = [0; 4096];
        match self.keyboard.read(&mut buffer) {
            Ok(0) | Err(_) => false,
            Ok(read) => {
                self.seen
                    .push_str(&String::from_utf8_lossy(&buffer[..read]));
                true
            }
        }
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        // It has ended already, or the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
