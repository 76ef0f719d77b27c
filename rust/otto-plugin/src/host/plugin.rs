//! A running plugin.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio_util::sync::CancellationToken;

use super::call_error::{PluginError, PluginErrorCause};
use super::calling::{Called, Calling, Waits, detached};
use super::cancel::Cancel;
use super::end::{Ended, Escalation, end};
use super::output::{Drain, Output};
use super::process::Process;
use super::start::DEATH;
use crate::bindings::app::{AppClient, CompileResult, Context, DevDep, Meta};
use crate::bindings::appfile::Appfile;
use crate::bindings::error::Error;
use crate::bindings::handshake::{PluginInfo, SessionClient};
use crate::bindings::host::{DirectoryClient, Host, TerminalClient, UiClient};
use crate::rpc::{CallError, Client, Disconnect, Lease, Outcome, inside, own, within};
use crate::transport::Connection;

/// The feature that a host announces which lends its terminal.
pub(super) const TERMINAL: &str = "terminal";

/// A plugin that has been started. Every clone is the same plugin.
///
/// It works from any thread and under any async runtime. When the last clone is dropped, the plugin
/// is ended in the background, as by [`shut_down`](Self::shut_down) without its first step.
///
/// A call is asked to stop by the [`Cancel`] in its [`Services`], or by dropping its future, which is
/// the reason `unspecified`. It then has as long as the plugin wants, up to what
/// [`Launcher::cancel_grace_max`](super::Launcher::cancel_grace_max) allows. One that has not ended
/// by then is dropped, and a plugin that holds on to it for another 2 s is ended. A call that was
/// answered returns when the callbacks that it had begun are done.
#[derive(Clone, Debug)]
pub struct Plugin(Arc<Running>);

#[derive(Debug)]
struct Running(Parts);

/// What a plugin consists of.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) path: PathBuf,
    pub(crate) info: PluginInfo,
    pub(crate) meta: Meta,
    pub(crate) app: AppClient,
    pub(crate) session: SessionClient,
    pub(crate) connection: Connection,
    /// The plugin's end of the connection, if it runs in this process.
    pub(crate) guest: Option<Connection>,
    /// Whether the host has announced that it lends its terminal.
    pub(crate) lends_terminal: bool,
    /// None if the plugin runs in this process, or a person has started it.
    pub(crate) timings: Option<Timings>,
    /// None if the plugin runs in this process, or a person has started it.
    pub(crate) process: Option<(Arc<Process>, Drain)>,
    pub(crate) escalation: Escalation,
    /// How long a call has to stop, once it was asked to. None if it has for ever.
    pub(crate) grace: Option<Duration>,
    /// Cancelled when the plugin is to end.
    pub(crate) ending: CancellationToken,
}

/// How long the parts of a start took, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timings {
    /// Until the process was there.
    pub execute: Duration,
    /// From there to the answer to `connect`.
    pub connect: Duration,
    /// From there to the answer to `meta`, which was asked for together with `connect`.
    pub meta: Duration,
}

/// What a plugin may call during one call: each is lent, and refused afterwards.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a caller builds it")]
pub struct Services {
    /// The user's screen and keyboard.
    pub ui: UiClient,
    /// What Otto keeps from one run to the next.
    pub directory: DirectoryClient,
    /// Asks the call to stop.
    pub cancel: Cancel,
    /// The user's terminal, if there is one. Lent only by a host that has announced it, with
    /// `Launcher::feature("terminal")`.
    pub terminal: Option<TerminalClient>,
}

impl Parts {
    /// Whether it has ended although nobody wanted it to. Then the host closes the connection, if
    /// another process holds the other end.
    fn is_lost(&self) -> bool {
        let exited = |(process, _): &(Arc<Process>, Drain)| process.exit().is_some();
        self.process.as_ref().is_some_and(exited) && !self.ending.is_cancelled()
    }
}

