//! A start that failed.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::blame::Blame;
use super::output::Output;
use super::process::Exit;
use crate::bindings::error::Error;
use crate::launch::{CONNECT_VARIABLE, FD_VARIABLE, TOKEN_VARIABLE, versions};

/// A plugin that could not be started. Its process, if there was one, is gone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StartError {
    /// The path of the plugin's file.
    pub path: PathBuf,
    /// How far the start had come.
    pub phase: Phase,
    /// What was seen.
    pub cause: Box<StartCause>,
    /// What the plugin had printed.
    pub output: Box<Output>,
    /// What was seen at the address that it could have dialled.
    pub listening: Box<Listening>,
}

/// What was seen at the address that a plugin was given to dial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listening {
    /// The address, such as `unix:/tmp/otto-x/s`. None if there was none.
    pub address: Option<String>,
    /// Why there was none, or why nobody could dial it any more.
    pub failure: Option<String>,
    /// How many connections did not begin with the token, and were dropped.
    pub strangers: u32,
}

/// A part of a start, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a start has no other part")]
pub enum Phase {
    /// The file is executed.
    Execute,
    /// The plugin dials, since it has not been given a socket.
    Dial,
    /// `Plugin.connect` is called.
    Connect,
    /// `Session.app` is called.
    App,
    /// `App.meta` is called.
    Meta,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Execute => "execute",
            Self::Dial => "dial",
            Self::Connect => "connect",
            Self::App => "app",
            Self::Meta => "meta",
        })
    }
}

/// Why a start failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StartCause {
    /// The operating system did not execute the file.
    CouldNotExecute {
        /// What it says.
        source: Arc<io::Error>,
        /// What is wrong with the file, as far as it can be told.
        why: NotExecutable,
    },
    /// The process ended.
    Exited(Exit),
    /// The process closed its connection, and lives on.
    HungUp,
    /// The two sides have no version of the protocol in common.
    Incompatible {
        /// The versions that this library speaks.
        ours: Vec<u16>,
        /// The versions that the plugin speaks, as it says.
        theirs: Vec<u16>,
    },
    /// What came on the socket is not this protocol.
    NotAPlugin {
        /// The first bytes that came, at most 64.
        first_bytes: Vec<u8>,
    },
    /// It is a plugin of Otto 0.2's, which speaks another protocol.
    Otto02 {
        /// The first line that it printed.
        line: String,
    },
    /// The plugin answered with an error.
    Refused(Error),
    /// The operating system could not do its part.
    System(Arc<io::Error>),
    /// Nothing came in time.
    TimedOut {
        /// The limit.
        after: Duration,
    },
    /// An answer is not what the schema wants it to be, or is an exception.
    WrongAnswer(String),
}

/// What is wrong with a file that was not executed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotExecutable {
    /// It is a script, and the program that its first line names does not exist.
    Interpreter(PathBuf),
    /// There is no such file.
    Missing,
    /// It lacks the permission to be executed. These are its permission bits.
    Mode(u32),
    /// It is neither a program for this machine nor a script that names its interpreter.
    Format,
    /// Something else.
    Other,
}

impl StartError {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match &*self.cause {
            StartCause::CouldNotExecute {
                why: NotExecutable::Missing,
                ..
            } => Blame::Caller,
            StartCause::CouldNotExecute { source, .. }
                if source.kind() == io::ErrorKind::InvalidInput =>
            {
                Blame::Caller
            }
            StartCause::System(source) if source.kind() == io::ErrorKind::InvalidInput => {
                Blame::Caller
            }
            StartCause::CouldNotExecute {
                why: NotExecutable::Other,
                ..
            }
            | StartCause::System(_) => Blame::System,
            StartCause::Incompatible { .. } | StartCause::Otto02 { .. } => Blame::Incompatible,
            _ => Blame::Plugin,
        }
    }

    /// What was expected, and what came: the message without the path, the help, and what the plugin
    /// has printed.
    pub fn what(&self) -> String {
        let address = self.listening.address.as_ref();
        let address = address.map(|address| address.escape_debug());
        match (self.phase, &*self.cause, address) {
            (Phase::Dial, StartCause::TimedOut { after }, Some(address)) => {
                format!("expected it to dial {address} within {after:?}, and it did not")
            }
            (Phase::Dial, StartCause::Exited(exit), Some(address)) => {
                format!("expected it to dial {address}, but it {exit}")
            }
            (Phase::Connect, StartCause::HungUp, Some(address)) => format!(
                "expected an answer, but it closed the connection, and did not dial {address}"
            ),
            (_, cause, _) => cause.to_string(),
        }
    }

    /// What a person can do about it.
    pub fn help(&self) -> String {
        let path = self.path.display();
        match &*self.cause {
            StartCause::TimedOut { .. } | StartCause::Exited(_) if self.phase == Phase::Dial => {
                format!(
                    "without {FD_VARIABLE}, a plugin has to connect to the address in \
                     {CONNECT_VARIABLE}, and to write {TOKEN_VARIABLE} first"
                )
            }
            StartCause::CouldNotExecute { why, .. } => match why {
                NotExecutable::Interpreter(program) => {
                    format!(
                        "install {}, or correct the first line of {path}",
                        program.display()
                    )
                }
                NotExecutable::Missing => "check the path".into(),
                NotExecutable::Mode(_) => format!("run `chmod +x {path}`"),
                NotExecutable::Format => {
                    "build it for this machine, or begin a script with a line such as \
                     `#!/usr/bin/env python3`"
                        .into()
                }
                NotExecutable::Other => "see what the operating system says".into(),
            },
            StartCause::Exited(_) => {
                "see what it printed; started by hand, it must print that it is an Otto plugin"
                    .into()
            }
            StartCause::HungUp | StartCause::NotAPlugin { .. } => {
                "check that the file is an Otto plugin, and that it writes nothing to the socket \
                 but Cap'n Proto messages"
                    .into()
            }
            StartCause::Incompatible { ours, theirs } => {
                if theirs.iter().max() > ours.iter().max() {
                    "update Otto, or use an older version of the plugin".into()
                } else {
                    "update the plugin".into()
                }
            }
            StartCause::Otto02 { .. } => "install a version of the plugin for this Otto".into(),
            StartCause::Refused(error) if !error.help.is_empty() => error.help.clone(),
            StartCause::Refused(_) | StartCause::WrongAnswer(_) => {
                "report this to the author of the plugin; `otto-conformance run` shows more".into()
            }
            StartCause::System(_) => "see what the operating system says".into(),
            StartCause::TimedOut { .. } => {
                "check that the file is an Otto plugin; one that is slow to start can be given a \
                 longer start timeout"
                    .into()
            }
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            phase,
            output,
            listening,
            ..
        } = self;
        let (path, what, help) = (path.display(), self.what(), self.help());
        write!(
            f,
            "plugin {path} could not be started (phase {phase}): {what}\n  help: {help}"
        )?;
        let excerpt = output.excerpt();
        write!(f, "{listening}{excerpt}")
    }
}

