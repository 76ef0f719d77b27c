//! The sending end.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::CHUNK;
use crate::bindings::error::{Error, ErrorKind};
use crate::bindings::stream::ByteStreamClient;
use crate::limits::STREAM_CHUNK_BYTES;
use crate::rpc::{CallError, Client};

/// Writes to a stream, in chunks of 256 KiB, or of less if the peer accepts less.
///
/// It waits where the receiver does not keep up. Flushing, and shutting down, sends what was
/// written so far, and never completes the stream: that is [`done`](Self::done) alone. Dropping the
/// writer before aborts the stream, and the receiver keeps nothing.
///
/// Once a write has failed, so does everything that follows, with the same error. A failure of the
/// receiver's is not seen before `done`.
#[must_use = "a stream that is dropped before `done` is aborted"]
pub struct Writer {
    stream: ByteStreamClient,
    /// The size of a chunk, in bytes. 0 if the peer accepts none.
    limit: usize,
    chunk: Vec<u8>,
    /// The chunk before, until the next one may be sent.
    writing: Option<Writing>,
    sent: u64,
    failure: Option<Error>,
}

type Writing = Pin<Box<dyn Future<Output = Result<(), CallError>> + Send>>;

impl Writer {
    /// Takes the stream to write to. A clone of the client that lives on keeps the receiver from
    /// seeing that the writer was dropped.
    pub fn new(stream: ByteStreamClient) -> Self {
        let limit = stream
            .capability()
            .link()
            .map_or(STREAM_CHUNK_BYTES, |link| link.peer_chunk_bytes());
        let limit = usize::try_from(limit).map_or(CHUNK, |limit| limit.min(CHUNK));
        Self {
            stream,
            limit,
            chunk: Vec::new(),
            writing: None,
            sent: 0,
            failure: None,
        }
    }

    /// Sends what is left, and completes the stream: the receiver has everything, and has kept it.
    /// Answers the number of bytes.
    ///
    /// An error is the receiver's, the connection's, or says that the receiver has counted another
    /// number of bytes. If this is dropped, the stream may have been completed, or not.
    pub async fn done(mut self) -> Result<u64, Error> {
        self.flush().await?;
        let size = self.stream.done().await?;
        same_size(self.sent, size)?;
        Ok(size)
    }

    /// Tells the receiver why it does not go on. The receiver keeps nothing, also if this fails.
    pub async fn abort(mut self, reason: Error) -> Result<(), Error> {
        // The receiver has no use for it.
        self.writing = None;
        Ok(self.stream.abort(reason).await?)
    }

    /// Ends when the chunk before has been sent, and the next one may be.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if let Some(failure) = &self.failure {
            return Poll::Ready(Err(failure.clone()));
        }
        if let Some(writing) = &mut self.writing {
            let written = ready!(writing.as_mut().poll(cx));
            self.writing = None;
            if let Err(error) = written {
                let failure = Error::from(error);
                self.failure = Some(failure.clone());
                return Poll::Ready(Err(failure));
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Begins to send what was written, once it may be sent.
    fn poll_begin(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_sent(cx))?;
        // The next one is likely to become as long.
        let next = Vec::with_capacity(self.chunk.len());
        let chunk = std::mem::replace(&mut self.chunk, next);
        self.sent += chunk.len() as u64;
        let stream = self.stream.clone();
        self.writing = Some(Box::pin(async move { stream.write(chunk).await }));
        // It is sent when it is first polled. A failure is remembered.
        let _ = self.poll_sent(cx);
        Poll::Ready(Ok(()))
    }
}

/// An error if a receiver has counted another number of bytes than its sender.
pub(super) fn same_size(sent: u64, received: u64) -> Result<(), Error> {
    if sent == received {
        return Ok(());
    }
    let message = format!(
        "the stream is not complete: {sent} bytes were sent, and its receiver has {received}"
    );
    Err(Error::new(ErrorKind::Unspecified, message))
}

impl AsyncWrite for Writer {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.limit == 0 {
            let message = "nothing can be sent: the peer's limit streamChunkBytes is 0";
            return Poll::Ready(Err(io::Error::other(Error::new(
                ErrorKind::LimitExceeded,
                message,
            ))));
        }
        if self.chunk.len() == self.limit {
            ready!(self.poll_begin(cx)).map_err(io::Error::other)?;
        }
        if let Some(failure) = &self.failure {
            return Poll::Ready(Err(io::Error::other(failure.clone())));
        }
        let taken = bytes.len().min(self.limit - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        if self.chunk.len() == self.limit {
            // Not only at the next write. A failure is remembered.
            let _ = self.poll_begin(cx);
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.chunk.is_empty() {
            ready!(self.poll_begin(cx)).map_err(io::Error::other)?;
        }
        self.poll_sent(cx).map_err(io::Error::other)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("sent", &self.sent)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::handshake::Limits;
    use crate::bindings::stream::ByteStream;
    use crate::testing;
    use tokio::sync::mpsc;

    /// Tells the sizes of the chunks.
    struct Sizes(mpsc::UnboundedSender<usize>);

    impl ByteStream for Sizes {
        async fn write(&self, chunk: Vec<u8>) {
            self.0.send(chunk.len()).unwrap();
        }

        async fn done(&self) -> Result<u64, Error> {
            Ok(2500)
        }
    }

    /// Writes 2,500 bytes to a peer that accepts chunks of so many.
    async fn write(stream_chunk_bytes: u32) -> (io::Result<()>, Vec<usize>) {
        let (sender, mut sizes) = mpsc::unbounded_channel();
        let pair = testing::pair(ByteStreamClient::new(Sizes(sender))).await;
        let client = pair.as_ref().unwrap().client.clone();
        client.capability().link().unwrap().limit(&Limits {
            stream_chunk_bytes,
            ..Limits::default()
        });
        let mut writer = Writer::new(client);
        let written = writer.write_all(&[7; 2500]).await;
        if written.is_ok() {
            assert_eq!(writer.done().await.unwrap(), 2500);
        }
        sizes.close();
        let mut seen = Vec::new();
        while let Some(size) = sizes.recv().await {
            seen.push(size);
        }
        (written, seen)
    }

    #[tokio::test]
    async fn no_chunk_is_larger_than_the_peer_accepts() {
        assert_eq!(write(1000).await.1, [1000, 1000, 500]);
        assert_eq!(write(u32::MAX).await.1, [2500]);
        let (written, seen) = write(0).await;
        assert!(
            written
                .unwrap_err()
                .to_string()
                .contains("streamChunkBytes")
        );
        assert_eq!(seen, [0; 0]);
    }
}
