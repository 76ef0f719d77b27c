//! What the two ends of a pipe share, and the end that is served.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;

use crate::bindings::error::{Error, ErrorKind};
use crate::bindings::stream::ByteStream;
use crate::limits::STREAM_CHUNK_BYTES;

/// How far a sender may be ahead of the reader before its writes are answered later, in bytes.
const ROOM: u64 = 1 << 20;

/// How far it may be ahead at all. One that waits for its answers never is.
const MOST: u64 = 4 * ROOM;

/// Up to how many bytes small chunks are kept as one.
const SHARED: usize = 64 << 10;

/// What the ends share.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    state: Mutex<State>,
    /// Tells the sender's calls that they may be answered.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Vec<u8>>,
    received: u64,
    consumed: u64,
    end: Option<End>,
    accepted: bool,
    /// The first one. What comes after it is discarded.
    failure: Option<Error>,
    reader: Option<Waker>,
}

/// How the sender ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Aborted,
    Done,
    Dropped,
}

/// What is served to the sender.
pub(super) struct Sink(pub(super) Arc<Pipe>);

impl ByteStream for Sink {
    async fn write(&self, chunk: Vec<u8>) {
        // Kept before anything is awaited: the first polls are in the order of the calls.
        if let Some(upto) = self.0.push(chunk) {
            self.0.room(upto).await;
        }
    }

    async fn done(&self) -> Result<u64, Error> {
        self.0.end(End::Done)?;
        self.0.verdict().await
    }

    async fn abort(&self, reason: Error) -> Result<(), Error> {
        self.0.end(End::Aborted)?;
        self.0.fail(if reason.message.is_empty() {
            Error::new(reason.kind, "the sender aborted the stream")
        } else {
            reason
        });
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if self.0.end(End::Dropped).is_ok() {
            let message = format!(
                "the stream ended after {} bytes, before it was complete: its sender dropped it, \
                 or the connection was lost",
                self.0.received()
            );
            self.0.fail(Error::new(ErrorKind::Unspecified, message));
        }
    }
}

impl Pipe {
    /// Takes a chunk. Gives where it ends, unless it was discarded.
    fn push(&self, chunk: Vec<u8>) -> Option<u64> {
        self.change(|state| {
            if state.end.is_some() || state.failure.is_some() {
                return None;
            }
            let size = chunk.len() as u64;
            if size > STREAM_CHUNK_BYTES {
                let message = format!(
                    "a chunk is {size} bytes long, and the limit streamChunkBytes is \
                     {STREAM_CHUNK_BYTES}"
                );
                state.fail(Error::new(ErrorKind::LimitExceeded, message));
                return None;
            }
            state.received += size;
            let ahead = state.received - state.consumed;
            if ahead > MOST {
                let message = format!(
                    "the sender is {ahead} bytes ahead of the receiver, and has to await its \
                     writes after {ROOM}"
                );
                state.fail(Error::new(ErrorKind::LimitExceeded, message));
                return None;
            }
            match state.chunks.back_mut() {
                // Small ones share what keeping one costs.
                Some(last) if last.len() + chunk.len() <= SHARED => last.extend(chunk),
                _ if size > 0 => state.chunks.push_back(chunk),
                _ => {}
            }
            Some(state.received)
        })
    }

    /// Ends when what was received up to there is near enough to the reader.
    async fn room(&self, upto: u64) {
        self.until(|state| {
            let near = upto <= state.consumed + ROOM;
            (near || state.failure.is_some()).then_some(())
        })
        .await;
    }

    /// What the reader says of the whole.
    async fn verdict(&self) -> Result<u64, Error> {
        self.until(|state| match &state.failure {
            Some(failure) => Some(Err(failure.clone())),
            None => state.accepted.then_some(Ok(state.received)),
        })
        .await
    }

    /// Notes how the sender ended. It does so once.
    fn end(&self, end: End) -> Result<(), Error> {
        self.change(|state| match state.end {
            Some(_) => Err(Error::new(
                ErrorKind::Closed,
                "the stream has ended already",
            )),
            None => {
                state.end = Some(end);
                Ok(())
            }
        })
    }

