//! The first call.

use capnp::capability::{RemotePromise, Response};
use otto_plugin::wire::handshake_capnp::{plugin, session};

use super::refusal;
use super::rpc::TakesAll;
use crate::protocol;

/// What the plugin says of itself, as far as cases look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) kind: String,
    pub(crate) name: String,
    /// The versions that it speaks, in order.
    pub(crate) protocols: Vec<u16>,
    /// The one that it chose.
    pub(crate) protocol: u16,
    pub(crate) features: Vec<String>,
    pub(crate) calls_in_flight: u16,
    pub(crate) segments: u16,
    pub(crate) message_bytes: u32,
}

/// Calls `connect`.
pub(crate) fn say_hello(
    plugin: &plugin::Client,
) -> capnp::Result<RemotePromise<plugin::connect_results::Owned>> {
    offer(plugin, &[protocol::VERSION])
}

/// The same, with these versions of the protocol on offer.
pub(crate) fn offer(
    plugin: &plugin::Client,
    versions: &[u16],
) -> capnp::Result<RemotePromise<plugin::connect_results::Owned>> {
    let mut request = plugin.connect_request();
    fill(request.get(), versions)?;
    Ok(request.send())
}

/// Writes what a host says of itself.
pub(crate) fn fill(
    mut params: plugin::connect_params::Builder<'_>,
    versions: &[u16],
) -> capnp::Result<()> {
    params.set_log(capnp_rpc::new_client(TakesAll));
    let mut host = params.get_host()?;
    host.set_name("otto-conformance");
    host.set_version(env!("CARGO_PKG_VERSION"));
    host.set_protocols(versions)?;
    if !host.has_limits() {
        // A null struct reads as one of defaults, but a plugin need not be tried with that here.
        host.init_limits();
    }
    Ok(())
}

/// The session in an answer, or why there is none that this suite can use.
pub(crate) fn read_hello(
    answer: &Response<plugin::connect_results::Owned>,
) -> Result<(session::Client, Info), String> {
    let (session, info) = read_any_hello(answer)?;
    match info.protocol {
        protocol::VERSION => Ok((session, info)),
        chosen => Err(format!(
            "Plugin.connect: it chose version {chosen} of the protocol"
        )),
    }
}

/// The session in an answer, whatever version it is of, or why there is none.
pub(crate) fn read_any_hello(
    answer: &Response<plugin::connect_results::Owned>,
) -> Result<(session::Client, Info), String> {
    let results = answer.get().map_err(|error| error.to_string())?;
    if let Some(refusal) = refusal(results.has_error(), results.get_error()) {
        return Err(format!("Plugin.connect: {refusal}"));
    }
    let read = || {
        let info = results.get_info()?;
        let mut protocols: Vec<u16> = info.get_protocols()?.iter().collect();
        protocols.sort_unstable();
        let limits = info.get_limits()?;
        let features = info.get_features()?.iter();
        let features = features.map(|name| Ok(name?.to_string()?));
        let info = Info {
            kind: info.get_type()?.to_string()?,
            name: info.get_name()?.to_string()?,
            protocols,
            protocol: info.get_protocol(),
            features: features.collect::<capnp::Result<_>>()?,
            calls_in_flight: limits.get_calls_in_flight(),
            segments: limits.get_segments(),
            message_bytes: limits.get_message_bytes(),
        };
        Ok((results.get_session()?, info))
    };
    read().map_err(|error: capnp::Error| format!("Plugin.connect: {}", error.extra))
}
