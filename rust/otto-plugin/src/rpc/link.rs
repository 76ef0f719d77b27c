//! One connection, as every thread may see it.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::convert::Unsendable;
use super::gate::{Gate, Pass};
use super::lease::Lease;
use super::outbox::Outbox;
use crate::bindings::handshake::Limits;
use crate::limits::{
    CALLS_IN_FLIGHT, CALLS_SERVED, CAPABILITIES, LOOSE_BYTES, MESSAGE_BYTES, STREAM_CHUNK_BYTES,
    VALUE_DEPTH,
};

/// What the threads of a process share of a connection.
#[derive(Debug)]
pub(crate) struct Link {
    /// The calls of ours that are unanswered.
    calls: Arc<Semaphore>,
    /// Those through capabilities that came with a call. They have a bound of their own: the calls
    /// that they came with may hold all of the other one.
    callbacks: Arc<Semaphore>,
    /// The calls of the peer's that are unanswered.
    pub(crate) served: Arc<Gate>,
    /// The capabilities of ours that the peer holds.
    held: Arc<Gate>,
    outbox: Outbox,
    /// The callbacks whose answers are being made. A peer that keeps the limits never waits for one.
    slots: Arc<Semaphore>,
    /// What is lent for the call that is being sent.
    lending: Mutex<Weak<Lease>>,
    /// Whose call is the next one to be sent.
    turn: Arc<Semaphore>,
    peer_message_bytes: AtomicU64,
    peer_value_depth: AtomicU32,
    peer_chunk_bytes: AtomicU64,
    stopping: CancellationToken,
    ending: CancellationToken,
    ended: CancellationToken,
    end: OnceLock<Disconnect>,
}

/// When a call may be sent.
pub(crate) enum Next {
    /// At once, before anything else is.
    Now,
    /// When there is room, once this has ended. What it gives is held until then.
    Waits(BoxFuture<'static, Option<OwnedSemaphorePermit>>),
}

/// Why a connection is no more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Disconnect {
    /// The peer broke the protocol, and was disconnected for it.
    #[error("the peer broke the protocol: {0}")]
    Broken(String),
    /// This side closed it.
    #[error("this side closed it")]
    Closed,
    /// The peer closed it, or is no more.
    #[error("the peer closed it")]
    EndOfFile,
    /// The peer went over a limit, and was disconnected for it.
    #[error("the peer went over the limit {limit}, which is {allowed}: it came to {came}")]
    OverLimit {
        /// The name of the limit.
        limit: &'static str,
        /// Its value.
        allowed: u64,
        /// What it came to.
        came: u64,
    },
    /// A part of this process panicked, and took the connection with it.
    #[error("this side failed: {0}")]
    Panicked(String),
}

impl Disconnect {
    pub(crate) fn over(limit: &'static str, allowed: usize, came: usize) -> Self {
        Self::OverLimit {
            limit,
            allowed: allowed as u64,
            came: came as u64,
        }
    }
}

impl Link {
    pub(crate) fn new() -> Self {
        Self {
            calls: Arc::new(Semaphore::new(CALLS_IN_FLIGHT)),
            callbacks: Arc::new(Semaphore::new(CALLS_IN_FLIGHT)),
            served: Arc::default(),
            held: Arc::default(),
            outbox: Outbox::default(),
            slots: Arc::new(Semaphore::new(CALLS_IN_FLIGHT)),
            lending: Mutex::default(),
            turn: Arc::new(Semaphore::new(1)),
            peer_message_bytes: AtomicU64::new(MESSAGE_BYTES),
            peer_value_depth: AtomicU32::new(VALUE_DEPTH),
            peer_chunk_bytes: AtomicU64::new(STREAM_CHUNK_BYTES),
            stopping: CancellationToken::new(),
            ending: CancellationToken::new(),
            ended: CancellationToken::new(),
            end: OnceLock::new(),
        }
    }

