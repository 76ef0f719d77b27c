//! Ctrl-C, and the other signals that ask for an end.

use std::io;

use otto_plugin::bindings::host::CancelReason;
use otto_plugin::host::Cancel;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::failure::Failure;
use crate::screen::Screen;

/// Heeds the signals for as long as it is kept.
#[derive(Debug)]
pub(super) struct Signals {
    second: CancellationToken,
    _task: AbortOnDropHandle<()>,
}

/// Begins to heed them: the first one asks for an end. Called inside a runtime.
pub(super) fn heed(screen: &Screen, cancel: &Cancel) -> Result<Signals, Failure> {
    let [mut interrupt, mut terminate, mut hang_up] = signals().map_err(Failure::system(
        "the signals that end this program cannot be heeded",
    ))?;
    let second = CancellationToken::new();
    let (screen, cancel, killed) = (screen.clone(), cancel.clone(), second.clone());
    let task = tokio::spawn(async move {
        loop {
            tokio::select! {
                // The program in the foreground is the one that is meant.
                _ = interrupt.recv() => if screen.in_foreground() {
                    continue;
                },
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {}
            }
            if cancel.is_cancelled() {
                break killed.cancel();
            }
            cancel.cancel(CancelReason::User);
            screen.note("stopping; Ctrl-C again kills what is still running");
        }
    });
    Ok(Signals {
        second,
        _task: AbortOnDropHandle::new(task),
    })
}

fn signals() -> io::Result<[Signal; 3]> {
    Ok([
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
        signal(SignalKind::hangup())?,
    ])
}

impl Signals {
    /// Ends when the second one has come.
    pub(super) async fn second(&self) {
        self.second.cancelled().await;
    }
}
