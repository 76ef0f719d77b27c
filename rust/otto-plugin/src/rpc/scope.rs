//! A call that is being served, as its callee sees it.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::gate::{Gate, Pass};
use super::stop::Stop;
use crate::bindings::host::CancelReason;

/// What belongs to a call that is being served: it is over before the answer goes out.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// The calls that are made in the meantime through what came with the parameters, and the
    /// programs that were started for the call.
    inside: Arc<Gate>,
    /// Whoever has the call go on although it is to stop.
    holds: Arc<Gate>,
    stop: Stop,
    over: CancellationToken,
}

impl Scope {
    /// Lets something in that has to be done before the answer, or says by `None` that it is too
    /// late for that.
    pub(crate) fn enter(&self) -> Option<Pass> {
        self.inside.enter()
    }

    /// Has the call go on when it is to stop, until what this gives is dropped.
    pub(crate) fn hold(&self) -> Option<Pass> {
        self.holds.enter()
    }

    /// Asks the call to stop. The first reason stands.
    pub(crate) fn stop(&self, reason: CancelReason) {
        self.stop.stop(reason);
    }

    /// Why the call is to stop, if it is.
    pub(crate) fn reason(&self) -> Option<CancelReason> {
        self.stop.reason()
    }

    /// Ends when the call is to stop, and says why.
    pub(crate) async fn stopped(&self) -> CancelReason {
        self.stop.stopped().await
    }

    /// Ends when the call is to stop, and nobody holds it any more.
    pub(crate) async fn let_go(&self) -> CancelReason {
        let reason = self.stop.stopped().await;
        self.holds.idle().await;
        reason
    }

    /// Lets nothing further in, and has what is inside end by itself.
    pub(crate) fn close(&self) {
        self.inside.close();
        self.over.cancel();
    }

    /// Ends when the author's part of the call is over.
    pub(crate) async fn over(&self) {
        self.over.cancelled().await;
    }

    /// Ends when nothing is inside.
    pub(crate) async fn idle(&self) {
        self.inside.idle().await;
    }
}
