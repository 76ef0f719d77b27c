//! Showing that something takes time.

use std::sync::Arc;

use otto_plugin::bindings::host::{ProgressStart, UiClient};
use otto_plugin::guest::Progress;

/// A task on the user's screen, to be told from any thread. A screen that does not show it is no
/// reason to stop.
#[derive(Clone, Debug, Default)]
pub(super) struct Task(Option<Arc<Progress>>);

impl Task {
    /// Begins a task of so many bytes.
    pub(super) async fn start(ui: &UiClient, title: impl Into<String>, bytes: u64) -> Self {
        let task = ui.task(ProgressStart::bytes(title, bytes)).await;
        Self(task.ok().map(Arc::new))
    }

    /// Shows that so many more bytes are done.
    pub(super) fn advance(&self, bytes: u64) {
        if let Some(task) = &self.0 {
            task.advance(bytes);
        }
    }

    /// Shows that it is complete. The last clone says so.
    pub(super) async fn end(self) {
        if let Some(task) = self.0.and_then(Arc::into_inner) {
            let _ = task.end("").await;
        }
    }
}
