//! The receiving end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use super::pipe::{Pipe, Sink};
use crate::bindings::error::{Error, ErrorKind};
use crate::bindings::stream::ByteStreamClient;

/// Makes a stream to hand to a sender, and the reader of what the sender writes to it.
///
/// At most 1 MiB waits to be read from a sender that awaits its writes: the answer to a write comes
/// when there is room. One that is 4 MiB ahead has failed.
pub fn pipe() -> (ByteStreamClient, Reader) {
    let pipe = Arc::new(Pipe::default());
    let client = ByteStreamClient::new(Sink(Arc::clone(&pipe)));
    (client, Reader::new(pipe))
}

/// Reads what a sender writes to the stream that was made together with this.
///
/// It comes to its end only if the sender has said that it is done. A sender that aborts the stream
/// or drops it, and a lost connection, are an error that holds the reason.
///
/// The sender's `done` is answered by [`accept`](Self::accept) or [`refuse`](Self::refuse), and
/// waits for it. Dropping the reader refuses the stream.
#[derive(Debug)]
#[must_use = "a stream whose reader is dropped is refused"]
pub struct Reader {
    pipe: Arc<Pipe>,
    chunk: Vec<u8>,
    /// How much of the chunk has been read.
    read: usize,
    at_end: bool,
}

impl Reader {
    fn new(pipe: Arc<Pipe>) -> Self {
        Self {
            pipe,
            chunk: Vec::new(),
            read: 0,
            at_end: false,
        }
    }

    /// Tells the sender that everything has been received and kept. Answers the number of bytes.
    ///
    /// Called after the end of the stream was read, and after what was read is where it is to stay.
    /// Before the end it is an error, and refuses the stream. After a `refuse`d or broken one it is
    /// the error that the reading gave.
    pub fn accept(self) -> Result<u64, Error> {
        if !self.at_end {
            let message = "the stream was accepted before its end had been read";
            self.pipe.fail(Error::new(ErrorKind::Unspecified, message));
        }
        self.pipe.accept()
    }

    /// Tells the sender, when it asks with `done`, that nothing was kept, and why. What it still
    /// sends is discarded.
    pub fn refuse(self, reason: Error) {
        self.pipe.fail(reason);
    }

    pub(super) fn pipe(&self) -> &Pipe {
        &self.pipe
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // It has no effect on a stream that was accepted, or failed already.
        let message = format!(
            "the receiver gave the stream up, of which {} bytes had come",
            self.pipe.received()
        );
        self.pipe.fail(Error::new(ErrorKind::Unspecified, message));
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if into.remaining() == 0 || self.at_end {
            return Poll::Ready(Ok(()));
        }
        if self.read == self.chunk.len() {
            let consumed = std::mem::take(&mut self.chunk).len() as u64;
            self.read = 0;
            match ready!(self.pipe.poll_next(consumed, cx)) {
                Ok(Some(chunk)) => self.chunk = chunk,
                Ok(None) => {
                    self.at_end = true;
                    return Poll::Ready(Ok(()));
                }
                Err(error) => return Poll::Ready(Err(io::Error::other(error))),
            }
        }
        let left = &self.chunk[self.read..];
        let size = left.len().min(into.remaining());
        into.put_slice(&left[..size]);
        self.read += size;
        Poll::Ready(Ok(()))
    }
}
