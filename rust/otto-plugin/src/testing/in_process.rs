//! Both ends of a connection in one process.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::bindings::app::App;
use crate::bindings::handshake::{HostInfo, PluginClient};
use crate::bindings::host::LogClient;
use crate::guest::{CANCEL_GRACE, Identity, Lifeline, PluginServer, end_on_request, serve_app};
use crate::host::{Escalation, Greeting, NoLog, Parts, Plugin};
use crate::launch::PROTOCOL;
use crate::rpc::{CallError, Capability, Client, Disconnect, own};
use crate::transport::{self, Connection, Role};

/// The end of a connection at which something is served. Dropping it closes the connection.
#[derive(Debug)]
#[must_use = "the connection is closed when this is dropped"]
pub struct Served(#[expect(dead_code, reason = "it is held")] Connection);

/// Serves `served` as the bootstrap capability on `socket`. An error is one of the operating
/// system's.
pub fn serve<C: Client>(socket: UnixStream, served: &C) -> io::Result<Served> {
    transport::open(socket, Role::Plugin(served.capability().clone())).map(Served)
}

/// A client and what it calls, connected by a socket pair. Dropping it closes the connection.
#[derive(Debug)]
#[non_exhaustive]
pub struct Pair<C> {
    /// Calls what is served at the other end.
    pub client: C,
    _served: Served,
    _host: Connection,
}

/// Serves `served` at one end of a socket pair, and gives a client at the other end: every call
/// passes through the wire. For interfaces of one's own, from `otto-plugin-bindgen`.
///
/// An error is one of the operating system's.
pub async fn pair<C: Client>(served: C) -> io::Result<Pair<C>> {
    let (ours, theirs) = UnixStream::pair()?;
    let _served = serve(theirs, &served)?;
    let (sender, bootstrap) = oneshot::channel();
    let begin = Box::new(move |bootstrap: capnp::capability::Client, link: &_| {
        let link = Arc::clone(link);
        let _ = sender.send(Capability::remote(bootstrap.hook, Some(link), None));
    });
    let _host = transport::open(ours, Role::Host(begin))?;
    let bootstrap = bootstrap.await.map_err(io::Error::other)?;
    Ok(Pair {
        client: C::from_capability(bootstrap),
        _served,
        _host,
    })
}

/// Serves an app in this process, shakes hands with it, and gives it as a host has it.
///
/// Its name is `test`. An error is what a host would see of a plugin that answers `connect`, `app`
/// or `meta` with an error.
pub async fn plugin(app: impl App) -> Result<Plugin, CallError> {
    let app = serve_app(app);
    let identity = Identity {
        name: "test".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        cancel_grace: CANCEL_GRACE,
    };
    let lifeline = Lifeline::default();
    let server = PluginClient::new(PluginServer::new(app, identity, lifeline.clone()));
    let (ours, theirs) = UnixStream::pair().map_err(system)?;
    let guest = transport::open(theirs, Role::Plugin(server.capability().clone()));
    let guest = guest.map_err(system)?;
    own()
        .map_err(system)?
        .spawn(end_on_request(lifeline, guest.clone()));

    let host = HostInfo {
        name: "test".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        protocols: vec![PROTOCOL],
        ..HostInfo::default()
    };
    let grace_max_ms = host.cancel_grace_max_ms;
    let log = LogClient::new(NoLog);
    let log = LogClient::from_capability(log.capability().permanent());
    let (begin, greeting) = Greeting::new(host, log);
    let connection = transport::open(ours, Role::Host(begin)).map_err(system)?;
    let (info, session) = greeting.connect.await.unwrap_or_else(|_| Err(lost()))?;
    let grace_ms = info.cancel_grace_ms.min(grace_max_ms);
    let app = greeting.app.await.unwrap_or_else(|_| Err(lost()))?;
    let meta = greeting.meta.await.unwrap_or_else(|_| Err(lost()))?;
    Ok(Plugin::new(Parts {
        path: "test".into(),
        info,
        meta,
        app,
        session,
        connection,
        guest: Some(guest),
        lends_terminal: true,
        timings: None,
        process: None,
        escalation: Escalation::default(),
        grace: Some(Duration::from_millis(grace_ms.into())),
        ending: CancellationToken::new(),
    }))
}

fn system(source: io::Error) -> CallError {
    CallError::System {
        method: "Plugin.connect".into(),
        source: Arc::new(source),
    }
}

fn lost() -> CallError {
    CallError::Disconnected {
        method: "Plugin.connect".into(),
        sent: true,
        reason: Disconnect::EndOfFile,
    }
}
