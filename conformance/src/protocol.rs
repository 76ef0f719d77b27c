//! The constants of the protocol.

use otto_plugin::wire::{app_capnp, handshake_capnp, host_capnp};

/// The version that this suite speaks.
pub(crate) const VERSION: u16 = 2;

/// The variable that says who started the plugin, and its value.
pub(crate) const COOKIE: &str = "OTTO_PLUGIN_MAGIC_COOKIE";
pub(crate) const COOKIE_VALUE: &str =
    "11aab7ff21cb9ff7b0e9975d53f17a8dab571eac9b5ff0191730046698f07b7f";
/// The number of the inherited socket.
pub(crate) const FD: &str = "OTTO_PLUGIN_FD";
/// The address to dial, and what to say there first.
pub(crate) const CONNECT: &str = "OTTO_PLUGIN_CONNECT";
pub(crate) const TOKEN: &str = "OTTO_PLUGIN_TOKEN";
/// How long the token is.
pub(crate) const TOKEN_BYTES: usize = 64;

/// What a plugin says to a person who executes it.
pub(crate) const MESSAGE: &str = "\
This binary is an Otto plugin. These are not meant to be
executed directly. Please execute `otto`, which will load
any plugins automatically.
";

/// The calls that cases look for on the wire: interface and ordinal.
pub(crate) const CONNECT_CALL: (u64, u16) = (<handshake_capnp::plugin::Client as Id>::ID, 0);
pub(crate) const META_CALL: (u64, u16) = (<app_capnp::app::Client as Id>::ID, 0);
pub(crate) const PING_CALL: (u64, u16) = (<handshake_capnp::session::Client as Id>::ID, 1);
pub(crate) const SHUT_DOWN_CALL: (u64, u16) = (<handshake_capnp::session::Client as Id>::ID, 2);
/// The one interface of the host's that a plugin may call at any time.
pub(crate) const LOG: u64 = <host_capnp::log::Client as Id>::ID;
/// The interface of the host's records.
pub(crate) const DIRECTORY: u64 = <host_capnp::directory::Client as Id>::ID;

trait Id {
    const ID: u64;
}

impl<T: capnp::traits::HasTypeId> Id for T {
    const ID: u64 = T::TYPE_ID;
}
