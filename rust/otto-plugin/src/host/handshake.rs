//! The first flight: `connect`, `app` and `meta` go out together, before the plugin has started.
//!
//! The calls are made on what the answers will hold, which is pipelining. None of the pipelined
//! ones has a capability in it: with one, a plugin's wrong answer could panic the RPC layer.

use std::sync::Arc;

use capnp::capability::FromClientHook;
use capnp::traits::{Owned, Pipelined};
use tokio::sync::oneshot;

use crate::bindings::app::{AppClient, Meta};
use crate::bindings::error::Error;
use crate::bindings::handshake::{HostInfo, PluginClient, PluginInfo, SessionClient};
use crate::bindings::host::LogClient;
use crate::rpc::{
    CallError, Client, Link, Malformed, Message, Method, Reading, Writing, lost_or_fault,
};
use crate::transport::Begin;
use crate::wire::{app_capnp::app, handshake_capnp::plugin, handshake_capnp::session};

/// The answers of the first flight, as they come.
#[derive(Debug)]
pub(crate) struct Greeting {
    pub(crate) connect: oneshot::Receiver<Result<(PluginInfo, SessionClient), CallError>>,
    pub(crate) app: oneshot::Receiver<Result<AppClient, CallError>>,
    pub(crate) meta: oneshot::Receiver<Result<Meta, CallError>>,
}

impl Greeting {
    /// Gives what is to run at the start of a connection, and where the answers come.
    pub(crate) fn new(host: HostInfo, log: LogClient) -> (Begin, Self) {
        let (connect_tx, connect) = oneshot::channel();
        let (app_tx, app) = oneshot::channel();
        let (meta_tx, meta) = oneshot::channel();
        let begin: Begin = Box::new(move |bootstrap, link| {
            let link = Arc::clone(link);
            let flight = match Flight::send(bootstrap, &host, &log, &link) {
                Ok(flight) => flight,
                Err(error) => {
                    let _ = connect_tx.send(Err(error));
                    return;
                }
            };
            tokio::task::spawn_local(async move {
                let Flight { connect, app, meta } = flight;
                let answer = read(CONNECT, &link, connect.promise.await, read_connect).await;
                if let Ok((info, _)) = &answer {
                    link.limit(&info.limits);
                }
                let _ = connect_tx.send(answer);
                let _ = app_tx.send(read(APP, &link, app.promise.await, read_app).await);
                let _ = meta_tx.send(read(META, &link, meta.promise.await, read_meta).await);
            });
        });
        (begin, Self { connect, app, meta })
    }
}

const CONNECT: usize = 0;
const APP: usize = 1;
const META: usize = 2;

fn method(call: usize) -> &'static Method {
    match call {
        CONNECT => &PluginClient::INTERFACE.methods[0],
        APP => &SessionClient::INTERFACE.methods[0],
        _ => &AppClient::INTERFACE.methods[0],
    }
}

/// The calls that are under way.
struct Flight {
    connect: capnp::capability::RemotePromise<plugin::connect_results::Owned>,
    app: capnp::capability::RemotePromise<session::app_results::Owned>,
    meta: capnp::capability::RemotePromise<app::meta_results::Owned>,
}

impl Flight {
    fn send(
        bootstrap: capnp::capability::Client,
        host: &HostInfo,
        log: &LogClient,
        link: &Arc<Link>,
    ) -> Result<Self, CallError> {
        let unsendable = |what| CallError::Unsendable {
            method: method(CONNECT).to_string(),
            what,
        };
        let plugin = plugin::Client::new(bootstrap.hook);
        let mut connect = plugin.connect_request();
        let mut cx = Writing::new(Some(link), None);
        host.write(connect.get().init_host(), &mut cx)
            .map_err(unsendable)?;
        connect
            .get()
            .set_log(cx.capability(log.capability()).map_err(unsendable)?);
        let connect = connect.send();
        let app = connect.pipeline.get_session().app_request().send();
        let meta = app.pipeline.get_app().meta_request().send();
        Ok(Self { connect, app, meta })
    }
}

/// Reads an answer: the error in it, or what `value` finds.
async fn read<R: Owned + Pipelined, T>(
    call: usize,
    link: &Arc<Link>,
    answer: capnp::Result<capnp::capability::Response<R>>,
    value: impl FnOnce(R::Reader<'_>, &mut Reading<'_>) -> Result<Result<T, Error>, Malformed>,
) -> Result<T, CallError> {
    let method = method(call);
    let response = match answer {
        Ok(response) => response,
        Err(error) => return Err(lost_or_fault(method, Some(link), &error).await),
    };
    let mut cx = Reading::new(Some(link), None);
    let value = cx
        .pointer(response.get(), method.name)
        .and_then(|root| value(root, &mut cx));
    match value {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(CallError::Failed(error)),
        Err(what) => Err(CallError::Misbehaved {
            method: method.to_string(),
            what,
        }),
    }
}

fn read_error(
    error: capnp::Result<crate::wire::error_capnp::error::Reader<'_>>,
    cx: &mut Reading<'_>,
) -> Result<Error, Malformed> {
    Error::read(cx.pointer(error, "error")?, cx)
}

fn read_connect(
    results: plugin::connect_results::Reader<'_>,
    cx: &mut Reading<'_>,
) -> Result<Result<(PluginInfo, SessionClient), Error>, Malformed> {
    if results.has_error() {
        return read_error(results.get_error(), cx).map(Err);
    }
    let info = PluginInfo::read(cx.pointer(results.get_info(), "info")?, cx)?;
    let session = cx.capability(
        results.has_session(),
        results.get_session(),
        "connect.session",
    )?;
    Ok(Ok((info, SessionClient::from_capability(session))))
}

fn read_app(
    results: session::app_results::Reader<'_>,
    cx: &mut Reading<'_>,
) -> Result<Result<AppClient, Error>, Malformed> {
    if results.has_error() {
        return read_error(results.get_error(), cx).map(Err);
    }
    let app = cx.capability(results.has_app(), results.get_app(), "app.app")?;
    Ok(Ok(AppClient::from_capability(app)))
}

fn read_meta(
    results: app::meta_results::Reader<'_>,
    cx: &mut Reading<'_>,
) -> Result<Result<Meta, Error>, Malformed> {
    if results.has_error() {
        return read_error(results.get_error(), cx).map(Err);
    }
    Ok(Ok(Meta::read(cx.pointer(results.get_meta(), "meta")?, cx)?))
}
