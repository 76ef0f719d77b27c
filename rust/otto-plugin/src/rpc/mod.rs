//! What generated bindings stand on: capabilities that work from any thread, calls, and the
//! conversions between messages and owned values.
//!
//! Cap'n Proto's objects cannot leave their thread. All of them live on one thread of this
//! process, and a [`Capability`] is a handle to one of them: `Send`, `Sync`, and independent of the
//! async runtime of whoever calls it. What an author wrote runs on other threads, each call on its
//! own, so a call that blocks its thread stalls no other.
//!
//! Those who write a plugin or a host use the generated clients and traits. This module is for
//! those who generate bindings for an interface of their own, with `otto-plugin-bindgen`.

mod answer;
mod call;
mod capability;
mod convert;
mod error;
mod gate;
mod lease;
mod link;
mod once;
mod outbox;
mod request;
mod running;
mod scope;
mod serving;
mod stop;
mod table;
mod thread;
mod window;
mod workers;

use std::fmt::Debug;

pub use ::capnp;
pub use ::capnp_rpc;

pub use capability::Capability;
pub use convert::{Malformed, Reading, Unsendable, Writing};
pub use error::{CallError, Outcome};
pub use link::Disconnect;
pub use serving::Serving;
pub use table::{Interface, Method};

pub(crate) use call::lost_or_fault;
pub(crate) use gate::Pass;
pub(crate) use lease::Lease;
pub(crate) use link::Link;
pub(crate) use once::Once;
pub(crate) use scope::Scope;
pub(crate) use stop::Stop;
pub(crate) use thread::{is_own_thread, panic_text, rpc_thread};
pub(crate) use workers::{inside, own, within};

// Generated code names it by this path, in whatever crate it is.
pub use crate::bindings::error::Error;

/// A struct with a form on the wire. Implemented by generated code: for the structs of a schema,
/// and for the parameters and the results of its methods.
pub trait Message: Sized + Send + 'static {
    /// What `capnpc` made of the struct.
    type Wire: capnp::traits::Owned;

    /// Reads it out of a message. A null pointer reads as the default.
    fn read(
        reader: <Self::Wire as capnp::traits::Owned>::Reader<'_>,
        cx: &mut Reading<'_>,
    ) -> Result<Self, Malformed>;

    /// Writes it into a message.
    fn write(
        &self,
        builder: <Self::Wire as capnp::traits::Owned>::Builder<'_>,
        cx: &mut Writing<'_>,
    ) -> Result<(), Unsendable>;
}

/// The results of a method. Implemented by generated code.
pub trait Reply: Message {
    /// Makes results that say only that the call failed, if the results have an `error`.
    fn failed(error: Error) -> Option<Self>;
}

/// A typed client. Implemented by generated code, once for each interface.
pub trait Client: Clone + Debug + Send + Sync + 'static {
    /// The interface that it calls.
    const INTERFACE: &'static Interface;

    /// Calls `capability` as if it had this interface.
    fn from_capability(capability: Capability) -> Self;

    /// What it calls.
    fn capability(&self) -> &Capability;
}