    /// Waits until one more call may be in flight.
    pub(crate) async fn permit(&self, callback: bool) -> Option<OwnedSemaphorePermit> {
        let calls = if callback {
            &self.callbacks
        } else {
            &self.calls
        };
        Arc::clone(calls).acquire_owned().await.ok()
    }

    /// Lets a call of the peer's in. One that sends far more than it may is disconnected.
    pub(crate) fn admit(&self) -> Option<Pass> {
        let inside = self.served.inside();
        if inside >= CALLS_SERVED {
            self.finish(Disconnect::over("callsInFlight", CALLS_SERVED, inside + 1));
            return None;
        }
        self.served.enter()
    }

    /// Notes that the peer holds one more capability, until what this gives is dropped.
    pub(crate) fn hold(&self) -> Option<Pass> {
        self.held.enter()
    }

    /// Whether the peer may hold one more.
    pub(crate) fn may_hold(&self) -> Result<(), Unsendable> {
        let held = self.held.inside();
        if held < CAPABILITIES {
            return Ok(());
        }
        Err(Unsendable::Capabilities {
            held,
            limit: CAPABILITIES,
        })
    }

    /// Ends when one more message may be queued for the peer, which is done before the next await.
    pub(crate) async fn room(&self) {
        self.outbox.room().await;
    }

