//! What the signals are to this plugin.

use std::future::pending;
use std::io;
use std::os::unix::net::UnixStream as StdStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use tokio::net::UnixStream;

use crate::defect::Defect;

/// The handlers of a plugin that serves.
#[derive(Debug)]
pub(crate) struct Signals {
    term: Option<UnixStream>,
    int: Option<UnixStream>,
    terminated: Arc<AtomicBool>,
}

impl Signals {
    pub(crate) fn handle(defect: Option<Defect>) -> io::Result<Self> {
        let terminated = Arc::new(AtomicBool::new(false));
        let mut signals = Self {
            term: None,
            int: None,
            terminated: terminated.clone(),
        };
        match defect {
            Some(Defect::DiesOfSigterm) => {}
            Some(Defect::IgnoresSigterm) => drop(signal_hook::flag::register(
                SIGTERM,
                Arc::new(AtomicBool::new(false)),
            )?),
            _ => {
                signal_hook::flag::register(SIGTERM, terminated)?;
                signals.term = Some(watch(SIGTERM)?);
            }
        }
        match defect {
            Some(Defect::DiesOfSigint) => {}
            Some(Defect::ShutsDownAtSigint) => signals.int = Some(watch(SIGINT)?),
            _ => drop(signal_hook::flag::register(
                SIGINT,
                Arc::new(AtomicBool::new(false)),
            )?),
        }
        Ok(signals)
    }

    /// Waits for SIGTERM, where that is handled.
    pub(crate) async fn term(&self) {
        came(self.term.as_ref()).await;
    }

    /// Waits for SIGINT, where that is handled.
    pub(crate) async fn int(&self) {
        came(self.int.as_ref()).await;
    }

    /// Whether SIGTERM has come, seen or not.
    pub(crate) fn terminated(&self) -> bool {
        self.terminated.load(Ordering::SeqCst)
    }
}

fn watch(signal: i32) -> io::Result<UnixStream> {
    let (watched, written) = StdStream::pair()?;
    signal_hook::low_level::pipe::register(signal, written)?;
    watched.set_nonblocking(true)?;
    UnixStream::from_std(watched)
}

async fn came(signal: Option<&UnixStream>) {
    match signal {
        Some(signal) => drop(signal.readable().await),
        None => pending().await,
    }
}
