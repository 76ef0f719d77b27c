//! A start, phase by phase, and what to make of one that fails.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Greeting;
use super::calling::end_together;
use super::launcher::Launcher;
use super::output::Drain;
use super::plugin::{Parts, Plugin, TERMINAL};
use super::process::Process;
use super::start_error::{Phase, StartCause, StartError, not_executable};
use crate::bindings::error::ErrorKind;
use crate::launch::PROTOCOL;
use crate::rpc::{CallError, Disconnect};
use crate::transport::{self, Connection, Role};

/// How long the end of a process may take to be seen after the end of its connection.
pub(super) const DEATH: Duration = Duration::from_secs(1);

/// Starts a plugin. Runs inside the workers' runtime.
pub(super) async fn start(launcher: Launcher) -> Result<Plugin, StartError> {
    let Launcher {
        path,
        added,
        host,
        log,
        sink,
        timeout: limit,
        escalation,
    } = launcher;
    let system = |error| StartError::system(path.clone(), error);
    let (ours, theirs) = UnixStream::pair().map_err(system)?;

    // The first calls are in the socket before the plugin has begun.
    let grace_max_ms = host.cancel_grace_max_ms;
    let lends_terminal = host.features.iter().any(|name| name == TERMINAL);
    let (begin, greeting) = Greeting::new(host, log);
    let connection = transport::open(ours, Role::Host(begin)).map_err(system)?;
    let deadline = after(limit);
    let started = Process::start(&path, &added, theirs.into()).await;
    let (process, pipes) = started.map_err(|error| StartError {
        path: path.clone(),
        phase: Phase::Execute,
        cause: Box::new(StartCause::CouldNotExecute {
            why: not_executable(&path, &error),
            source: Arc::new(error),
        }),
        output: Box::default(),
    })?;
    let mut attempt = Attempt {
        path,
        process,
        connection,
        armed: true,
    };
    let drain = Drain::start(pipes, &attempt.process, sink)
        .map_err(|error| StartError::system(attempt.path.clone(), error))?;

    let Greeting { connect, app, meta } = greeting;
    let connect = attempt.answer(connect, deadline).await;
    let (info, session) = attempt
        .check(Phase::Connect, limit, connect, &drain)
        .await?;
    if info.protocol != PROTOCOL {
        let cause = StartCause::WrongAnswer(format!(
            "it chose version {} of the protocol, and was offered {PROTOCOL}",
            info.protocol
        ));
        return Err(attempt.fail(Phase::Connect, cause, &drain).await);
    }
    let deadline = after(limit);
    let app = attempt.answer(app, deadline).await;
    let app = attempt.check(Phase::App, limit, app, &drain).await?;
    let meta = attempt.answer(meta, deadline).await;
    let meta = attempt.check(Phase::Meta, limit, meta, &drain).await?;

    attempt.armed = false;
    let grace_ms = info.cancel_grace_ms.min(grace_max_ms);
    let parts = Parts {
        path: attempt.path.clone(),
        info,
        meta,
        app,
        session,
        connection: attempt.connection.clone(),
        guest: None,
        lends_terminal,
        process: Some((Arc::clone(&attempt.process), drain)),
        escalation,
        grace: Some(Duration::from_millis(grace_ms.into())),
        ending: CancellationToken::new(),
    };
    tokio::spawn(end_together(parts.clone()));
    Ok(Plugin::new(parts))
}

/// A limit that no clock can show is none.
fn after(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limit)
        .unwrap_or_else(|| now + Duration::from_secs(86_400 * 365))
}

/// A plugin that is being started. Dropping it ends the plugin.
struct Attempt {
    path: PathBuf,
    process: Arc<Process>,
    connection: Connection,
    armed: bool,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.armed {
            self.process.signal(Signal::KILL);
        }
    }
}

/// What came in the place of an answer.
enum Missing {
    Exited,
    Late,
    Call(CallError),
}

impl Attempt {
    /// Waits for an answer, for the end of the process, and for the deadline.
    async fn answer<T>(
        &self,
        mut answer: oneshot::Receiver<Result<T, CallError>>,
        deadline: Instant,
    ) -> Result<T, Missing> {
        let answered = async {
            let answer = tokio::select! {
                biased;
                answer = &mut answer => answer,
                // It may have answered before it ended.
                _ = self.process.exited() => match timeout(DEATH, answer).await {
                    Ok(answer) => answer,
                    Err(_) => return Err(Missing::Exited),
                },
            };
            match answer {
                Ok(answer) => answer.map_err(Missing::Call),
                Err(_) => Err(self.lost()),
            }
        };
        timeout_at(deadline, answered)
            .await
            .unwrap_or(Err(Missing::Late))
    }

