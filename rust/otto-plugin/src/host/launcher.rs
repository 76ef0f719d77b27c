//! What a plugin is started with.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::end::Escalation;
use super::introduction::Introduction;
use super::listener::Listener;
use super::output::{OutputStream, Sink};
use super::plugin::Plugin;
use super::process::KillOnDrop;
use super::start::{Offer, start};
use super::start_error::StartError;
use super::transport::Transport;
use crate::bindings::host::Log;
use crate::rpc::{inside, own};

/// How long a plugin may take from its exec to its answer to `connect`.
const START: Duration = Duration::from_secs(10);

/// Starts one plugin.
#[must_use = "nothing is started before `start`"]
pub struct Launcher {
    pub(super) path: PathBuf,
    pub(super) added: Vec<(OsString, OsString)>,
    pub(super) introduction: Introduction,
    pub(super) transports: Vec<Transport>,
    pub(super) sink: Option<Sink>,
    pub(super) timeout: Duration,
    pub(super) escalation: Escalation,
}

impl Launcher {
    /// Takes the path of the plugin's file, absolute, or relative to the working directory. It is
    /// not searched for on the `PATH`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            added: Vec::new(),
            introduction: Introduction::default(),
            transports: vec![Transport::Inherited, Transport::Unix],
            sink: None,
            timeout: START,
            escalation: Escalation::default(),
        }
    }

    /// Says who the host is: its name, such as `otto`, and its version.
    pub fn host(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.introduction.name(name.into(), version.into());
        self
    }

    /// Announces a named part of the protocol that this host offers, such as `terminal`.
    pub fn feature(mut self, name: impl Into<String>) -> Self {
        self.introduction.host.features.push(name.into());
        self
    }

    /// Adds a variable to the environment of the plugin, which otherwise has what the allow-list of
    /// the specification lets through. One of the protocol's own cannot be set.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.added
            .push((name.as_ref().into(), value.as_ref().into()));
        self
    }

    /// Takes what the plugin logs. Without it, that is thrown away.
    pub fn log(mut self, log: impl Log) -> Self {
        self.introduction.log(log);
        self
    }

    /// Offers the plugin these ways to reach this host, and no other: an inherited socket and a Unix
    /// socket to dial, unless it is set. A plugin that can inherit a socket does.
    ///
    /// There is one address to dial: of several, it is the first that can be had. One that cannot be
    /// had is an error only if nothing else is left, and is told in the error of a start that fails.
    pub fn transports(mut self, transports: impl IntoIterator<Item = Transport>) -> Self {
        self.transports = transports.into_iter().collect();
        self
    }

    /// Takes what the plugin prints, in pieces as they come. Without it, only the end is kept, for
    /// errors. It is called on a thread of its own; if it is slow, it misses some.
    pub fn output(mut self, sink: impl FnMut(OutputStream, &[u8]) + Send + 'static) -> Self {
        self.sink = Some(Box::new(sink));
        self
    }

    /// How long the plugin may take from its exec to its answer to `connect`, and from there to its
    /// answer to `meta`. 10 s unless it is set.
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long the plugin has for each step of its end.
    pub fn escalation(mut self, escalation: Escalation) -> Self {
        self.escalation = escalation;
        self
    }

    /// How long a call may take at most to stop, once it was asked to, whatever its plugin wants. 5 s
    /// unless it is set; in whole milliseconds.
    pub fn cancel_grace_max(mut self, grace: Duration) -> Self {
        self.introduction.host.cancel_grace_max_ms =
            u32::try_from(grace.as_millis()).unwrap_or(u32::MAX);
        self
    }

    /// Starts the plugin. If this is dropped before it has ended, the process is killed.
    ///
    /// It works under any async runtime.
    pub async fn start(self) -> Result<Plugin, StartError> {
        let path = self.path.clone();
        let system = |error| StartError::system(path.clone(), error);
        let offer = own().and_then(|runtime| {
            let _inside = runtime.enter();
            Offer::open(&self.transports)
        });
        let offer = offer.map_err(system)?;
        // A caller who goes away leaves no file, however soon the process exits.
        let _place = offer.listener.as_ref().and_then(Listener::place);
        // Nor a process: one that has gone astray heeds no signal but this, and nobody would send it.
        let mut abandoned = KillOnDrop::default();
        let started = inside(start(self, offer, abandoned.place())).await;
        abandoned.release();
        match started {
            Ok(started) => started,
            Err(error) => Err(system(error)),
        }
    }
}

impl fmt::Debug for Launcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Launcher")
            .field("path", &self.path)
            .field("host", &self.introduction.host)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
