//! The suite's end of the socket: everything that passes is recorded, and a case decides when
//! anything is read, in what pieces it is written, and when it closes.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::net::UnixStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::drip::Drip;
use super::record::{Party, Record};
use super::stream::Stream;

/// The host's end of a connection.
pub(crate) struct Link {
    pub(super) stream: RefCell<Option<Rc<Stream>>>,
    pub(super) reading: Cell<bool>,
    /// Whole messages that have not been written yet.
    pub(super) outgoing: RefCell<Vec<u8>>,
    pub(super) holding: Cell<bool>,
    drip: RefCell<Option<Drip>>,
    pub(super) reader: Cell<Option<Waker>>,
    writer: Cell<Option<Waker>>,
    record: RefCell<Record>,
    pub(super) changed: Notify,
}

impl Link {
    /// Makes a pair: the recorded end, and the one for the plugin. Times count from `began`.
    pub(crate) fn pair(began: Instant) -> io::Result<(Rc<Self>, OwnedFd)> {
        let (host, plugin) = StdStream::pair()?;
        host.set_nonblocking(true)?;
        let host = Stream::Unix(UnixStream::from_std(host)?);
        Ok((Self::on(host, began), plugin.into()))
    }

    /// Takes a connection. Times count from `began`.
    pub(crate) fn on(stream: Stream, began: Instant) -> Rc<Self> {
        Rc::new(Self {
            stream: RefCell::new(Some(Rc::new(stream))),
            reading: Cell::new(true),
            outgoing: RefCell::default(),
            holding: Cell::new(false),
            drip: RefCell::default(),
            reader: Cell::default(),
            writer: Cell::default(),
            record: RefCell::new(Record::new(began)),
            changed: Notify::new(),
        })
    }

    /// Another descriptor of the same socket, whose connection lasts until both are closed.
    pub(crate) fn descriptor(&self) -> io::Result<OwnedFd> {
        match &*self.stream.borrow() {
            Some(stream) => stream.as_fd().try_clone_to_owned(),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Keeps what is written from here on back.
    pub(crate) fn hold(&self) {
        self.holding.set(true);
    }

    /// Waits until what is kept back looks like this, as a record of its own.
    pub(crate) async fn until_held(&self, within: Duration, so: impl Fn(&Record) -> bool) -> bool {
        self.until(within, |_| {
            let mut held = Record::new(Instant::now());
            held.take(Party::Host, &self.outgoing.borrow());
            so(&held)
        })
        .await
    }

    /// Writes what was kept back, in one piece, and keeps back no more.
    pub(crate) async fn release(&self, within: Duration) -> io::Result<()> {
        self.holding.set(false);
        match timeout(within, poll_fn(|cx| self.poll_send(cx))).await {
            Ok(sent) => sent,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Writes one byte at a time, and the next one only when the plugin has taken the last one out
    /// of its end of the socket, of which this is a copy. Ends with `None`, which closes the copy.
    pub(crate) fn set_dripping(&self, plugin: Option<OwnedFd>) {
        *self.drip.borrow_mut() = plugin.map(Drip::new);
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
        while !self.record(Record::is_flooded)
            && let Ok(count @ 1..) = rustix::io::read(&stream, &mut buffer)
        {
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

    /// Writes what is to be written.
    pub(super) fn poll_send(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut outgoing = self.outgoing.borrow_mut();
        while !outgoing.is_empty() {
            let Some(stream) = self.stream.borrow().clone() else {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            };
            self.writer.set(Some(cx.waker().clone()));
            let piece = match &mut *self.drip.borrow_mut() {
                Some(drip) => {
                    futures::ready!(drip.poll_taken(cx))?;
                    1
                }
                None => outgoing.len(),
            };
            futures::ready!(stream.poll_write_ready(cx))?;
            match stream.try_write(&outgoing[..piece]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(count) => {
                    self.took(Party::Host, &outgoing[..count]);
                    outgoing.drain(..count);
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    fn wake(&self) {
        for waker in [&self.reader, &self.writer] {
            if let Some(waker) = waker.take() {
                waker.wake();
            }
        }
    }

    pub(super) fn took(&self, from: Party, bytes: &[u8]) {
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

#[cfg(test)]
mod tests {
    use std::io::Read;

    use futures::AsyncWriteExt;

    use super::*;
    use crate::wire::Writer;

    fn on_a_runtime(test: impl AsyncFnOnce()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(test());
    }

    fn pair() -> (Rc<Link>, UnixStream, OwnedFd) {
        let (link, plugin) = Link::pair(Instant::now()).expect("a pair");
        let copy = plugin.try_clone().expect("a copy");
        let plugin = StdStream::from(plugin);
        plugin.set_nonblocking(true).expect("a mode");
        (link, UnixStream::from_std(plugin).expect("a stream"), copy)
    }

    async fn read(plugin: &UnixStream) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        loop {
            plugin.readable().await.expect("a socket");
            match plugin.try_read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => {
                    bytes.truncate(read.expect("a connection"));
                    return bytes;
                }
            }
        }
    }

    #[test]
    fn what_is_held_goes_out_in_one_piece() {
        on_a_runtime(async || {
            let (link, plugin, _copy) = pair();
            let mut writer = Writer(link.clone());
            link.hold();
            for message in [b"one", b"two"] {
                writer.write_all(message).await.expect("a link");
                writer.flush().await.expect("a link");
            }
            assert_eq!(link.record(|record| record.bytes(Party::Host)), 0);
            link.release(Duration::from_secs(5)).await.expect("room");
            assert_eq!(read(&plugin).await, b"onetwo");
        });
    }

    #[test]
    fn a_dripping_link_writes_a_byte_when_the_last_one_was_taken() {
        on_a_runtime(async || {
            let (link, plugin, copy) = pair();
            let mut writer = Writer(link.clone());
            link.set_dripping(Some(copy));
            writer.write_all(b"abc").await.expect("a link");
            let taken = async {
                let mut taken = Vec::new();
                while taken.len() < 3 {
                    taken.push(read(&plugin).await);
                }
                taken
            };
            let (flushed, taken) = tokio::join!(writer.flush(), taken);
            flushed.expect("a link");
            assert_eq!(taken, [b"a", b"b", b"c"]);
        });
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