    /// Ends when the answer to one more callback may be made. What it gives is held for as long as
    /// that answer is.
    pub(crate) async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).acquire_owned().await.ok()
    }

    /// Sends a call, for which `lease` is lent. Runs on the RPC thread.
    pub(crate) fn send<T>(&self, lease: Option<&Arc<Lease>>, send: impl FnOnce() -> T) -> T {
        let lent = lease.map(Arc::downgrade).unwrap_or_default();
        *self.lending.lock().unwrap_or_else(PoisonError::into_inner) = lent;
        let sent = send();
        self.lending();
        sent
    }

    /// What is lent for the call that is being sent. It is asked for once.
    pub(crate) fn lending(&self) -> Weak<Lease> {
        std::mem::take(&mut *self.lending.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Says when the next call may be sent: after those that wait for room already. Called in the
    /// order of the calls.
    pub(crate) fn next(&self) -> Next {
        let mut turn = Box::pin(Arc::clone(&self.turn).acquire_owned());
        // Queued now, which the first poll does.
        match (&mut turn).now_or_never() {
            Some(turn) if self.outbox.has_room() => {
                drop(turn);
                Next::Now
            }
            Some(turn) => Next::Waits(Box::pin(async move { turn.ok() })),
            None => Next::Waits(Box::pin(async move { turn.await.ok() })),
        }
    }

    /// Notes that a message was queued for the peer. `loose` is one that did not wait for room: a
    /// peer that has too much of it sent, and reads none, is disconnected.
    pub(crate) fn queue(&self, bytes: u64, loose: bool) {
        if let Some(came) = self.outbox.push(bytes, loose) {
            self.finish(Disconnect::OverLimit {
                limit: "unread bytes",
                allowed: LOOSE_BYTES,
                came,
            });
        }
    }

    /// Notes that the peer has taken the next message.
    pub(crate) fn taken(&self) {
        self.outbox.pop();
    }

    /// The largest message that the peer accepts, in bytes.
    pub(crate) fn peer_message_bytes(&self) -> u64 {
        self.peer_message_bytes.load(Ordering::Relaxed)
    }

    /// How deep a value may nest that the peer accepts.
    pub(crate) fn peer_value_depth(&self) -> u32 {
        self.peer_value_depth.load(Ordering::Relaxed)
    }

    /// The largest chunk of a stream that the peer accepts, in bytes.
    pub(crate) fn peer_chunk_bytes(&self) -> u64 {
        self.peer_chunk_bytes.load(Ordering::Relaxed)
    }

    /// Takes up what the peer accepts. It cannot raise what this side sends.
    pub(crate) fn limit(&self, limits: &Limits) {
        let bytes = limits.message_bytes.into();
        self.peer_message_bytes.fetch_min(bytes, Ordering::Relaxed);
        let depth = limits.value_depth.into();
        self.peer_value_depth.fetch_min(depth, Ordering::Relaxed);
        let chunk = limits.stream_chunk_bytes.into();
        self.peer_chunk_bytes.fetch_min(chunk, Ordering::Relaxed);
        // With none at all, no call could ever be made.
        let calls = usize::from(limits.calls_in_flight).max(1);
        for semaphore in [&self.calls, &self.callbacks] {
            semaphore.forget_permits(CALLS_IN_FLIGHT.saturating_sub(calls));
        }
    }

    /// Cancels the calls to independent objects that are being served, and those that come.
    pub(crate) fn stop(&self) {
        self.stopping.cancel();
    }

    /// Ends when such calls are to stop.
    pub(crate) async fn stopped(&self) {
        self.stopping.cancelled().await;
    }

    /// Notes why the connection is to end. The first reason stands.
    pub(crate) fn blame(&self, why: Disconnect) {
        let _ = self.end.set(why);
        self.ending.cancel();
    }

    /// Ends when the connection is about to end.
    pub(crate) async fn ending(&self) {
        self.ending.cancelled().await;
    }

    /// Says that the connection has ended.
    pub(crate) fn finish(&self, why: Disconnect) {
        self.blame(why);
        self.calls.close();
        self.callbacks.close();
        self.ended.cancel();
    }

    /// Ends when the connection has, and says why.
    pub(crate) async fn ended(&self) -> Disconnect {
        self.ended.cancelled().await;
        self.why()
    }

    /// Why the connection ended, as far as is known.
    pub(crate) fn why(&self) -> Disconnect {
        self.end.get().cloned().unwrap_or(Disconnect::EndOfFile)
    }

    /// Whether this side is closing the connection, and wants no more of the peer.
    pub(crate) fn is_closing(&self) -> bool {
        matches!(
            self.end.get(),
            Some(Disconnect::Closed | Disconnect::OverLimit { .. })
        )
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// Whether the connection is about to end, or has.
    pub(crate) fn is_ending(&self) -> bool {
        self.end.get().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::QUEUED_BYTES;

    fn wait(link: &Link) -> BoxFuture<'static, Option<OwnedSemaphorePermit>> {
        match link.next() {
            Next::Waits(turn) => turn,
            Next::Now => panic!("it overtakes those that wait"),
        }
    }

    #[test]
    fn a_call_does_not_overtake_those_that_wait_for_room() {
        let link = Link::new();
        assert!(matches!(link.next(), Next::Now));
        link.queue(QUEUED_BYTES, false);
        let (first, mut second) = (wait(&link), wait(&link));
        link.taken();
        let mut third = wait(&link);
        let first = first.now_or_never().unwrap();
        assert!((&mut second).now_or_never().is_none());
        drop(first);
        assert!((&mut third).now_or_never().is_none());
        drop(second.now_or_never().unwrap());
        drop(third.now_or_never().unwrap());
        assert!(matches!(link.next(), Next::Now));
    }

    #[test]
    fn what_the_peer_announces_lowers_the_limits_and_never_raises_them() {
        let link = Link::new();
        link.limit(&Limits {
            message_bytes: u32::MAX,
            value_depth: 3,
            stream_chunk_bytes: 10,
            calls_in_flight: 2,
            ..Limits::default()
        });
        assert_eq!(link.peer_message_bytes(), MESSAGE_BYTES);
        assert_eq!(link.peer_value_depth(), 3);
        assert_eq!(link.peer_chunk_bytes(), 10);
        for callback in [false, true] {
            let _first = link.permit(callback).now_or_never().unwrap();
            let _second = link.permit(callback).now_or_never().unwrap();
            assert!(link.permit(callback).now_or_never().is_none());
        }
    }
}
