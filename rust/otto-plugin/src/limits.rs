//! The limits that this library keeps and announces: `Limits` in `handshake.capnp`.

/// The size of one message, in bytes.
pub const MESSAGE_BYTES: u64 = 16 << 20;

/// The number of segments of one message.
pub const SEGMENTS: u32 = 256;

/// How deep a `Value` or an `Error` may nest.
pub const VALUE_DEPTH: u32 = 16;

/// The size of one chunk of a stream, in bytes.
pub const STREAM_CHUNK_BYTES: u64 = 1 << 20;

/// How many calls may be unanswered at once, each way.
pub const CALLS_IN_FLIGHT: usize = 64;

/// How many calls of a peer's are served at once: its calls, its callbacks, and those that do not
/// count, with room to spare.
pub(crate) const CALLS_SERVED: usize = 4 * CALLS_IN_FLIGHT;

/// How many answers a peer may leave unreleased, those of unanswered calls included.
pub(crate) const QUESTIONS: usize = 4096;

/// How many calls a peer may drop before they are answered, in a session: each costs a little for as
/// long as that lasts.
pub(crate) const DROPPED_CALLS: usize = 16_384;

/// How many capabilities one message may carry, and one call hand over.
pub(crate) const MESSAGE_CAPABILITIES: u32 = 256;

/// How many capabilities of this side's a peer may hold.
pub(crate) const CAPABILITIES: usize = 1024;

/// How many bytes the unanswered calls of a peer may have together.
pub(crate) const UNANSWERED_BYTES: u64 = 4 * MESSAGE_BYTES;

/// How many bytes may wait for a peer to read before calls and answers wait themselves.
pub(crate) const QUEUED_BYTES: u64 = 1 << 20;

/// How many bytes may wait of what the RPC layer sends by itself.
pub(crate) const LOOSE_BYTES: u64 = 1 << 20;

/// How many words a reader follows in one message, which counts what is read twice twice: 64 MiB.
pub(crate) const TRAVERSAL_WORDS: usize = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::handshake::Limits;

    #[test]
    fn what_is_kept_is_what_is_announced() {
        let announced = Limits::default();
        assert_eq!(u64::from(announced.message_bytes), MESSAGE_BYTES);
        assert_eq!(u32::from(announced.segments), SEGMENTS);
        assert_eq!(u32::from(announced.value_depth), VALUE_DEPTH);
        assert_eq!(usize::from(announced.calls_in_flight), CALLS_IN_FLIGHT);
        assert_eq!(u64::from(announced.stream_chunk_bytes), STREAM_CHUNK_BYTES);
    }
}
