//! The end of a plugin, step by step.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::timeout;

use super::output::Output;
use super::plugin::Parts;
use super::process::Exit;
use super::start::DEATH;

/// How long a plugin has for each step of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Escalation {
    /// From `shutDown` to the end of the connection.
    pub shut_down: Duration,
    /// From the end of the connection to SIGTERM.
    pub close: Duration,
    /// From SIGTERM to SIGKILL.
    pub terminate: Duration,
}

impl Default for Escalation {
    fn default() -> Self {
        Self {
            shut_down: Duration::from_secs(5),
            close: Duration::from_secs(6),
            terminate: Duration::from_secs(2),
        }
    }
}

impl Escalation {
    /// Every step may take for ever.
    pub(super) const UNLIMITED: Self = Self {
        shut_down: Duration::MAX,
        close: Duration::MAX,
        terminate: Duration::MAX,
    };

    /// The same steps, each `factor` times as long: for tests.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self {
            shut_down: self.shut_down.mul_f64(factor),
            close: self.close.mul_f64(factor),
            terminate: self.terminate.mul_f64(factor),
        }
    }
}

/// A step of the end of a plugin, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the end has no other step")]
pub enum Step {
    /// It was asked to end, with `Session.shutDown`.
    ShutDown,
    /// Its connection was closed.
    Close,
    /// Its process group got SIGTERM.
    Terminate,
    /// Its process group got SIGKILL.
    Kill,
}

/// How a plugin ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// The last step that it took.
    pub step: Step,
    /// How its process ended. None if it ran in this process, or a person had started it.
    pub exit: Option<Exit>,
    /// The end of what it had printed.
    pub output: Output,
}

impl Ended {
    pub(super) fn in_process() -> Self {
        Self {
            step: Step::Close,
            exit: None,
            output: Output::default(),
        }
    }
}

/// Ends a plugin. Runs inside the workers' runtime.
pub(super) async fn end(parts: Parts, ask: bool) -> Ended {
    let Parts {
        session,
        connection,
        guest,
        process,
        escalation,
        ending,
        ..
    } = parts;
    ending.cancel();
    let Some((process, drain)) = process else {
        let mut ended = Ended::in_process();
        if ask {
            let over = async {
                let _ = session.shut_down().await;
                connection.link.ended().await
            };
            if timeout(escalation.shut_down, over).await.is_ok() {
                ended.step = Step::ShutDown;
            }
        }
        connection.close().await;
        if let Some(guest) = guest {
            guest.close().await;
        }
        return ended;
    };
    let ended = async |step| Ended {
        step,
        exit: Some(process.exited().await),
        output: drain.last_output().await,
    };
    if ask {
        let exited = async {
            // A plugin exits by itself after it has answered. An error means that it is gone.
            let _ = session.shut_down().await;
            process.exited().await
        };
        if timeout(escalation.shut_down, exited).await.is_ok() {
            // What it answered last is read to the end of file.
            let _ = timeout(DEATH, connection.link.ended()).await;
            connection.close().await;
            return ended(Step::ShutDown).await;
        }
    }
    connection.close().await;
    if timeout(escalation.close, process.exited()).await.is_ok() {
        return ended(Step::Close).await;
    }
    process.signal(Signal::TERM);
    if timeout(escalation.terminate, process.exited())
        .await
        .is_ok()
    {
        return ended(Step::Terminate).await;
    }
    process.signal(Signal::KILL);
    ended(Step::Kill).await
}
