//! One call of a plugin's, from its start to the end of what was lent for it.
//!
//! It runs on its own, so that a caller who goes away leaves a call that is asked to stop, and
//! nothing half done.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::cancel::Cancel;
use super::end::{Step, end};
use super::plugin::Parts;
use crate::bindings::host::{CancelReason, Cancellation, CancellationClient};
use crate::rpc::{CallError, Client, Lease, Stop, own};

/// How long a call may take to ask whether it is to stop, once it is.
const TAKE_UP: Duration = Duration::from_secs(1);

/// How long a plugin may keep what was lent for a call that was dropped.
const GIVE_BACK: Duration = Duration::from_secs(2);

/// What the host holds of one call.
pub(super) struct Calling {
    pub(super) parts: Parts,
    pub(super) lease: Arc<Lease>,
    pub(super) waits: Arc<Waits>,
    pub(super) cancel: Cancel,
    /// Cancelled when the caller has gone.
    pub(super) dropped: CancellationToken,
}

/// What became of a call.
pub(super) enum Called<T> {
    /// It was answered, or its connection was lost.
    Answered(Result<T, CallError>),
    /// It was to stop before it was sent.
    Withdrawn(CancelReason),
    /// It was dropped, since it did not stop.
    Overdue {
        reason: CancelReason,
        after: Duration,
        ended: Option<Step>,
    },
}

impl Calling {
    /// Runs a call until it has ended and nothing of it is left. Runs inside the library's runtime.
    pub(super) async fn run<T>(
        self,
        call: impl Future<Output = Result<T, CallError>>,
    ) -> Called<T> {
        let mut call = std::pin::pin!(call);
        let reason = tokio::select! {
            biased;
            answer = &mut call => return self.answered(answer).await,
            reason = self.asked() => reason,
        };
        if self.lease.withdraw() {
            return Called::Withdrawn(reason);
        }
        self.lease.stop(reason);
        self.waits.answer.stop(reason);
        let Some(grace) = self.parts.grace else {
            return self.answered(call.await).await;
        };
        let overdue = async {
            if timeout(TAKE_UP, self.waits.open.cancelled()).await.is_err() {
                return TAKE_UP;
            }
            tokio::time::sleep(grace).await;
            grace
        };
        let after = tokio::select! {
            biased;
            answer = &mut call => return self.answered(answer).await,
            after = overdue => after,
        };
        self.lease.abandon();
        self.lease.revoke();
        // What it calls back for is held until it is answered.
        self.lease.idle().await;
        let ended = match timeout(GIVE_BACK, self.lease.returned()).await {
            Ok(()) => None,
            // It holds on to a call that nobody waits for.
            Err(_) => Some(end(self.parts, true).await.step),
        };
        Called::Overdue {
            reason,
            after,
            ended,
        }
    }

    /// Ends when somebody wants the call to stop, and says why.
    async fn asked(&self) -> CancelReason {
        tokio::select! {
            reason = self.cancel.cancelled() => reason,
            () = self.parts.ending.cancelled() => CancelReason::Shutdown,
            // Whoever has gone has not said why.
            () = self.dropped.cancelled() => CancelReason::Unspecified,
        }
    }

    /// Takes back what was lent, after what the plugin had begun.
    async fn answered<T>(self, answer: Result<T, CallError>) -> Called<T> {
        self.waits.answer.stop(CancelReason::Ended);
        // Nobody waits any more for what a person would say.
        self.lease.stop(CancelReason::Ended);
        self.lease.revoke();
        self.lease.idle().await;
        Called::Answered(answer)
    }
}

/// The questions of one call whether it is to stop.
#[derive(Debug, Default)]
pub(super) struct Waits {
    answer: Stop,
    /// Cancelled when the plugin has asked.
    open: CancellationToken,
}

impl Waits {
    /// The capability to ask with. It answers a `wait` that comes late as well.
    pub(super) fn client(self: &Arc<Self>) -> CancellationClient {
        let client = CancellationClient::new(Waiting(Arc::clone(self)));
        Client::from_capability(client.capability().permanent())
    }
}

struct Waiting(Arc<Waits>);

impl Cancellation for Waiting {
    async fn wait(&self) -> CancelReason {
        self.0.open.cancel();
        self.0.answer.stopped().await
    }
}

/// Ends a plugin that has lost its connection and lives on, and closes the connection of one that
/// is gone, whose other end another process may hold. Runs inside the library's runtime.
pub(super) async fn end_together(parts: Parts) {
    let Some((process, _)) = &parts.process else {
        return;
    };
    tokio::select! {
        _ = process.exited() => {
            // What it said last is on its way.
            let _ = timeout(super::start::DEATH, parts.connection.link.ended()).await;
            parts.connection.close().await;
        }
        _ = parts.connection.link.ended() => {
            // Whoever is ending it has closed the connection.
            if !parts.ending.is_cancelled() {
                end(parts, false).await;
            }
        }
    }
}

/// Spawns a call, so that it goes on when whoever awaits it goes away.
pub(super) async fn detached<T: Send + 'static>(
    call: impl Future<Output = T> + Send + 'static,
) -> std::io::Result<T> {
    own()?.spawn(call).await.map_err(std::io::Error::other)
}
