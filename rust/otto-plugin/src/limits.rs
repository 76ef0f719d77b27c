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