    /// Gives the next chunk, or None at the end of the stream. The one before it has been consumed.
    pub(super) fn poll_next(
        &self,
        consumed: u64,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Vec<u8>>, Error>> {
        let next = self.with(|state| {
            state.consumed += consumed;
            if let Some(failure) = &state.failure {
                return Poll::Ready(Err(failure.clone()));
            }
            match (state.chunks.pop_front(), state.end) {
                (Some(chunk), _) => Poll::Ready(Ok(Some(chunk))),
                (None, Some(End::Done)) => Poll::Ready(Ok(None)),
                (None, _) => {
                    state.reader = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        });
        if consumed > 0 {
            self.changed.notify_waiters();
        }
        next
    }

    /// Ends when anything has come from the sender.
    pub(super) fn poll_begun(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.with(|state| {
            if state.received > 0 || state.end.is_some() || state.failure.is_some() {
                return Poll::Ready(());
            }
            state.reader = Some(cx.waker().clone());
            Poll::Pending
        })
    }

    /// Says that everything is kept. The reader has seen the end.
    pub(super) fn accept(&self) -> Result<u64, Error> {
        self.change(|state| match &state.failure {
            Some(failure) => Err(failure.clone()),
            None => {
                state.accepted = true;
                Ok(state.received)
            }
        })
    }

    /// Remembers a failure, if it is the first one and the stream was not accepted.
    pub(super) fn fail(&self, failure: Error) {
        self.change(|state| state.fail(failure));
    }

    pub(super) fn received(&self) -> u64 {
        self.with(|state| state.received)
    }

    /// Whether the sender is gone without a word, or the connection is.
    pub(super) fn was_dropped(&self) -> bool {
        self.with(|state| state.end == Some(End::Dropped))
    }

    /// Gives what `look` finds, as soon as it does.
    async fn until<T>(&self, look: impl Fn(&State) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            if let Some(found) = self.with(|state| look(state)) {
                return found;
            }
            changed.await;
        }
    }

    /// Changes what the ends see, and wakes whoever waits for it.
    fn change<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        let (result, reader) = self.with(|state| (f(state), state.reader.take()));
        if let Some(reader) = reader {
            reader.wake();
        }
        self.changed.notify_waiters();
        result
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn fail(&mut self, failure: Error) {
        if self.failure.is_none() && !self.accepted {
            self.failure = Some(failure);
            self.chunks.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use futures::task::noop_waker;

    /// As large as a chunk may be.
    fn chunk() -> Vec<u8> {
        vec![0; 1 << 20]
    }

    #[test]
    fn a_write_is_answered_when_the_reader_is_near_enough() {
        let pipe = Arc::new(Pipe::default());
        let sink = Sink(Arc::clone(&pipe));
        let waker = noop_waker();
        let mut cx = Context::from_waker(&waker);
        assert_eq!(sink.write(chunk()).now_or_never(), Some(()));
        let mut second = Box::pin(sink.write(vec![0]));
        assert_eq!((&mut second).now_or_never(), None);
        assert!(pipe.poll_next(0, &mut cx).is_ready());
        assert_eq!((&mut second).now_or_never(), None);
        assert!(pipe.poll_next(1 << 20, &mut cx).is_ready());
        assert_eq!(second.now_or_never(), Some(()));
    }

    #[test]
    fn a_sender_that_does_not_wait_fails_the_stream_with_both_numbers() {
        let pipe = Arc::new(Pipe::default());
        let sink = Sink(Arc::clone(&pipe));
        assert_eq!(sink.write(chunk()).now_or_never(), Some(()));
        let mut writes: Vec<_> = (0..3).map(|_| Box::pin(sink.write(chunk()))).collect();
        for write in &mut writes {
            assert_eq!(write.now_or_never(), None);
        }
        assert_eq!(sink.write(vec![0]).now_or_never(), Some(()));
        for write in writes {
            assert_eq!(write.now_or_never(), Some(()));
        }
        let error = sink.done().now_or_never().unwrap().unwrap_err();
        assert_eq!(error.kind, ErrorKind::LimitExceeded);
        let text = error.to_string();
        assert!(
            text.contains("4194305") && text.contains("1048576"),
            "{text}"
        );
    }
}
