//! Showing how far something is, without waiting for the screen.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::bindings::host::{
    ProgressStart, ProgressStartTotal, ProgressTaskClient, ProgressUnit, UiClient,
};
use crate::rpc::{CallError, own};

impl ProgressStart {
    /// So many bytes are to be done.
    pub fn bytes(title: impl Into<String>, total: u64) -> Self {
        Self {
            title: title.into(),
            total: ProgressStartTotal::Units(total),
            unit: ProgressUnit::Bytes,
        }
    }

    /// So many of something are to be done.
    pub fn items(title: impl Into<String>, total: u64) -> Self {
        Self {
            title: title.into(),
            total: ProgressStartTotal::Units(total),
            unit: ProgressUnit::Items,
        }
    }

    /// Nobody can say how much is to be done.
    pub fn unknown(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }
}

impl UiClient {
    /// Shows that something takes time, and gives what to say with how far it is.
    pub async fn task(&self, start: ProgressStart) -> Result<Progress, CallError> {
        self.progress(start).await.map(Progress::new)
    }
}

/// A task on the user's screen.
///
/// What is said of it is shown soon: only the newest state is sent, when the one before has been
/// shown, so it may be said as often as one likes, from any thread. A state that cannot be shown is
/// left out.
///
/// Dropping it without [`end`](Self::end) shows the task as given up.
#[must_use = "a task that is dropped before its end is shown as given up"]
pub struct Progress(Arc<Shared>);

struct Shared {
    task: ProgressTaskClient,
    state: Mutex<State>,
    /// Told when nothing is being sent.
    idle: Notify,
}

#[derive(Debug, Default)]
struct State {
    units: u64,
    /// What it is at, until that has been sent. Empty leaves what was sent last.
    message: String,
    /// Whether there is something to send.
    changed: bool,
    sending: bool,
    /// Whether nothing more is to be sent in the background.
    over: bool,
}

impl Progress {
    fn new(task: ProgressTaskClient) -> Self {
        Self(Arc::new(Shared {
            task,
            state: Mutex::default(),
            idle: Notify::new(),
        }))
    }

    /// Says that so many more units are done.
    pub fn advance(&self, units: u64) {
        self.change(|state| state.units = state.units.saturating_add(units));
    }

    /// Says how many units are done since the start.
    pub fn set(&self, units: u64) {
        self.change(|state| state.units = units);
    }

    /// Says what the task is at.
    pub fn message(&self, text: impl Into<String>) {
        self.change(|state| state.message = text.into());
    }

    /// Shows the last state, and then that the task is complete, with a last message, which may be
    /// empty.
    pub async fn end(self, message: impl Into<String>) -> Result<(), CallError> {
        let Shared { task, idle, .. } = &*self.0;
        self.0.with(|state| state.over = true);
        loop {
            let told = idle.notified();
            if !self.0.with(|state| state.sending) {
                break;
            }
            told.await;
        }
        if let Some((units, message)) = self.0.with(State::take) {
            task.update(units, message).await?;
        }
        task.end(message).await
    }

    /// Changes what is to be shown, and sees to it that it is.
    fn change(&self, f: impl FnOnce(&mut State)) {
        let begin = self.0.with(|state| {
            f(state);
            state.changed = true;
            let begin = !state.sending && !state.over;
            state.sending |= begin;
            begin
        });
        if !begin {
            return;
        }
        let shared = Arc::clone(&self.0);
        match own() {
            Ok(runtime) => {
                runtime.spawn(shared.send());
            }
            // The end shows it.
            Err(_) => self.0.with(|state| state.sending = false),
        }
    }
}

impl Shared {
    /// Sends what there is to send, until there is nothing.
    async fn send(self: Arc<Self>) {
        loop {
            let next = self.with(|state| {
                let next = if state.over { None } else { state.take() };
                state.sending = next.is_some();
                next
            });
            let Some((units, message)) = next else { break };
            // What does not work now does not work later: the end says so, if there is one.
            let _ = self.task.update(units, message).await;
        }
        self.idle.notify_waiters();
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn take(&mut self) -> Option<(u64, String)> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        Some((self.units, std::mem::take(&mut self.message)))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.with(|state| state.over = true);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("state", &self.0.state)
            .finish_non_exhaustive()
    }
}
