//! Asking a call to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::AbortOnDropHandle;

use crate::bindings::host::CancelReason;
use crate::rpc::{Stop, own};

/// Asks calls to stop. Handed over with each call in [`Services`](super::Services); clones are the
/// same one, so one of them ends every call that it was handed over with.
///
/// Dropping it asks nobody: whoever cannot cancel a call hands over a new one.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    stop: Arc<Stop>,
    /// Ends with the last clone.
    _timer: Option<AbortOnDropHandle<()>>,
}

impl Cancel {
    /// One that has asked nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that asks by itself, with the reason `timeout`, when `limit` has passed.
    ///
    /// If this process is short of threads, it never does.
    pub fn after(limit: Duration) -> Self {
        let stop = Arc::<Stop>::default();
        let _timer = own().ok().map(|runtime| {
            let stop = Arc::clone(&stop);
            AbortOnDropHandle::new(runtime.spawn(async move {
                tokio::time::sleep(limit).await;
                stop.stop(CancelReason::Timeout);
            }))
        });
        Self(Arc::new(Shared { stop, _timer }))
    }

    /// Asks the calls that are running, and those that come, to stop. The first reason stands.
    ///
    /// A call then has the grace that its plugin wants and the host allows. It ends with what the
    /// plugin answers, which is an error of kind `cancelled` if it has stopped, or else with
    /// [`Overdue`](super::PluginErrorCause::Overdue).
    pub fn cancel(&self, reason: CancelReason) {
        self.0.stop.stop(reason);
    }

    /// Whether calls have been asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.stop.reason().is_some()
    }

    /// Ends when calls have been asked to stop, and says why.
    pub async fn cancelled(&self) -> CancelReason {
        self.0.stop.stopped().await
    }
}
