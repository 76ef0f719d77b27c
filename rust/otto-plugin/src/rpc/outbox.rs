//! What is on its way to a peer, and how much of it there may be.
//!
//! Whoever can wait, waits for room: calls, and answers to the peer's calls. The rest, which the RPC
//! layer sends by itself, has a bound of its own.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::limits::{LOOSE_BYTES, QUEUED_BYTES};

/// What a message takes beside its content until it is sent, in bytes.
const MESSAGE_COST: u64 = 1 << 10;

/// The messages that wait for a peer to read.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    room: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    messages: VecDeque<Waiting>,
    bytes: u64,
    loose: u64,
}

#[derive(Debug)]
struct Waiting {
    bytes: u64,
    /// Whether it did not wait for room.
    loose: bool,
}

impl Outbox {
    /// Notes that a message was queued. Gives how many bytes did not wait for room, if that is too
    /// much.
    pub(crate) fn push(&self, bytes: u64, loose: bool) -> Option<u64> {
        let mut queue = self.queue();
        // What can wait does so for what a message takes, and not only for what it says.
        let bytes = if loose { bytes } else { bytes + MESSAGE_COST };
        queue.messages.push_back(Waiting { bytes, loose });
        queue.bytes += bytes;
        if !loose {
            return None;
        }
        queue.loose += bytes;
        Some(queue.loose).filter(|bytes| *bytes > LOOSE_BYTES)
    }

    /// Notes that the peer has taken the first message of the queue.
    pub(crate) fn pop(&self) {
        let mut queue = self.queue();
        if let Some(Waiting { bytes, loose }) = queue.messages.pop_front() {
            queue.bytes -= bytes;
            if loose {
                queue.loose -= bytes;
            }
        }
        if queue.bytes < QUEUED_BYTES {
            self.room.notify_one();
        }
    }

    pub(crate) fn has_room(&self) -> bool {
        self.queue().bytes < QUEUED_BYTES
    }

    /// Ends when one more message may be queued, which is done before the next await.
    pub(crate) async fn room(&self) {
        loop {
            let woken = self.room.notified();
            if self.has_room() {
                // The next one looks for itself, after this one's message.
                self.room.notify_one();
                return;
            }
            woken.await;
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn a_full_outbox_lets_the_next_message_in_when_the_peer_has_read() {
        let outbox = Outbox::default();
        assert_eq!(outbox.push(QUEUED_BYTES, false), None);
        let mut first = Box::pin(outbox.room());
        let mut second = Box::pin(outbox.room());
        assert_eq!((&mut first).now_or_never(), None);
        assert_eq!((&mut second).now_or_never(), None);
        outbox.pop();
        assert_eq!(first.now_or_never(), Some(()));
        outbox.push(QUEUED_BYTES, false);
        assert_eq!((&mut second).now_or_never(), None);
        outbox.pop();
        assert_eq!(second.now_or_never(), Some(()));
    }

    #[test]
    fn what_does_not_wait_has_a_bound_that_reading_lifts() {
        let outbox = Outbox::default();
        assert_eq!(outbox.push(LOOSE_BYTES, true), None);
        assert_eq!(outbox.push(1, true), Some(LOOSE_BYTES + 1));
        outbox.pop();
        assert_eq!(outbox.push(8, true), None);
    }
}