impl Plugin {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(Running(parts)))
    }

    fn parts(&self) -> &Parts {
        &self.0.0
    }

    /// The path that it was started by. Of a plugin that a person has started, what it is called.
    pub fn path(&self) -> &Path {
        &self.parts().path
    }

    /// What it says of itself.
    pub fn info(&self) -> &PluginInfo {
        &self.parts().info
    }

    /// What it is for. It has answered this at its start.
    pub fn meta(&self) -> &Meta {
        &self.parts().meta
    }

    /// The number of its process, unless it runs in this one, or a person has started it.
    pub fn pid(&self) -> Option<u32> {
        self.parts()
            .process
            .as_ref()
            .map(|(process, _)| process.pid())
    }

    /// How long its start took. None if it runs in this process, or a person has started it.
    pub fn timings(&self) -> Option<Timings> {
        self.parts().timings
    }

    /// The end of what it has printed so far. Nothing of a plugin that a person has started.
    pub fn output(&self) -> Output {
        self.parts()
            .process
            .as_ref()
            .map(|(_, drain)| drain.output())
            .unwrap_or_default()
    }

    /// Asks it whether it answers. A plugin that does not is not ended by that.
    pub async fn ping(&self) -> Result<(), PluginError> {
        let session = self.parts().session.clone();
        let answer = detached(async move { session.ping().await }).await;
        self.explain("Session.ping", flat("Session.ping", answer))
            .await
    }

    /// Asks it anew what it is for: `App.meta`.
    pub async fn ask_meta(&self) -> Result<Meta, PluginError> {
        let app = self.parts().app.clone();
        let answer = detached(async move { app.meta().await }).await;
        self.explain("App.meta", flat("App.meta", answer)).await
    }

    /// Asks what follows from the sources: `App.implicit`.
    pub async fn implicit(
        &self,
        context: Context,
        services: &Services,
    ) -> Result<Option<Appfile>, PluginError> {
        self.lend("App.implicit", services, |app, host| async move {
            app.implicit(context, host).await
        })
        .await
    }

    /// Has it write configuration: `App.compile`.
    pub async fn compile(
        &self,
        context: Context,
        services: &Services,
    ) -> Result<CompileResult, PluginError> {
        self.lend("App.compile", services, |app, host| async move {
            app.compile(context, host).await
        })
        .await
    }

    /// Has it make what can be deployed: `App.build`.
    pub async fn build(&self, context: Context, services: &Services) -> Result<(), PluginError> {
        self.lend("App.build", services, |app, host| async move {
            app.build(context, host).await
        })
        .await
    }

    /// Has it deploy, or do another action: `App.deploy`.
    pub async fn deploy(&self, context: Context, services: &Services) -> Result<(), PluginError> {
        self.lend("App.deploy", services, |app, host| async move {
            app.deploy(context, host).await
        })
        .await
    }

    /// Has it bring the development environment up, or do another action: `App.dev`.
    pub async fn dev(&self, context: Context, services: &Services) -> Result<(), PluginError> {
        self.lend("App.dev", services, |app, host| async move {
            app.dev(context, host).await
        })
        .await
    }

    /// Asks what `source` needs when it is a dependency of `destination`: `App.devDep`.
    pub async fn dev_dep(
        &self,
        destination: Context,
        source: Context,
        services: &Services,
    ) -> Result<Option<DevDep>, PluginError> {
        self.lend("App.devDep", services, |app, host| async move {
            app.dev_dep(destination, source, host).await
        })
        .await
    }

    /// Ends the plugin: asks it to, closes the connection, sends SIGTERM to its process group, then
    /// SIGKILL; the next step only if the time for the one before has passed. Says which step it
    /// took. It ends for every clone. Dropping the future leaves out the steps to come; the last
    /// handle's end takes them up again.
    pub async fn shut_down(&self) -> Ended {
        let parts = self.parts().clone();
        match inside(end(parts, true)).await {
            Ok(ended) => ended,
            // Without a runtime nothing runs that could be ended.
            Err(_) => Ended::in_process(),
        }
    }

    /// Sends SIGKILL to the process group of the plugin, and returns at once: for a person who does
    /// not want to wait any longer. Calls that are running end with an error, as for a plugin that has
    /// died. Nothing happens to a plugin that has ended, that runs in this process, or that a person
    /// has started.
    pub fn kill(&self) {
        if let Some((process, _)) = &self.parts().process {
            process.signal(Signal::KILL);
        }
    }

    /// Makes a call for which `services` are lent.
    async fn lend<T, Fut>(
        &self,
        method: &'static str,
        services: &Services,
        call: impl FnOnce(AppClient, Host) -> Fut,
    ) -> Result<T, PluginError>
    where
        T: Send + 'static,
        Fut: Future<Output = Result<T, CallError>> + Send + 'static,
    {
        let parts = self.parts();
        let (lease, waits) = (Arc::<Lease>::default(), Arc::<Waits>::default());
        let host = Host {
            ui: services.ui.clone(),
            directory: services.directory.clone(),
            cancellation: waits.client(),
            terminal: services.terminal.clone().filter(|_| parts.lends_terminal),
        };
        let app = parts.app.capability().lending(Arc::clone(&lease));
        let call = call(AppClient::from_capability(app), host);
        let dropped = CancellationToken::new();
        let _on_drop = dropped.clone().drop_guard();
        let calling = Calling {
            parts: parts.clone(),
            lease,
            waits,
            cancel: services.cancel.clone(),
            dropped,
        };
        match detached(calling.run(call)).await {
            Ok(Called::Answered(answer)) => self.explain(method, answer).await,
            Ok(Called::Withdrawn(reason)) => {
                let error = Error::cancelled(method, reason);
                let cause = PluginErrorCause::Failed(error);
                Err(self.error(method, Outcome::NotStarted, cause, self.output()))
            }
            Ok(Called::Overdue {
                reason,
                after,
                ended,
            }) => Err(self.error(
                method,
                Outcome::Unknown,
                PluginErrorCause::Overdue {
                    reason,
                    after,
                    ended,
                },
                self.output(),
            )),
            Err(error) => self.explain(method, flat(method, Err(error))).await,
        }
    }

    /// Says what a call that failed has to do with the state of the plugin.
    async fn explain<T>(
        &self,
        method: &'static str,
        answer: Result<T, CallError>,
    ) -> Result<T, PluginError> {
        let error = match answer {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let parts = self.parts();
        let outcome = error.outcome();
        let cause = match (error, &parts.process) {
            (
                CallError::Disconnected {
                    reason: reason @ (Disconnect::EndOfFile | Disconnect::Closed),
                    ..
                },
                Some((process, _)),
            ) if reason == Disconnect::EndOfFile || parts.is_lost() => {
                let process = Arc::clone(process);
                match within(DEATH, async move { process.exited().await }).await {
                    Some(exit) => PluginErrorCause::Died(exit),
                    None => PluginErrorCause::Disconnected(Disconnect::EndOfFile),
                }
            }
            (CallError::Disconnected { reason, .. }, _) => PluginErrorCause::Disconnected(reason),
            (CallError::Failed(error), _) => PluginErrorCause::Failed(error),
            (other, _) => PluginErrorCause::Call(other),
        };
        let output = match &parts.process {
            Some((_, drain)) if matches!(cause, PluginErrorCause::Died(_)) => {
                drain.last_output().await
            }
            Some((_, drain)) => drain.output(),
            None => Output::default(),
        };
        Err(self.error(method, outcome, cause, output))
    }

    fn error(
        &self,
        method: &'static str,
        outcome: Outcome,
        cause: PluginErrorCause,
        output: Output,
    ) -> PluginError {
        PluginError {
            path: self.parts().path.clone(),
            method,
            outcome,
            cause: Box::new(cause),
            output: Box::new(output),
        }
    }
}

/// A call that this process could not make is one that has failed.
fn flat<T>(method: &str, answer: io::Result<Result<T, CallError>>) -> Result<T, CallError> {
    answer.unwrap_or_else(|error| {
        Err(CallError::System {
            method: method.into(),
            source: Arc::new(error),
        })
    })
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(runtime) = own() {
            runtime.spawn(end(self.0.clone(), false));
        }
    }
}
