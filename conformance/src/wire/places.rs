//! Finds out which entry of a message's table of capabilities a pointer is for.

use capnp::capability::FromClientHook;
use capnp::private::capability::ClientHook;
use capnp::private::layout::{CapTable, PointerReader};
use otto_plugin::wire::stream_capnp::byte_stream;

/// How many capabilities of one message are told apart: more than any method has.
const TOLD_APART: u32 = 64;

/// A reader of Cap'n Proto gives capabilities, and no numbers. So it is given a table of stand-ins,
/// each of which knows its own place.
pub(super) struct Places(Vec<usize>);

impl Places {
    /// Makes stand-ins for so many capabilities.
    pub(super) fn of(capabilities: u32) -> (Self, CapTable) {
        let stand_ins = (0..capabilities.min(TOLD_APART)).map(|_| {
            let client: byte_stream::Client = capnp_rpc::new_client(StandIn);
            client.into_client_hook()
        });
        let stand_ins: Vec<Box<dyn ClientHook>> = stand_ins.collect();
        let identities = stand_ins.iter().map(|hook| hook.get_ptr()).collect();
        (Self(identities), stand_ins.into_iter().map(Some).collect())
    }

    /// The place of the capability that a pointer is for.
    pub(super) fn find(&self, pointer: PointerReader<'_>) -> Option<usize> {
        let identity = pointer.get_capability().ok()?.get_ptr();
        self.0.iter().position(|known| *known == identity)
    }
}

/// Nobody calls it.
struct StandIn;

impl byte_stream::Server for StandIn {}
