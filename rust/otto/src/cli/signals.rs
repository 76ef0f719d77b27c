//! Ctrl-C, and the other signals that ask for an end.

use std::fs;
use std::future;
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

/// The streams of the signals.
struct Streams {
    interrupt: Signal,
    quit: Signal,
    terminate: Signal,
    /// None for whoever wants this program to outlive the terminal.
    hang_up: Option<Signal>,
}

/// Begins to heed them: the first one asks for an end, and `SIGQUIT` does not ask. Called inside a
/// runtime.
pub(super) fn heed(screen: &Screen, cancel: &Cancel) -> Result<Signals, Failure> {
    let mut streams = Streams::open().map_err(Failure::system(
        "the signals that end this program cannot be heeded",
    ))?;
    let second = CancellationToken::new();
    let (screen, cancel, killed) = (screen.clone(), cancel.clone(), second.clone());
    let task = tokio::spawn(async move {
        loop {
            let kind = streams.next().await;
            let is_typed = [SignalKind::interrupt(), SignalKind::quit()].contains(&kind);
            // The program in the foreground is the one that is meant.
            if is_typed && screen.is_interrupt_of_program() {
                continue;
            }
            if kind == SignalKind::quit() || cancel.is_cancelled() {
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

impl Streams {
    fn open() -> io::Result<Self> {
        let hang_up = match is_ignored(SignalKind::hangup()) {
            true => None,
            false => Some(signal(SignalKind::hangup())?),
        };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up,
        })
    }

    async fn next(&mut self) -> SignalKind {
        let hang_up = async {
            match &mut self.hang_up {
                Some(hang_up) => hang_up.recv().await,
                None => future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.quit.recv() => SignalKind::quit(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = hang_up => SignalKind::hangup(),
        }
    }
}

/// Whether this program was started with a signal ignored, as `nohup` does. It can be told where there
/// is a `/proc`.
fn is_ignored(kind: SignalKind) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|it| it.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|it| u64::from_str_radix(it.trim(), 16).ok());
    ignored.unwrap_or_default() >> (kind.as_raw_value() - 1) & 1 == 1
}

impl Signals {
    /// Ends when the second one, or `SIGQUIT`, has come.
    pub(super) async fn second(&self) {
        self.second.cancelled().await;
    }
}
