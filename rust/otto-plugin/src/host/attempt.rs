//! A plugin that is not one yet: its connection is awaited, then its answers on it.

use std::future::pending;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::calling::end_together;
use super::end::Escalation;
use super::handshake::Greeting;
use super::introduction::{Introduction, Line};
use super::listener::{Closed, Listener};
use super::output::Drain;
use super::plugin::{Parts, Plugin, Timings};
use super::process::Process;
use super::start::{DEATH, is_otto_02};
use super::start_error::{Listening, Phase, StartCause, StartError};
use crate::bindings::error::ErrorKind;
use crate::bindings::handshake::{PluginInfo, SessionClient};
use crate::launch::PROTOCOL;
use crate::rpc::{CallError, Disconnect};
use crate::transport::{Connection, Socket};

/// What becomes a plugin, or an error. Dropping it ends the plugin.
pub(super) struct Attempt {
    path: PathBuf,
    introduction: Introduction,
    escalation: Escalation,
    /// How long each part may take.
    limit: Duration,
    /// When the start began, and when the process was there.
    began: Instant,
    executed: Instant,
    /// None if a person starts the plugin.
    process: Option<(Arc<Process>, Drain)>,
    /// None before the plugin has dialled, if it has to.
    connection: Option<Connection>,
    /// What is still to be answered there. None if it never will be.
    greeting: Option<Greeting>,
    listener: Option<Listener>,
    listening: Listening,
    armed: bool,
}

/// What came in the place of an answer.
enum Missing {
    Call(CallError),
    Closed(Closed),
    Exited,
    Late,
    Lost,
    System(io::Error),
}

impl Attempt {
    /// Takes what a plugin is expected on: a connection, a listener, or both.
    pub(super) fn new(
        path: PathBuf,
        introduction: Introduction,
        line: Option<Line>,
        listener: Option<Listener>,
    ) -> Self {
        let (connection, greeting) = line.map(|line| (line.connection, line.greeting)).unzip();
        let address = listener
            .as_ref()
            .map(|listener| listener.dial().address.to_string());
        let now = Instant::now();
        Self {
            path,
            introduction,
            escalation: Escalation::UNLIMITED,
            limit: Duration::MAX,
            began: now,
            executed: now,
            process: None,
            connection,
            greeting,
            listener,
            listening: Listening {
                address,
                ..Listening::default()
            },
            armed: true,
        }
    }

    /// Notes why there is no address to dial.
    pub(super) fn deaf(mut self, why: Option<String>) -> Self {
        self.listening.failure = why;
        self
    }

    /// Takes the process of the plugin, which has just been started, when that was begun, and how long
    /// everything may take from now on. Without a process, it may take for ever.
    pub(super) fn process(
        mut self,
        process: Arc<Process>,
        drain: Drain,
        began: Instant,
        limit: Duration,
        escalation: Escalation,
    ) -> Self {
        self.process = Some((process, drain));
        self.began = began;
        self.limit = limit;
        self.escalation = escalation;
        self
    }

