//! That a call is to stop, and why.

use std::sync::OnceLock;

use tokio_util::sync::CancellationToken;

use crate::bindings::host::CancelReason;

/// Tells everyone who asks, for as long as it lives.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    reason: OnceLock<CancelReason>,
    known: CancellationToken,
}

impl Stop {
    /// Says that the call is to stop. The first reason stands.
    pub(crate) fn stop(&self, reason: CancelReason) {
        let _ = self.reason.set(reason);
        self.known.cancel();
    }

    /// Why the call is to stop, if it is.
    pub(crate) fn reason(&self) -> Option<CancelReason> {
        self.reason.get().copied()
    }

    /// Ends when the call is to stop, and says why.
    pub(crate) async fn stopped(&self) -> CancelReason {
        self.known.cancelled().await;
        self.reason().unwrap_or_default()
    }
}
