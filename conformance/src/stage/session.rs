//! The ordinary way to use a plugin, one answered call after the other.

use std::rc::Rc;
use std::time::{Duration, Instant};

use capnp::capability::Response;
use capnp::message::Builder;
use capnp::serialize;
use otto_plugin::wire::app_capnp::{app, meta};
use otto_plugin::wire::error_capnp::error;
use otto_plugin::wire::handshake_capnp::{plugin, session};

use super::hello::Info;
use super::{NoAnswer, Rpc, Stage};
use crate::process::Process;
use crate::verdict::{Reason, Stop};
use crate::wire::Link;

/// How many calls a plugin accepts at once that says nothing of it.
pub(crate) const CALLS_IN_FLIGHT: usize = 64;
/// How long a process may take to end after it has let go of its socket, for a better report.
const LAST_MOMENTS: Duration = Duration::from_millis(500);

/// A connected plugin.
pub(crate) struct Session<'a> {
    pub(super) stage: &'a Stage<'a>,
    /// Dropped first: what follows the end of the connection is not this session's matter.
    pub(crate) process: Process,
    pub(crate) rpc: Rpc,
    pub(crate) link: Rc<Link>,
    pub(super) plugin: plugin::Client,
    pub(super) session: session::Client,
    pub(crate) info: Info,
}

/// An answer of `meta`.
pub(crate) struct Meta {
    pub(crate) response: Response<app::meta_results::Owned>,
    pub(crate) took: Duration,
}

impl<'a> Session<'a> {
    /// Asks for the app.
    pub(crate) async fn app(&self) -> Result<app::Client, Stop> {
        let promise = self.session.app_request().send().promise;
        let answer = self
            .answer("Session.app", promise, self.stage.answer_limit())
            .await?;
        let results = answer.get().map_err(|error| error.to_string());
        let app =
            results.and_then(
                |results| match refusal(results.has_error(), results.get_error()) {
                    Some(refusal) => Err(refusal),
                    None => results
                        .get_app()
                        .map_err(|error| format!("no app in it: {error}")),
                },
            );
        app.map_err(|actual| self.no_answer("Session.app answers with an app", actual))
    }

    /// Calls `meta`, and waits for the answer.
    pub(crate) async fn meta(&self, app: &app::Client) -> Result<Meta, Stop> {
        let asked = Instant::now();
        let promise = app.meta_request().send().promise;
        let response = self
            .answer("App.meta", promise, self.stage.answer_limit())
            .await?;
        let took = asked.elapsed();
        let meta = Meta { response, took };
        match meta.read() {
            Ok(_) => Ok(meta),
            Err(actual) => Err(self.no_answer("App.meta answers with a meta", actual)),
        }
    }

    /// Calls `ping`, and waits for the answer.
    pub(crate) async fn ping(&self) -> Result<(), Stop> {
        let promise = self.client().ping_request().send().promise;
        self.answer("Session.ping", promise, self.stage.answer_limit())
            .await
            .map(drop)
    }

    /// Calls `shutDown`, and waits for the answer.
    pub(crate) async fn shut_down(&self, within: Duration) -> Result<(), Stop> {
        let promise = self.session.shut_down_request().send().promise;
        self.answer("Session.shutDown", promise, within)
            .await
            .map(drop)
    }

    /// This number of calls, or as many as the plugin accepts at once, if these are fewer.
    pub(crate) fn at_most(&self, calls: usize) -> usize {
        calls.min(usize::from(self.info.calls_in_flight).max(1))
    }

    /// The bootstrap capability.
    pub(crate) fn plugin(&self) -> &plugin::Client {
        &self.plugin
    }

    /// What `connect` has answered with.
    pub(crate) fn client(&self) -> &session::Client {
        &self.session
    }

    async fn answer<T>(
        &self,
        method: &str,
        promise: impl Future<Output = Result<T, capnp::Error>>,
        within: Duration,
    ) -> Result<T, Stop> {
        match self.rpc.answer(promise, within).await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.unanswered(method, error).await),
        }
    }

    /// The failure of a call that was not answered.
    pub(crate) async fn unanswered(&self, method: &str, error: NoAnswer) -> Stop {
        let actual = format!("{method}: {error}");
        match with_exit(self.stage, actual, &self.process, &self.rpc).await {
            Ok(actual) => self.no_answer(&format!("{method} is answered"), actual),
            Err(stop) => stop,
        }
    }

    fn no_answer(&self, expected: &str, actual: String) -> Stop {
        self.stage.fail(Reason::NotAnswered, expected, actual)
    }
}

/// Adds how the process ended to what is told of a call that was not answered.
pub(crate) async fn with_exit(
    stage: &Stage<'_>,
    actual: String,
    process: &Process,
    rpc: &Rpc,
) -> Result<String, Stop> {
    if rpc.panicked() {
        let panic = crate::panics::take().unwrap_or_default();
        return Err(Stop::Harness(format!(
            "capnp-rpc failed: {panic} (after {actual})"
        )));
    }
    // A process that has just let go of its socket is about to end.
    let soon = if rpc.is_over() {
        stage.scaled(LAST_MOMENTS)
    } else {
        Duration::ZERO
    };
    Ok(match process.exited(soon).await {
        Some(exit) => format!("{actual}; the plugin {exit}"),
        None => format!("{actual}; {}", crate::process::describe(process.pid())),
    })
}

/// The error in a result, if there is one, in words.
pub(crate) fn refusal(present: bool, error: capnp::Result<error::Reader<'_>>) -> Option<String> {
    if !present {
        return None;
    }
    let told = error.and_then(|error| {
        let kind = error.get_kind().map_or_else(
            |_| "of an unknown kind".to_owned(),
            |kind| format!("{kind:?}"),
        );
        Ok(format!(
            "error {kind}: {:?}",
            error.get_message()?.to_string()?
        ))
    });
    Some(told.unwrap_or_else(|error| format!("an error that cannot be read: {error}")))
}

impl Meta {
    /// The content.
    pub(crate) fn read(&self) -> Result<meta::Reader<'_>, String> {
        let results = self.response.get().map_err(|error| error.to_string())?;
        match refusal(results.has_error(), results.get_error()) {
            Some(refusal) => Err(refusal),
            None => results.get_meta().map_err(|error| error.to_string()),
        }
    }

    /// The content in the one form that all equal contents have.
    pub(crate) fn canonical(&self) -> Result<Vec<u8>, String> {
        let mut message = Builder::new_default();
        message
            .set_root_canonical(self.read()?)
            .map_err(|error| error.to_string())?;
        Ok(serialize::write_message_to_words(&message))
    }
}

impl std::fmt::Debug for Meta {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meta")
            .field("took", &self.took)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}
