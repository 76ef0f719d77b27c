//! A place that can be dialled.

use std::io::{self, Read};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::wire::Stream;

/// A listener of the suite's, for `OTTO_PLUGIN_CONNECT`.
#[derive(Debug)]
pub(crate) enum Listener {
    Unix(UnixListener, String),
    Tcp(TcpListener, String),
}

/// How long a visitor may take to say something, which only makes the report better.
const SAYS: Duration = Duration::from_millis(100);

impl Listener {
    /// Listens on a path below this directory.
    pub(crate) fn unix(directory: &Path, name: &str) -> io::Result<Self> {
        let path = directory.join(name);
        let listener = UnixListener::bind(&path)?;
        listener.set_nonblocking(true)?;
        Ok(Self::Unix(listener, format!("unix:{}", path.display())))
    }

    /// Listens on a port of this machine's.
    pub(crate) fn tcp() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = format!("tcp:{}", listener.local_addr()?);
        Ok(Self::Tcp(listener, address))
    }

    /// The value of the variable.
    pub(crate) fn address(&self) -> &str {
        match self {
            Self::Unix(_, address) | Self::Tcp(_, address) => address,
        }
    }

    /// Waits for somebody to come.
    pub(crate) async fn accept(&self) -> io::Result<Stream> {
        Ok(match self {
            Self::Unix(listener, _) => {
                let listener = tokio::net::UnixListener::from_std(listener.try_clone()?)?;
                Stream::Unix(listener.accept().await?.0)
            }
            Self::Tcp(listener, _) => {
                let listener = tokio::net::TcpListener::from_std(listener.try_clone()?)?;
                let (stream, _) = listener.accept().await?;
                // A small message waits for nothing.
                stream.set_nodelay(true)?;
                Stream::Tcp(stream)
            }
        })
    }

    /// The first bytes of whoever has come, if anybody has who was not to.
    pub(crate) fn came(&self) -> Option<Vec<u8>> {
        match self {
            Self::Unix(listener, _) => {
                let (mut stream, _) = listener.accept().ok()?;
                let _ = stream.set_nonblocking(false);
                let _ = stream.set_read_timeout(Some(SAYS));
                Some(first_bytes(&mut stream))
            }
            Self::Tcp(listener, _) => {
                let (mut stream, _) = listener.accept().ok()?;
                let _ = stream.set_nonblocking(false);
                let _ = stream.set_read_timeout(Some(SAYS));
                Some(first_bytes(&mut stream))
            }
        }
    }
}

fn first_bytes(stream: &mut impl Read) -> Vec<u8> {
    let mut bytes = vec![0; 64];
    let count = stream.read(&mut bytes).unwrap_or(0);
    bytes.truncate(count);
    bytes
}

/// Reads so many bytes, or as many as come in this time, or before the end.
pub(crate) async fn read_first(stream: &Stream, count: usize, within: Duration) -> Vec<u8> {
    let deadline = Instant::now() + within;
    let mut bytes = Vec::new();
    while bytes.len() < count {
        let rest = deadline.saturating_duration_since(Instant::now());
        if !matches!(timeout(rest, stream.readable()).await, Ok(Ok(()))) {
            break;
        }
        let mut buffer = vec![0; count - bytes.len()];
        match stream.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => bytes.extend(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    bytes
}