    /// Waits for the connection and the answers to the first flight. Runs inside the library's
    /// runtime.
    pub(super) async fn finish(mut self, deadline: Instant) -> Result<Plugin, StartError> {
        let connected = timeout_at(deadline, self.connected()).await;
        self.stop_listening();
        let phase = match self.connection {
            Some(_) => Phase::Connect,
            None => Phase::Dial,
        };
        let connected = connected.unwrap_or(Err(Missing::Late));
        let (info, session) = self.check(phase, connected).await?;
        if info.protocol != PROTOCOL {
            let cause = StartCause::WrongAnswer(format!(
                "it chose version {} of the protocol, and was offered {PROTOCOL}",
                info.protocol
            ));
            return Err(self.fail(Phase::Connect, cause).await);
        }
        let (Some(connection), Some(mut greeting)) =
            (self.connection.clone(), self.greeting.take())
        else {
            let cause = StartCause::WrongAnswer("it answered without a connection".into());
            return Err(self.fail(Phase::Connect, cause).await);
        };
        let connected = Instant::now();
        let deadline = after(self.limit);
        let process = self.process.as_ref();
        let app = timeout_at(deadline, answered(process, Some(&mut greeting.app))).await;
        let app = app.unwrap_or(Err(Missing::Late));
        let app = self.check(Phase::App, app).await?;
        let process = self.process.as_ref();
        let meta = timeout_at(deadline, answered(process, Some(&mut greeting.meta))).await;
        let meta = meta.unwrap_or(Err(Missing::Late));
        let meta = self.check(Phase::Meta, meta).await?;

        self.armed = false;
        let timings = self.process.is_some().then(|| Timings {
            execute: self.executed - self.began,
            connect: connected - self.executed,
            meta: connected.elapsed(),
        });
        let Introduction { host, .. } = &self.introduction;
        let grace = info.cancel_grace_ms.min(host.cancel_grace_max_ms);
        let grace = Duration::from_millis(grace.into());
        let parts = Parts {
            path: self.path.clone(),
            info,
            meta,
            app,
            session,
            connection,
            guest: None,
            lends_terminal: self.introduction.lends_terminal(),
            timings,
            process: self.process.clone(),
            escalation: self.escalation,
            // Whoever looks at a plugin in a debugger has all the time there is.
            grace: self.process.is_some().then_some(grace),
            ending: CancellationToken::new(),
        };
        tokio::spawn(end_together(parts.clone()));
        Ok(Plugin::new(parts))
    }

    /// Waits for the answer to `connect`, on the connection that is there, and on the one that the
    /// plugin dials, where the first flight begins anew.
    async fn connected(&mut self) -> Result<(PluginInfo, SessionClient), Missing> {
        loop {
            let connect = self.greeting.as_mut().map(|it| &mut it.connect);
            let dialled = tokio::select! {
                biased;
                answer = answered(self.process.as_ref(), connect) => match answer {
                    Err(missing) if self.may_still_dial(&missing).await => {
                        self.greeting = None;
                        continue;
                    }
                    answer => return answer,
                },
                dialled = dialled(self.listener.as_mut()) => dialled,
            };
            self.stop_listening();
            match dialled {
                Ok(socket) => {
                    let line = self.introduction.open(socket).map_err(Missing::System)?;
                    // The end of the pair that nobody uses is closed with its connection.
                    self.connection = Some(line.connection);
                    self.greeting = Some(line.greeting);
                }
                Err(closed) => {
                    self.listening.failure = Some(closed.to_string());
                    match (&self.connection, &self.greeting) {
                        (None, _) => return Err(Missing::Closed(closed)),
                        (Some(_), None) => return Err(Missing::Lost),
                        (Some(_), Some(_)) => {}
                    }
                }
            }
        }
    }

    /// Whether only the inherited socket was let go of, by a wrapper for one, and in silence.
    async fn may_still_dial(&self, missing: &Missing) -> bool {
        let lost = matches!(
            missing,
            Missing::Call(CallError::Disconnected { .. }) | Missing::Lost
        );
        let (true, Some(_), Some(connection)) = (lost, &self.listener, &self.connection) else {
            return false;
        };
        let ended = timeout(DEATH, connection.link.ended()).await;
        ended == Ok(Disconnect::EndOfFile) && connection.seen().first.is_empty()
    }

    fn stop_listening(&mut self) {
        if let Some(listener) = self.listener.take() {
            self.listening.strangers = listener.strangers();
        }
    }

