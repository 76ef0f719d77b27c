//! What a connection runs on: a socket of this machine's, of either family.

use std::io;
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use tokio::net::{tcp, unix};
use tokio_util::either::Either;

/// A connected stream socket.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// The half of a socket that is read.
pub(super) type ReadHalf = Either<unix::OwnedReadHalf, tcp::OwnedReadHalf>;

/// The half of a socket that is written. Dropping it ends the direction.
pub(super) type WriteHalf = Either<unix::OwnedWriteHalf, tcp::OwnedWriteHalf>;

/// A socket that is registered with a runtime.
pub(crate) type Registered = Either<tokio::net::UnixStream, tokio::net::TcpStream>;

impl Socket {
    /// Takes a TCP connection. A message on it is sent at once, however short.
    pub(crate) fn tcp(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self::Tcp(stream))
    }

    /// Takes it from the runtime that it is registered with.
    pub(crate) fn from_registered(stream: Registered) -> io::Result<Self> {
        match stream {
            Either::Left(stream) => Ok(Self::Unix(stream.into_std()?)),
            Either::Right(stream) => Self::tcp(stream.into_std()?),
        }
    }

    pub(super) fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nonblocking(true),
            Self::Unix(stream) => stream.set_nonblocking(true),
        }
    }

    /// Registers a second descriptor of it with the runtime that this runs in.
    pub(super) fn duplicate(&self) -> io::Result<Registered> {
        Ok(match self {
            Self::Tcp(stream) => {
                Either::Right(tokio::net::TcpStream::from_std(stream.try_clone()?)?)
            }
            Self::Unix(stream) => {
                Either::Left(tokio::net::UnixStream::from_std(stream.try_clone()?)?)
            }
        })
    }

    /// Registers it with the runtime that this runs in.
    pub(super) fn into_split(self) -> io::Result<(ReadHalf, WriteHalf)> {
        Ok(match self {
            Self::Tcp(stream) => {
                let (read, write) = tokio::net::TcpStream::from_std(stream)?.into_split();
                (Either::Right(read), Either::Right(write))
            }
            Self::Unix(stream) => {
                let (read, write) = tokio::net::UnixStream::from_std(stream)?.into_split();
                (Either::Left(read), Either::Left(write))
            }
        })
    }
}

impl From<UnixStream> for Socket {
    fn from(stream: UnixStream) -> Self {
        Self::Unix(stream)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}
