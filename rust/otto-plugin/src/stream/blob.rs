//! The blobs of a directory.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use super::reader::{Reader, pipe};
use super::writer::{Writer, same_size};
use crate::bindings::error::{Error, ErrorKind};
use crate::bindings::host::DirectoryClient;
use crate::rpc::CallError;

impl DirectoryClient {
    /// Begins to store a blob, in the place of what is under the key. Nothing is changed before
    /// [`Writer::done`] has answered.
    pub async fn write_blob(&self, key: impl Into<String>) -> Result<Writer, CallError> {
        self.put_blob(key).await.map(Writer::new)
    }

    /// Begins to read a blob. None if there is none under the key, which differs from an empty one.
    pub async fn read_blob(&self, key: impl Into<String>) -> Result<Option<BlobReader>, CallError> {
        let (into, reader) = pipe();
        let (directory, key) = (self.clone(), key.into());
        let call = Box::pin(async move { directory.get_blob(key, into).await });
        let mut blob = BlobReader {
            state: State::Open(reader),
            call,
            answer: None,
        };
        match poll_fn(|cx| blob.poll_begun(cx)).await? {
            true => Ok(Some(blob)),
            false => Ok(None),
        }
    }
}

/// Reads a blob.
///
/// It comes to its end only if the host has sent everything, and has said the same number of bytes
/// as have come. Every other end is an error that holds the reason.
///
/// Dropping it ends the call. The call it belongs to waits for it.
#[must_use = "the call is ended when this is dropped"]
pub struct BlobReader {
    state: State,
    call: Call,
    answer: Option<Answer>,
}

type Answer = Result<Option<u64>, CallError>;

/// `Directory.getBlob`, which is answered last.
type Call = Pin<Box<dyn Future<Output = Answer> + Send>>;

enum State {
    Open(Reader),
    /// The sender is gone, and the answer to the call says why.
    Dropped(Error),
    /// Everything has come: so many bytes.
    Complete(u64),
    Over(Result<(), Error>),
}

impl BlobReader {
    /// Whether there is a blob, as soon as that is known.
    fn poll_begun(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, CallError>> {
        self.poll_answer(cx);
        let State::Open(reader) = &self.state else {
            return Poll::Ready(Ok(true));
        };
        let begun = reader.pipe().poll_begun(cx).is_ready();
        match &self.answer {
            Some(Err(error)) => Poll::Ready(Err(error.clone())),
            Some(Ok(None)) if reader.pipe().received() == 0 => Poll::Ready(Ok(false)),
            // It makes no sense, as whoever reads is told.
            Some(Ok(_)) => Poll::Ready(Ok(true)),
            // The answer says what it means.
            None if reader.pipe().was_dropped() => Poll::Pending,
            None if begun => Poll::Ready(Ok(true)),
            None => Poll::Pending,
        }
    }

    /// Drives the call.
    fn poll_answer(&mut self, cx: &mut Context<'_>) {
        if self.answer.is_none()
            && let Poll::Ready(answer) = self.call.as_mut().poll(cx)
        {
            self.answer = Some(answer);
        }
    }

    fn poll_state(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<Result<(), Error>> {
        loop {
            let next = match (&mut self.state, &self.answer) {
                (State::Over(end), _) => return Poll::Ready(end.clone()),
                (_, Some(Err(error))) => State::Over(Err(error.clone().into())),
                (State::Open(reader), Some(Ok(_))) => {
                    State::Over(Err(too_early(reader.pipe().received())))
                }
                (State::Open(reader), None) => {
                    let before = into.filled().len();
                    let read = ready!(Pin::new(&mut *reader).poll_read(cx, into));
                    if read.is_ok() && into.filled().len() > before {
                        return Poll::Ready(Ok(()));
                    }
                    ended(reader, read)
                }
                (State::Dropped(reason), Some(Ok(_))) => State::Over(Err(reason.clone())),
                (State::Complete(received), Some(Ok(Some(size)))) => {
                    State::Over(same_size(*size, *received))
                }
                (State::Complete(received), Some(Ok(None))) => {
                    State::Over(Err(too_early(*received)))
                }
                (State::Dropped(_) | State::Complete(_), None) => return Poll::Pending,
            };
            self.state = next;
            // It has to be asked for the answer that this waits for.
            self.poll_answer(cx);
        }
    }
}

/// What follows when the reader has no more.
fn ended(reader: &Reader, read: io::Result<()>) -> State {
    match read {
        // The host answers the call when it has been told that everything came.
        Ok(()) => match reader.pipe().accept() {
            Ok(received) => State::Complete(received),
            Err(error) => State::Over(Err(error)),
        },
        Err(error) if reader.pipe().was_dropped() => State::Dropped(error.into()),
        Err(error) => State::Over(Err(error.into())),
    }
}

/// The host has answered before it was told that everything has come.
fn too_early(received: u64) -> Error {
    let message = format!(
        "Directory.getBlob was answered after {received} bytes, before the end of the stream"
    );
    Error::new(ErrorKind::Unspecified, message)
}

impl AsyncRead for BlobReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if into.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        self.poll_answer(cx);
        self.poll_state(cx, into).map_err(io::Error::other)
    }
}

impl fmt::Debug for BlobReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobReader").finish_non_exhaustive()
    }
}
