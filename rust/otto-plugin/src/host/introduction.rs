//! Who the host says that it is, on each connection anew.

use std::io;

use super::handshake::Greeting;
use super::plugin::TERMINAL;
use crate::bindings::error::Error;
use crate::bindings::handshake::HostInfo;
use crate::bindings::host::{Log, LogClient, LogRecord};
use crate::launch::PROTOCOL;
use crate::rpc::Client;
use crate::transport::{self, Connection, Role, Socket};

/// What a host says in its first call.
#[derive(Clone, Debug)]
pub(super) struct Introduction {
    pub(super) host: HostInfo,
    log: LogClient,
}

/// A connection with the first flight under way.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) connection: Connection,
    pub(super) greeting: Greeting,
}

/// Takes what a plugin logs, and keeps nothing of it.
pub(crate) struct NoLog;

impl Log for NoLog {
    async fn write(&self, _record: LogRecord) -> Result<(), Error> {
        Ok(())
    }
}

impl Introduction {
    pub(super) fn name(&mut self, name: String, version: String) {
        self.host.name = name;
        self.host.version = version;
    }

    pub(super) fn log(&mut self, log: impl Log) {
        let log = LogClient::new(log);
        self.log = LogClient::from_capability(log.capability().permanent());
    }

    /// Whether the host has announced that it lends its terminal.
    pub(super) fn lends_terminal(&self) -> bool {
        self.host.features.iter().any(|name| name == TERMINAL)
    }

    /// Opens a connection on `socket`, and sends the first flight.
    pub(super) fn open(&self, socket: impl Into<Socket>) -> io::Result<Line> {
        let (begin, greeting) = Greeting::new(self.host.clone(), self.log.clone());
        let connection = transport::open(socket, Role::Host(begin))?;
        Ok(Line {
            connection,
            greeting,
        })
    }
}

impl Default for Introduction {
    fn default() -> Self {
        let host = HostInfo {
            name: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            protocols: vec![PROTOCOL],
            ..HostInfo::default()
        };
        let log = LogClient::new(NoLog);
        Self {
            host,
            log: LogClient::from_capability(log.capability().permanent()),
        }
    }
}
