//! The flow control of a stream: how much of it may be unanswered.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::CallError;

/// How much of a stream may be unanswered, in bytes. A single chunk may be as large as this.
const WINDOW: u32 = 1 << 20;

/// One stream, as its sender sees it.
#[derive(Debug)]
pub(crate) struct Window {
    room: Arc<Semaphore>,
    failure: Mutex<Option<CallError>>,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            room: Arc::new(Semaphore::new(WINDOW as usize)),
            failure: Mutex::default(),
        }
    }
}

impl Window {
    /// Takes room for a chunk at once, if there is any.
    pub(crate) fn try_take(&self, size: u64) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room)
            .try_acquire_many_owned(share(size))
            .ok()
    }

    /// Waits for room for a chunk.
    pub(crate) async fn take(&self, size: u64) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room)
            .acquire_many_owned(share(size))
            .await
            .ok()
    }

    /// Notes what became of a chunk. The first failure stands.
    pub(crate) fn fail(&self, error: CallError) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error);
    }

    /// The first failure, if there was one: what follows it would be discarded.
    pub(crate) fn failure(&self) -> Option<CallError> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// What a chunk takes of the window.
fn share(size: u64) -> u32 {
    u32::try_from(size).map_or(WINDOW, |size| size.min(WINDOW))
}
