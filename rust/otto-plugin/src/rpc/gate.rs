//! Lets calls through until it is closed, and knows when the last one is done.
//!
//! It has two uses. The callee of a call has a gate for the calls it makes in the meantime: they
//! are awaited before the answer. The caller has one for what it lends: after the answer it is
//! closed, and late uses are refused.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    idle: Notify,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    inside: usize,
}

/// One call that went through a gate. Dropping it says that the call is done.
#[derive(Debug)]
pub(crate) struct Pass(Arc<Gate>);

impl Gate {
    /// Lets a call through, or says by `None` that the gate is closed.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Pass> {
        self.with(|state| {
            if state.closed {
                return None;
            }
            state.inside += 1;
            Some(Pass(Arc::clone(self)))
        })
    }

    /// Lets no further call through.
    pub(crate) fn close(&self) {
        self.with(|state| state.closed = true);
    }

    /// How many calls are inside.
    pub(crate) fn inside(&self) -> usize {
        self.with(|state| state.inside)
    }

    /// Ends when no call is inside.
    pub(crate) async fn idle(&self) {
        loop {
            let notified = self.idle.notified();
            if self.inside() == 0 {
                return;
            }
            notified.await;
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let last = self.0.with(|state| {
            state.inside -= 1;
            state.inside == 0
        });
        if last {
            self.0.idle.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn a_closed_gate_lets_nobody_in_and_is_idle_when_the_last_one_has_left() {
        let gate = Arc::new(Gate::default());
        let first = gate.enter().unwrap();
        let second = gate.enter().unwrap();
        gate.close();
        assert!(gate.enter().is_none());
        drop(first);
        assert_eq!(gate.idle().now_or_never(), None);
        drop(second);
        assert_eq!(gate.idle().now_or_never(), Some(()));
    }
}
