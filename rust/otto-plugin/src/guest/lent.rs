//! What an author can do with the call that is running, beside calling the host.

use std::io;
use std::sync::Arc;

use tokio::process::Command;

use super::children::{self, Child};
use crate::bindings::error::{Error, ErrorKind};
use crate::bindings::host::{CancelReason, Host};
use crate::rpc::{Client, Pass, Scope};

/// Has a call go on when it is to stop. See [`Host::hold`].
#[derive(Debug)]
#[must_use = "a call is held until this is dropped"]
pub struct Hold(#[expect(dead_code, reason = "it is held")] Option<Pass>);

impl Host {
    /// Ends when the call is to stop, or with the reason `ended` when it is over.
    ///
    /// The library drops the future of a call that is to stop at its next await, and answers for
    /// it. This is for code that runs apart from that future, such as a task or a thread, and for
    /// code that [holds](Self::hold) the call.
    pub async fn cancelled(&self) -> CancelReason {
        match self.scope() {
            Some(scope) => scope.stopped().await,
            // A host that is no peer's knows by itself.
            None => self.cancellation.wait().await.unwrap_or_default(),
        }
    }

    /// Whether the call is to stop, or is over: for code that blocks, and looks from time to time.
    pub fn is_cancelled(&self) -> bool {
        self.scope().is_some_and(|scope| scope.reason().is_some())
    }

    /// Has the call go on when it is to stop, for as long as what this gives is kept.
    ///
    /// Whoever holds a call watches [`cancelled`](Self::cancelled), puts things in order, and
    /// returns: within the grace that the plugin asked for with
    /// [`Plugin::cancel_grace`](super::Plugin::cancel_grace). After that, the host drops the call.
    pub fn hold(&self) -> Hold {
        Hold(self.scope().and_then(|scope| scope.hold()))
    }

    /// Starts a program that ends with this call.
    ///
    /// When the call has ended or is to stop, or when what this gives is dropped, the program and
    /// what it has started get SIGTERM, and 2 s later SIGKILL; the call is answered when they are
    /// gone. They are in the plugin's process group, so that they end with the plugin as well,
    /// however that ends. One whose parent has ended before is no more than that: it cannot be found.
    ///
    /// The command is taken as it is, with `kill_on_drop` set. An error of kind `unavailable` means that
    /// the program could not be started, one of kind `revoked` that the call is over.
    pub fn spawn(&self, command: &mut Command) -> Result<Child, Error> {
        let pass = match self.scope() {
            Some(scope) => Some(scope.enter().ok_or_else(|| Error::revoked("Host.spawn"))?),
            None => None,
        };
        let program = command
            .as_std()
            .get_program()
            .to_string_lossy()
            .into_owned();
        children::spawn(command, self.scope().cloned(), pass).map_err(|error| {
            let help = match error.kind() {
                io::ErrorKind::NotFound => format!("install {program:?}, or add it to the PATH"),
                io::ErrorKind::PermissionDenied => format!("make {program:?} executable"),
                _ => String::new(),
            };
            let message = format!("{program:?} could not be started: {error}");
            Error::new(ErrorKind::Unavailable, message).with_help(help)
        })
    }

    pub(super) fn scope(&self) -> Option<&Arc<Scope>> {
        self.cancellation.capability().scope()
    }
}
