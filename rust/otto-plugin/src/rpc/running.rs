//! Running an author's future, and what can stop it.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio_util::sync::CancellationToken;

use super::lease::Lease;
use super::link::Link;
use super::scope::Scope;
use super::table::Method;
use super::thread::panic_text;
use super::workers;
use crate::bindings::host::CancelReason;

/// What can stop an author's future before its end.
pub(super) struct Stops {
    pub(super) scope: Arc<Scope>,
    /// The end of the session, for an object whose calls are independent.
    pub(super) session: Option<Arc<Link>>,
    /// The cancellation of the call that the object was lent for, if nobody else would end it.
    pub(super) lease: Option<Arc<Lease>>,
}

impl Stops {
    /// Ends when the future is to be dropped.
    async fn stopped(&self) -> CancelReason {
        let session = async {
            match &self.session {
                Some(link) => link.stopped().await,
                None => std::future::pending().await,
            }
        };
        let lease = async {
            match &self.lease {
                Some(lease) => lease.stopped().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.scope.stopped() => {}
            () = session => self.scope.stop(CancelReason::Shutdown),
            reason = lease => self.scope.stop(reason),
        }
        self.scope.let_go().await
    }
}

/// What came of an author's future: a value, the reason why it was stopped, or a fault.
pub(super) type Ran<A> = Result<Result<A, CancelReason>, capnp::Error>;

/// Runs an author's future on a thread of its own. It is dropped there if this is dropped, or if
/// one of `stops` says so.
pub(super) async fn run<A: Send + 'static>(
    method: &'static Method,
    started: Option<OwnedSemaphorePermit>,
    stops: Stops,
    body: impl Future<Output = A> + Send + 'static,
) -> Ran<A> {
    let dropped = CancellationToken::new();
    let _on_drop = dropped.clone().drop_guard();
    let (answer, answered) = oneshot::channel();
    workers::run(async move {
        // Dropped before the answer: a destructor belongs to the call.
        let result = {
            let mut body = pin!(AssertUnwindSafe(body).catch_unwind());
            let first = futures::poll!(body.as_mut());
            drop(started);
            match first {
                Poll::Ready(result) => Ok(result),
                Poll::Pending => tokio::select! {
                    biased;
                    () = dropped.cancelled() => Err(CancelReason::Unspecified),
                    reason = stops.stopped() => Err(reason),
                    result = body => Ok(result),
                },
            }
        };
        let result = match result {
            Ok(Ok(value)) => Ok(Ok(value)),
            Ok(Err(panic)) => Err(panic_text(&*panic)),
            Err(reason) => Ok(Err(reason)),
        };
        let _ = answer.send(result);
    })
    .map_err(|error| capnp::Error::failed(format!("{method} cannot be run: {error}")))?;
    match answered.await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(panic)) => Err(capnp::Error::failed(format!("{method} panicked: {panic}"))),
        Err(_) => Err(capnp::Error::failed(format!("{method} was lost"))),
    }
}
