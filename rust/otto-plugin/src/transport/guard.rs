//! Stands between a socket and the RPC layer: lets in what keeps the limits, and notes what has gone
//! out.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::{AsyncRead, AsyncWrite};

use super::frames::Frames;
use crate::rpc::{Disconnect, Link};

/// A reader that follows the frames that it reads.
#[derive(Debug)]
pub(crate) struct Guard<R> {
    inner: R,
    frames: Rc<RefCell<Frames>>,
    link: Arc<Link>,
}

impl<R> Guard<R> {
    pub(crate) fn new(inner: R, frames: Rc<RefCell<Frames>>, link: Arc<Link>) -> Self {
        Self {
            inner,
            frames,
            link,
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Guard<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.link.is_closing() {
            // The RPC layer has let go of the connection, and panics if it reads the end of it.
            return Poll::Pending;
        }
        let read = ready!(Pin::new(&mut self.inner).poll_read(cx, buffer));
        match read {
            Ok(0) => self.link.blame(Disconnect::EndOfFile),
            Ok(length) => {
                if let Err(error) = self.frames.borrow_mut().feed(&buffer[..length]) {
                    self.link.blame(Disconnect::Broken(error.to_string()));
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
                }
            }
            // A peer that is gone with unread bytes resets the connection.
            Err(_) => self.link.blame(Disconnect::EndOfFile),
        }
        Poll::Ready(read)
    }
}

/// A writer that follows the frames that it writes.
#[derive(Debug)]
pub(crate) struct Tally<W> {
    inner: W,
    frames: Frames,
    link: Arc<Link>,
}

impl<W> Tally<W> {
    pub(crate) fn new(inner: W, link: Arc<Link>) -> Self {
        Self {
            inner,
            frames: Frames::unlimited(),
            link,
        }
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Tally<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, buffer))?;
        self.frames
            .feed(&buffer[..written])
            .map_err(io::Error::other)?;
        while self.frames.take().is_some() {
            self.link.taken();
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}