    /// Makes an error out of a missing answer, and ends the plugin.
    async fn check<T>(&self, phase: Phase, answer: Result<T, Missing>) -> Result<T, StartError> {
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
            Missing::Call(CallError::Disconnected { .. }) | Missing::Lost => {
                self.disconnected(phase).await
            }
            Missing::Call(CallError::System { source, .. }) => StartCause::System(source),
            Missing::Call(error) => StartCause::WrongAnswer(error.to_string()),
            Missing::Closed(Closed::System(error)) | Missing::System(error) => {
                StartCause::System(Arc::new(error))
            }
            Missing::Closed(strangers) => StartCause::WrongAnswer(strangers.to_string()),
            Missing::Exited => self.exited(),
            Missing::Late => match &self.connection {
                Some(connection) if connection.link.has_ended() => StartCause::HungUp,
                _ => StartCause::TimedOut { after: self.limit },
            },
        };
        Err(self.fail(phase, cause).await)
    }

    /// A process that dies closes its connection first. It is asked for first, all the same.
    async fn disconnected(&self, phase: Phase) -> StartCause {
        let Some(connection) = &self.connection else {
            return StartCause::HungUp;
        };
        let _ = timeout(DEATH, connection.link.ended()).await;
        let seen = connection.seen();
        let broken = matches!(connection.link.why(), Disconnect::Broken(_));
        if phase == Phase::Connect && seen.messages == 0 && !seen.first.is_empty() {
            return StartCause::NotAPlugin {
                first_bytes: seen.first,
            };
        }
        if let Some((process, _)) = &self.process
            && timeout(DEATH, process.exited()).await.is_ok()
        {
            return self.exited();
        }
        if broken {
            StartCause::WrongAnswer(connection.link.why().to_string())
        } else {
            StartCause::HungUp
        }
    }

    fn exited(&self) -> StartCause {
        let exit = self.process.as_ref().and_then(|(it, _)| it.exit());
        exit.map_or(StartCause::HungUp, StartCause::Exited)
    }

    async fn fail(&self, phase: Phase, cause: StartCause) -> StartError {
        if let Some((process, _)) = &self.process {
            process.signal(Signal::KILL);
            process.exited().await;
        }
        let mut seen = crate::transport::Seen::default();
        if let Some(connection) = &self.connection {
            connection.close().await;
            seen = connection.seen();
        }
        let (mut output, mut line) = (Box::default(), String::new());
        if let Some((_, drain)) = &self.process {
            *output = drain.last_output().await;
            line = String::from_utf8_lossy(&drain.first_line()).into_owned();
        }
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
        StartError {
            path: self.path.clone(),
            phase,
            cause: Box::new(cause),
            output,
            listening: Box::new(self.listening.clone()),
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some((process, _)) = self.process.as_ref().filter(|_| self.armed) {
            process.signal(Signal::KILL);
        }
    }
}

/// Waits for an answer, if there is one to come, and for the end of the process, if there is one.
async fn answered<T>(
    process: Option<&(Arc<Process>, Drain)>,
    answer: Option<&mut oneshot::Receiver<Result<T, CallError>>>,
) -> Result<T, Missing> {
    let exited = async {
        match process {
            Some((process, _)) => process.exited().await,
            None => pending().await,
        }
    };
    let Some(answer) = answer else {
        exited.await;
        return Err(Missing::Exited);
    };
    let answer = tokio::select! {
        biased;
        answer = &mut *answer => answer,
        // It may have answered before it ended.
        _ = exited => match timeout(DEATH, answer).await {
            Ok(answer) => answer,
            Err(_) => return Err(Missing::Exited),
        },
    };
    match answer {
        Ok(answer) => answer.map_err(Missing::Call),
        Err(_) => Err(Missing::Lost),
    }
}

/// Waits for a plugin that dials, if it can.
async fn dialled(listener: Option<&mut Listener>) -> Result<Socket, Closed> {
    match listener {
        Some(listener) => listener.plugin().await,
        None => pending().await,
    }
}

/// A limit that no clock can show is none.
pub(super) fn after(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limit)
        .unwrap_or_else(|| now + Duration::from_secs(86_400 * 365))
}
