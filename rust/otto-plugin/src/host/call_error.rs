//! A call that did not succeed.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::blame::Blame;
use super::end::Step;
use super::output::Output;
use super::process::Exit;
use crate::bindings::error::Error;
use crate::bindings::host::CancelReason;
use crate::rpc::{CallError, Disconnect, Outcome};

/// A call of a plugin that did not succeed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PluginError {
    /// The path of the plugin's file.
    pub path: PathBuf,
    /// The method that was called, as `Interface.method`.
    pub method: &'static str,
    /// Whether the call has had an effect.
    pub outcome: Outcome,
    /// What was seen.
    pub cause: Box<PluginErrorCause>,
    /// The end of what the plugin had printed.
    pub output: Box<Output>,
}

/// Why a call did not succeed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PluginErrorCause {
    /// The call itself went wrong: a fault in the plugin, a wrong answer, or parameters that cannot
    /// be sent.
    Call(CallError),
    /// The process of the plugin ended.
    Died(Exit),
    /// The connection was lost, and the process lives on.
    Disconnected(Disconnect),
    /// The call was asked to stop, and did not in time, so it was dropped.
    Overdue {
        /// Why it was to stop.
        reason: CancelReason,
        /// How long it had.
        after: Duration,
        /// The last step of the end of the plugin, if it held on to the call even then.
        ended: Option<Step>,
    },
    /// The plugin answered with an error: it did its work, and says what is wrong with it.
    Failed(Error),
}

impl PluginError {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match &*self.cause {
            PluginErrorCause::Failed(_) => Blame::Work,
            PluginErrorCause::Call(CallError::Unsendable { .. }) => Blame::Caller,
            PluginErrorCause::Call(CallError::System { .. }) => Blame::System,
            PluginErrorCause::Disconnected(Disconnect::Closed) => Blame::Caller,
            PluginErrorCause::Disconnected(Disconnect::Panicked(_)) => Blame::System,
            _ => Blame::Plugin,
        }
    }

    /// The error that the plugin answered with, if it did.
    pub fn error(&self) -> Option<&Error> {
        match &*self.cause {
            PluginErrorCause::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// What was expected, and what came: the message without the path, the method, the help, and what
    /// the plugin has printed.
    pub fn what(&self) -> String {
        match &*self.cause {
            PluginErrorCause::Failed(error) => error.message.clone(),
            PluginErrorCause::Overdue { after, ended, .. } => {
                let after = after.as_secs_f32();
                let ended = if ended.is_some() {
                    "; the plugin held on to it, and was ended"
                } else {
                    ""
                };
                format!(
                    "it was asked to stop, expected an end within {after} s, and was dropped without \
                     one{ended}"
                )
            }
            PluginErrorCause::Call(error) => error.to_string(),
            PluginErrorCause::Died(exit) => format!("expected an answer, but the plugin {exit}"),
            PluginErrorCause::Disconnected(reason) => {
                format!("expected an answer, but the connection was lost: {reason}")
            }
        }
    }

    /// What a person can do about it.
    pub fn help(&self) -> String {
        match &*self.cause {
            PluginErrorCause::Failed(error) => error.help.clone(),
            PluginErrorCause::Call(CallError::Unsendable { .. }) => {
                "send less in one call: the limit is the plugin's".into()
            }
            PluginErrorCause::Disconnected(Disconnect::Closed) => {
                "start the plugin again: it was shut down".into()
            }
            _ => match self.outcome {
                Outcome::Unknown => {
                    "the call may have had an effect: look before it is made again, and report \
                     this to the author of the plugin"
                        .into()
                }
                _ => "report this to the author of the plugin".into(),
            },
        }
    }
}

impl fmt::Display for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, method, what) = (self.path.display(), self.method, self.what());
        write!(f, "plugin {path}: {method} failed: {what}")?;
        let help = self.help();
        if !help.is_empty() {
            write!(f, "\n  help: {help}")?;
        }
        if !matches!(*self.cause, PluginErrorCause::Failed(_)) {
            f.write_str(&self.output.excerpt())?;
        }
        Ok(())
    }
}

impl std::error::Error for PluginError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.cause {
            PluginErrorCause::Failed(error) => error.source(),
            PluginErrorCause::Call(error) => error.source(),
            PluginErrorCause::Disconnected(reason) => Some(reason),
            PluginErrorCause::Died(_) | PluginErrorCause::Overdue { .. } => None,
        }
    }
}
