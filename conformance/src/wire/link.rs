//! The suite's end of the socket: everything that passes is recorded, and a case decides when
//! anything is read and when it closes.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::record::{Party, Record};

/// The host's end of a socket pair.
pub(crate) struct Link {
    stream: RefCell<Option<Rc<UnixStream>>>,
    reading: Cell<bool>,
    reader: Cell<Option<Waker>>,
    writer: Cell<Option<Waker>>,
    record: RefCell<Record>,
    changed: Notify,
}

impl Link {
    /// Makes a pair: the recorded end, and the one for the plugin. Times count from `began`.
    pub(crate) fn pair(began: Instant) -> io::Result<(Rc<Self>, OwnedFd)> {
        let (host, plugin) = StdStream::pair()?;
        host.set_nonblocking(true)?;
        let link = Self {
            stream: RefCell::new(Some(Rc::new(UnixStream::from_std(host)?))),
            reading: Cell::new(true),
            reader: Cell::default(),
            writer: Cell::default(),
            record: RefCell::new(Record::new(began)),
            changed: Notify::new(),
        };
        Ok((Rc::new(link), plugin.into()))
    }

    /// Lets what the plugin sends lie in the socket, or takes it from there again.
    pub(crate) fn set_reading(&self, reading: bool) {
        self.reading.set(reading);
        self.wake();
    }

    /// Ends the connection as a host does that closes its socket: the plugin reads an end of file.
    ///
    /// The descriptor stays open, for a close with unread data in it would be a reset.
    pub(crate) fn end(&self) {
        if let Some(stream) = &*self.stream.borrow() {
            let _ = rustix::net::shutdown(stream, rustix::net::Shutdown::Both);
        }
    }

    /// Closes the descriptor at once. If there is unread data, the plugin sees a reset.
    pub(crate) fn close(&self) {
        self.stream.borrow_mut().take();
        self.wake();
    }

    /// Records what has come, where there is nobody to read it.
    pub(crate) fn drain(&self) {
        let Some(stream) = self.stream.borrow().clone() else {
            return;
        };
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = rustix::io::read(&stream, &mut buffer) {
            self.took(Party::Plugin, &buffer[..count]);
        }
    }

    /// Waits for something to read. It is not read.
    pub(crate) async fn readable(&self, within: Duration) -> bool {
        let Some(stream) = self.stream.borrow().clone() else {
            return false;
        };
        timeout(within, stream.readable())
            .await
            .is_ok_and(|ready| ready.is_ok())
    }

    /// The record, which grows while the connection lives.
    pub(crate) fn record<T>(&self, look: impl FnOnce(&Record) -> T) -> T {
        look(&self.record.borrow())
    }

    /// Waits until the record looks like this.
    pub(crate) async fn until(&self, within: Duration, so: impl Fn(&Record) -> bool) -> bool {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if self.record(&so) {
                    return;
                }
                changed.await;
            }
        };
        timeout(within, wait).await.is_ok()
    }

    fn wake(&self) {
        for waker in [&self.reader, &self.writer] {
            if let Some(waker) = waker.take() {
                waker.wake();
            }
        }
    }

    fn took(&self, from: Party, bytes: &[u8]) {
        self.record.borrow_mut().take(from, bytes);
        self.changed.notify_waiters();
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("reading", &self.reading)
            .finish_non_exhaustive()
    }
}

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

/// The half that the RPC system writes to.
#[derive(Debug)]
pub(crate) struct Writer(pub(crate) Rc<Link>);

impl AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Some(stream) = self.0.stream.borrow().clone() else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        self.0.writer.set(Some(cx.waker().clone()));
        loop {
            futures::ready!(stream.poll_write_ready(cx))?;
            match stream.try_write(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(count) => {
                    self.0.took(Party::Host, &buffer[..count]);
                    return Poll::Ready(Ok(count));
                }
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.end();
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn on_a_runtime(test: impl AsyncFnOnce()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(test());
    }

    #[test]
    fn a_close_over_unread_data_is_a_reset_and_an_end_is_not() {
        on_a_runtime(async || {
            for reset in [true, false] {
                let (link, plugin) = Link::pair(Instant::now()).expect("a pair");
                let mut plugin = StdStream::from(plugin);
                io::Write::write_all(&mut plugin, b"unread").expect("room in the socket");
                assert!(link.readable(Duration::from_secs(5)).await);
                if reset {
                    link.close()
                } else {
                    link.end()
                }
                let read = plugin.read(&mut [0; 8]);
                match read {
                    Err(error) => assert!(reset && error.kind() == io::ErrorKind::ConnectionReset),
                    Ok(count) => assert!(!reset && count == 0),
                }
            }
        });
    }
}