    fn lost(&self) -> Missing {
        Missing::Call(CallError::Disconnected {
            method: "connect".into(),
            sent: true,
            reason: self.connection.link.why(),
        })
    }

    /// Makes an error out of a missing answer, and ends the plugin.
    async fn check<T>(
        &self,
        phase: Phase,
        limit: Duration,
        answer: Result<T, Missing>,
        drain: &Drain,
    ) -> Result<T, StartError> {
        let missing = match answer {
            Ok(value) => return Ok(value),
            Err(missing) => missing,
        };
        let cause = match missing {
            Missing::Call(CallError::Failed(error)) => match error.kind {
                ErrorKind::Incompatible => StartCause::Incompatible {
                    ours: vec![PROTOCOL],
                    theirs: error.supported,
                },
                _ => StartCause::Refused(error),
            },
            Missing::Call(CallError::Disconnected { .. }) => self.disconnected(phase).await,
            Missing::Call(CallError::System { source, .. }) => StartCause::System(source),
            Missing::Call(error) => StartCause::WrongAnswer(error.to_string()),
            Missing::Exited => self.exited(),
            Missing::Late => StartCause::TimedOut { after: limit },
        };
        Err(self.fail(phase, cause, drain).await)
    }

    /// A process that dies closes its connection first. It is asked for first, all the same.
    async fn disconnected(&self, phase: Phase) -> StartCause {
        let _ = timeout(DEATH, self.connection.link.ended()).await;
        let seen = self.connection.seen();
        let broken = matches!(self.connection.link.why(), Disconnect::Broken(_));
        if phase == Phase::Connect && seen.messages == 0 && !seen.first.is_empty() {
            return StartCause::NotAPlugin {
                first_bytes: seen.first,
            };
        }
        match timeout(DEATH, self.process.exited()).await {
            Ok(_) => self.exited(),
            Err(_) if broken => StartCause::WrongAnswer(self.connection.link.why().to_string()),
            Err(_) => StartCause::HungUp,
        }
    }

    fn exited(&self) -> StartCause {
        match self.process.exit() {
            Some(exit) => StartCause::Exited(exit),
            None => StartCause::HungUp,
        }
    }

    async fn fail(&self, phase: Phase, cause: StartCause, drain: &Drain) -> StartError {
        self.process.signal(Signal::KILL);
        self.process.exited().await;
        self.connection.close().await;
        let output = drain.last_output().await;
        let seen = self.connection.seen();
        let line = String::from_utf8_lossy(&drain.first_line()).into_owned();
        let silent = matches!(
            cause,
            StartCause::TimedOut { .. } | StartCause::Exited(_) | StartCause::HungUp
        );
        let cause = if silent && is_otto_02(&line) {
            StartCause::Otto02 { line }
        } else if silent && seen.messages == 0 && !seen.first.is_empty() {
            StartCause::NotAPlugin {
                first_bytes: seen.first,
            }
        } else {
            cause
        };
        let (cause, output) = (Box::new(cause), Box::new(output));
        StartError {
            path: self.path.clone(),
            phase,
            cause,
            output,
        }
    }
}

/// Otto 0.2's plugins print `1|unix|PATH` or `1|tcp|HOST:PORT`.
fn is_otto_02(line: &str) -> bool {
    let mut parts = line.trim_end().splitn(3, '|');
    let number = parts.next().is_some_and(|part| part.parse::<u32>().is_ok());
    let network = parts
        .next()
        .is_some_and(|part| matches!(part, "unix" | "tcp"));
    number && network && parts.next().is_some_and(|address| !address.is_empty())
}

impl StartError {
    pub(super) fn system(path: PathBuf, error: io::Error) -> Self {
        Self {
            path,
            phase: Phase::Execute,
            cause: Box::new(StartCause::System(Arc::new(error))),
            output: Box::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_otto_02_is_told_from_other_lines() {
        assert!(is_otto_02("1|unix|/tmp/otto-plugin123"));
        assert!(is_otto_02("1|tcp|127.0.0.1:10000\r"));
        assert!(!is_otto_02("1|udp|x"));
        assert!(!is_otto_02("1|unix|"));
        assert!(!is_otto_02("hello"));
    }
}
