//! Showing that something takes time.

use otto_plugin::bindings::host::{
    ProgressStart, ProgressStartTotal, ProgressTaskClient, ProgressUnit, UiClient,
};

/// Into how many steps a task is cut: what lies between two of them is not shown.
const STEPS: u64 = 100;

/// A task on the user's screen. A screen that does not show it is no reason to stop.
#[derive(Debug)]
pub(super) struct Progress {
    task: Option<ProgressTaskClient>,
    total: u64,
    shown: u64,
}

impl Progress {
    /// Begins a task of so many bytes.
    pub(super) async fn start(ui: &UiClient, title: impl Into<String>, total: u64) -> Self {
        let start = ProgressStart {
            title: title.into(),
            total: ProgressStartTotal::Units(total),
            unit: ProgressUnit::Bytes,
        };
        Self {
            task: ui.progress(start).await.ok(),
            total,
            shown: 0,
        }
    }

    /// One that nobody sees.
    #[cfg(test)]
    pub(super) fn hidden() -> Self {
        Self {
            task: None,
            total: 0,
            shown: 0,
        }
    }

    /// Shows how many bytes are done.
    pub(super) async fn set(&mut self, bytes: u64) {
        let is_step = bytes - self.shown.min(bytes) >= (self.total / STEPS).max(1);
        if let Some(task) = &self.task
            && is_step
        {
            self.shown = bytes;
            let _ = task.update(bytes, "").await;
        }
    }

    /// Shows that it is complete.
    pub(super) async fn end(self, message: impl Into<String>) {
        if let Some(task) = &self.task {
            let _ = task.end(message).await;
        }
    }
}
