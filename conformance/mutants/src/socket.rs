//! The connection to the host, inherited or dialled.

use std::io;
use std::net::TcpStream as StdTcp;
use std::os::unix::net::UnixStream as StdUnix;
use std::task::{Context, Poll};

use tokio::net::{TcpStream, UnixStream};

/// A connection that nothing has been read from.
#[derive(Debug)]
pub(crate) enum Connection {
    Tcp(StdTcp),
    Unix(StdUnix),
}

/// The same, while it is served.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

macro_rules! either {
    ($self:ident, $stream:ident => $then:expr) => {
        match $self {
            Self::Tcp($stream) => $then,
            Self::Unix($stream) => $then,
        }
    };
}

impl Socket {
    pub(crate) fn new(connection: Connection) -> io::Result<Self> {
        Ok(match connection {
            Connection::Tcp(stream) => {
                stream.set_nonblocking(true)?;
                // A small message waits for nothing.
                stream.set_nodelay(true)?;
                Self::Tcp(TcpStream::from_std(stream)?)
            }
            Connection::Unix(stream) => {
                stream.set_nonblocking(true)?;
                Self::Unix(UnixStream::from_std(stream)?)
            }
        })
    }

    pub(crate) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_read_ready(cx))
    }

    pub(crate) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_write_ready(cx))
    }

    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        either!(self, stream => stream.try_read(buffer))
    }

    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        either!(self, stream => stream.try_write(bytes))
    }
}