/// What there is to say, a line for each.
impl fmt::Display for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(failure) = &self.failure {
            write!(f, "\n  dialling: not offered: {}", failure.escape_debug())?;
        }
        match self.strangers {
            0 => Ok(()),
            1 => write!(
                f,
                "\n  dialling: 1 connection did not begin with the token, and was dropped"
            ),
            strangers => write!(
                f,
                "\n  dialling: {strangers} connections did not begin with the token, and were dropped"
            ),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.cause {
            StartCause::CouldNotExecute { source, .. } | StartCause::System(source) => {
                Some(&**source)
            }
            StartCause::Refused(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for StartCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CouldNotExecute { source, why } => {
                write!(f, "it could not be executed: ")?;
                match why {
                    NotExecutable::Interpreter(program) => {
                        write!(f, "its interpreter {program:?} does not exist")
                    }
                    NotExecutable::Missing => write!(f, "there is no such file"),
                    NotExecutable::Mode(mode) => {
                        write!(f, "its mode is {mode:04o}, which does not allow it")
                    }
                    NotExecutable::Format => {
                        write!(f, "it is neither a program for this machine nor a script")
                    }
                    NotExecutable::Other => write!(f, "{source}"),
                }
            }
            Self::Exited(exit) => write!(f, "expected an answer, but it {exit}"),
            Self::HungUp => write!(f, "expected an answer, but it closed the connection"),
            Self::Incompatible { ours, theirs } => write!(
                f,
                "no common version: this side speaks {}, and the plugin {}",
                versions(ours),
                versions(theirs)
            ),
            Self::NotAPlugin { first_bytes } => write!(
                f,
                "expected Cap'n Proto messages on the socket, but the first bytes were \"{}\"",
                first_bytes.escape_ascii()
            ),
            Self::Otto02 { line } => write!(
                f,
                "it is a plugin of Otto 0.2's, which speaks another protocol: its first line on \
                 stdout is {line:?}"
            ),
            Self::Refused(error) => write!(f, "it answered: {}", error.message),
            Self::System(source) => write!(f, "{source}"),
            Self::TimedOut { after } => {
                write!(f, "expected an answer within {after:?}, and none came")
            }
            Self::WrongAnswer(what) => write!(f, "{what}"),
        }
    }
}

/// Finds out why a file was not executed.
pub(super) fn not_executable(path: &Path, error: &io::Error) -> NotExecutable {
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::ENOTDIR) => match interpreter(path) {
            Some(program) => NotExecutable::Interpreter(program),
            None if path.exists() => NotExecutable::Format,
            None => NotExecutable::Missing,
        },
        Some(libc::EACCES) => match path.metadata() {
            Ok(metadata) if !metadata.is_file() => NotExecutable::Format,
            Ok(metadata) if metadata.permissions().mode() & 0o111 == 0 => {
                NotExecutable::Mode(metadata.permissions().mode() & 0o7777)
            }
            _ => NotExecutable::Other,
        },
        Some(libc::ENOEXEC) => NotExecutable::Format,
        _ => NotExecutable::Other,
    }
}

/// The program that the first line of a script names.
fn interpreter(path: &Path) -> Option<PathBuf> {
    let mut head = Vec::new();
    // The kernel looks no further than this either.
    File::open(path)
        .ok()?
        .take(256)
        .read_to_end(&mut head)
        .ok()?;
    let line = head
        .strip_prefix(b"#!")?
        .split(|byte| *byte == b'\n')
        .next()?;
    let line = String::from_utf8_lossy(line);
    // The kernel knows no other blank: a carriage return belongs to the name.
    let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
    words.next().map(PathBuf::from)
}
