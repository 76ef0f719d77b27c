//! A link as an RPC system has it: one half to read from, and one to write to.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures::{AsyncRead, AsyncWrite};

use super::link::Link;
use super::record::{Party, Record};

/// The half that the RPC system reads from. It reads ahead, so that the record has what came, and
/// not only what somebody made sense of.
#[derive(Debug)]
pub(crate) struct Reader {
    link: Rc<Link>,
    ahead: VecDeque<u8>,
}

impl Reader {
    pub(crate) fn new(link: Rc<Link>) -> Self {
        Self {
            link,
            ahead: VecDeque::new(),
        }
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let Self { link, ahead } = self.get_mut();
        let Some(stream) = link.stream.borrow().clone() else {
            return Poll::Ready(Ok(0));
        };
        link.reader.set(Some(cx.waker().clone()));
        if !link.reading.get() {
            return Poll::Pending;
        }
        if link.record(Record::is_flooded) {
            // A system with an end waits for its last answers to be written, if it can.
            link.close();
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let mut bytes = [0; 16 << 10];
        while ahead.is_empty() {
            futures::ready!(stream.poll_read_ready(cx))?;
            match stream.try_read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(0) => return Poll::Ready(Ok(0)),
                Ok(count) => {
                    link.took(Party::Plugin, &bytes[..count]);
                    ahead.extend(&bytes[..count]);
                }
            }
        }
        Poll::Ready(io::Read::read(ahead, buffer))
    }
}

/// The half that the RPC system writes to. A message goes into the socket as a whole, when it is
/// flushed, unless the case wants it otherwise.
#[derive(Debug)]
pub(crate) struct Writer(pub(crate) Rc<Link>);

impl AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.0.stream.borrow().is_none() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        self.0.outgoing.borrow_mut().extend(buffer);
        Poll::Ready(Ok(buffer.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.0.holding.get() {
            self.0.changed.notify_waiters();
            return Poll::Ready(Ok(()));
        }
        self.0.poll_send(cx)
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.end();
        Poll::Ready(Ok(()))
    }
}
