//! Stands between a socket and the RPC layer, and lets in what keeps the limits.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::AsyncRead;

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
