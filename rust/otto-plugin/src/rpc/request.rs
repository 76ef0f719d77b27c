//! A request that is complete, and keeps the limits of the peer.

use std::sync::Arc;

use capnp::private::capability::ClientHook;
use capnp::traits::Owned;

use super::Message;
use super::capability::Capability;
use super::convert::{Unsendable, Writing};
use super::error::CallError;
use super::lease::Lease;
use super::link::Link;
use super::table::Method;
use crate::limits::{MESSAGE_BYTES, STREAM_CHUNK_BYTES};

/// What is added to the parameters to make a message: the header of the call, generously.
pub(super) const MESSAGE_OVERHEAD: u64 = 1024;

/// What is around the data of a chunk, in bytes: pointers and padding.
const CHUNK_OVERHEAD: u64 = 64;

/// A request, complete and within the limits.
pub(super) struct Prepared {
    pub(super) request:
        capnp::capability::Request<capnp::any_pointer::Owned, capnp::any_pointer::Owned>,
    /// The size of the parameters, in bytes.
    pub(super) size: u64,
    /// How large they may be if they are a chunk of a stream.
    chunk_limit: u64,
}

impl Prepared {
    pub(super) fn new<P: Message>(
        capability: &Capability,
        method: &'static Method,
        params: &P,
    ) -> Result<Self, CallError> {
        let link = capability.link();
        let hook = capability.hook(None, None);
        Self::on(&*hook, method, params, link, capability.lease())
    }

    fn on<P: Message>(
        hook: &dyn ClientHook,
        method: &'static Method,
        params: &P,
        link: Option<&Arc<Link>>,
        lease: Option<&Arc<Lease>>,
    ) -> Result<Self, CallError> {
        let unsendable = |what| CallError::Unsendable {
            method: method.to_string(),
            what,
        };
        let mut request = hook.new_call(method.interface_id, method.ordinal, None);
        let builder = request.get().init_as::<<P::Wire as Owned>::Builder<'_>>();
        params
            .write(builder, &mut Writing::new(link, lease))
            .map_err(unsendable)?;
        let limit = link.map_or(MESSAGE_BYTES, |link| link.peer_message_bytes());
        let words = request.get().into_reader().target_size();
        let words = words.map_err(|error| {
            unsendable(Unsendable::Unwritable {
                field: method.name,
                reason: error.to_string(),
            })
        })?;
        let size = words.word_count * 8;
        if size + MESSAGE_OVERHEAD > limit {
            return Err(unsendable(Unsendable::Size { size, limit }));
        }
        let chunk_limit = link.map_or(STREAM_CHUNK_BYTES, |link| link.peer_chunk_bytes());
        Ok(Self {
            request,
            size,
            chunk_limit,
        })
    }

    /// Checks the parameters of a method that is declared as `-> stream`.
    pub(super) fn chunk(self, method: &'static Method) -> Result<Self, CallError> {
        let Self {
            size, chunk_limit, ..
        } = self;
        if size > chunk_limit + CHUNK_OVERHEAD {
            let what = Unsendable::Chunk {
                size,
                limit: chunk_limit,
            };
            return Err(CallError::Unsendable {
                method: method.to_string(),
                what,
            });
        }
        Ok(self)
    }
}
