//! The library's side of the first call, and of the session that it opens.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::lifeline::Lifeline;
use super::log::attach;
use crate::bindings::app::AppClient;
use crate::bindings::error::{Error, ErrorKind};
use crate::bindings::handshake::{
    HostInfo, Plugin, PluginConnectResults, PluginInfo, Session, SessionClient,
};
use crate::bindings::host::LogClient;
use crate::launch::{PROTOCOL, versions};
use crate::rpc::Client;

/// Who the plugin is.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) cancel_grace: Duration,
}

/// The bootstrap capability.
#[derive(Debug)]
pub(crate) struct PluginServer {
    app: AppClient,
    identity: Identity,
    lifeline: Lifeline,
    connected: AtomicBool,
    logging: bool,
}

impl PluginServer {
    pub(crate) fn new(app: AppClient, identity: Identity, lifeline: Lifeline) -> Self {
        Self {
            app,
            identity,
            lifeline,
            connected: AtomicBool::new(false),
            logging: false,
        }
    }

    /// Has what the process notes sent to the host.
    pub(super) fn logging(self) -> Self {
        Self {
            logging: true,
            ..self
        }
    }
}

impl Plugin for PluginServer {
    async fn connect(&self, host: HostInfo, log: LogClient) -> Result<PluginConnectResults, Error> {
        if !host.protocols.contains(&PROTOCOL) {
            let message = format!(
                "the plugin speaks version {PROTOCOL} of the protocol, and the host {}",
                versions(&host.protocols)
            );
            let mut error = Error::new(ErrorKind::Incompatible, message);
            error.supported = vec![PROTOCOL];
            return Err(error);
        }
        if self.connected.swap(true, Ordering::AcqRel) {
            return Err(Error::new(
                ErrorKind::AlreadyConnected,
                "the plugin is connected already",
            ));
        }
        if let Some(link) = log.capability().link() {
            link.limit(&host.limits);
        }
        if self.logging {
            attach(LogClient::from_capability(log.capability().permanent()));
        }
        let info = PluginInfo {
            r#type: "app".into(),
            name: self.identity.name.clone(),
            version: self.identity.version.clone(),
            library: env!("CARGO_PKG_NAME").into(),
            library_version: env!("CARGO_PKG_VERSION").into(),
            protocols: vec![PROTOCOL],
            protocol: PROTOCOL,
            cancel_grace_ms: u32::try_from(self.identity.cancel_grace.as_millis())
                .unwrap_or(u32::MAX),
            ..PluginInfo::default()
        };
        let session = SessionServer {
            app: self.app.clone(),
            lifeline: self.lifeline.clone(),
        };
        Ok(PluginConnectResults {
            info,
            session: SessionClient::new(session),
        })
    }
}

#[derive(Debug)]
struct SessionServer {
    app: AppClient,
    lifeline: Lifeline,
}

impl Session for SessionServer {
    async fn app(&self) -> Result<AppClient, Error> {
        Ok(self.app.clone())
    }

    async fn ping(&self) {}

    async fn shut_down(&self) {
        self.lifeline.shut_down();
    }
}
