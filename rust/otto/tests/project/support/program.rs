//! `otto` as it runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use super::person::Person;

/// How long anything may take before a test fails.
pub(super) const LONG: Duration = Duration::from_secs(120);

/// A program that is to run.
pub(crate) struct Program {
    command: Command,
    input: Option<String>,
}

/// One that is running. It is killed if it is dropped.
pub(crate) struct Run {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<JoinHandle<String>>,
    lines: Receiver<String>,
    /// What came on standard error.
    pub(crate) stderr: String,
}

/// How one ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    pub(super) fn new(command: Command) -> Self {
        Self {
            command,
            input: None,
        }
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<PathBuf>) -> Self {
        self.command.env(name, value.into());
        self
    }

    /// Gives it something on standard input, which otherwise is empty.
    pub(crate) fn input(mut self, text: &str) -> Self {
        self.input = Some(text.to_owned());
        self
    }

    /// Has another program execute it, such as `nohup`.
    pub(crate) fn under(self, wrapper: &str) -> Self {
        Self {
            command: wrapped(Command::new(wrapper), &self.command),
            ..self
        }
    }

    /// Runs it to its end, with nobody who reads what it writes to standard output.
    pub(crate) fn unread(mut self) -> (ExitStatus, String) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = self.command.stdin(Stdio::null()).stdout(writer).output();
        let ended = ended.unwrap();
        (
            ended.status,
            String::from_utf8_lossy(&ended.stderr).into_owned(),
        )
    }

    /// Starts it with a person at its terminal.
    pub(crate) fn at_terminal(self) -> Person {
        Person::at(&self.command)
    }

    /// Starts it.
    pub(crate) fn start(mut self) -> Run {
        let stdin = match self.input {
            Some(_) => Stdio::piped(),
            None => Stdio::null(),
        };
        let mut child = self
            .command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take();
        if let (Some(stdin), Some(text)) = (&mut stdin, &self.input) {
            stdin.write_all(text.as_bytes()).unwrap();
        }
        let mut stdout = child.stdout.take().unwrap();
        let stdout = thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).unwrap();
            text
        });
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (to, lines) = channel();
        thread::spawn(move || {
            for line in stderr.split(b'\n').map_while(Result::ok) {
                // Nobody listens any more when the test has failed.
                let _ = to.send(String::from_utf8_lossy(&line).into_owned());
            }
        });
        Run {
            child,
            stdin: None,
            stdout: Some(stdout),
            lines,
            stderr: String::new(),
        }
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Ended {
        self.start().finish()
    }

    /// Runs it, and expects it to succeed.
    pub(crate) fn ok(self) -> Ended {
        self.code(0)
    }

    /// Runs it, and expects it to exit with this status.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Ended {
        let ended = self.run();
        assert_eq!(ended.status.code(), Some(code), "{ended}");
        ended
    }
}

/// A command that executes another one, where and with what that one would have been.
pub(super) fn wrapped(mut wrapper: Command, command: &Command) -> Command {
    let variables = command.get_envs();
    wrapper
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(command.get_current_dir().unwrap())
        .env_clear()
        .envs(variables.filter_map(|(name, value)| Some((name, value?))));
    wrapper
}

impl Run {
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits for a line on standard error with this in it, and gives the line.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let until = Instant::now() + LONG;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.stderr.push_str(&line);
                    self.stderr.push('\n');
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("{text:?} did not come:\n{}", self.stderr)
                }
            }
        }
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Ended {
        drop(self.stdin.take());
        let pidfd = pidfd_open(self.pid(), PidfdFlags::empty()).unwrap();
        let limit = Timespec::try_from(LONG).unwrap();
        let ended = poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&limit)).unwrap();
        if ended == 0 {
            self.child.kill().unwrap();
        }
        let status = self.child.wait().unwrap();
        self.stderr
            .extend(self.lines.iter().map(|line| line + "\n"));
        let stdout = self.stdout.take().unwrap().join().unwrap();
        let ended_by_itself = ended == 1;
        let ended = Ended {
            status,
            stdout,
            stderr: std::mem::take(&mut self.stderr),
        };
        assert!(ended_by_itself, "it did not end by itself: {ended}");
        ended
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // It has ended already, or the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// Expects something on standard error.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "{text:?} is missing: {self}");
        self
    }

    /// Expects something not to be there, neither on standard error nor on standard output.
    #[track_caller]
    pub(crate) fn hides(&self, text: &str) -> &Self {
        let found = self.stderr.contains(text) || self.stdout.contains(text);
        assert!(!found, "{text:?} is there: {self}");
        self
    }

    /// What it has written to standard output, as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

/// Waits for the end of a process that is not a child of this one.
pub(crate) fn wait_until_gone(pid: i32) {
    let Ok(pidfd) = pidfd_open(Pid::from_raw(pid).unwrap(), PidfdFlags::empty()) else {
        return;
    };
    let limit = Timespec::try_from(LONG).unwrap();
    let gone = poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&limit)).unwrap();
    assert_eq!(gone, 1, "process {pid} is still there");
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let status = match self.status.signal() {
            Some(signal) => format!("signal {signal}"),
            None => format!("status {:?}", self.status.code()),
        };
        write!(
            f,
            "{status}\nstdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        )
    }
}
