//! A place where nobody is to come.

use std::io::{self, Read};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

/// A listener of the suite's, for `OTTO_PLUGIN_CONNECT`.
#[derive(Debug)]
pub(crate) enum Visitors {
    Unix(UnixListener, String),
    Tcp(TcpListener, String),
}

/// How long a visitor may take to say something, which only makes the report better.
const SAYS: Duration = Duration::from_millis(100);

impl Visitors {
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

    /// The first bytes of whoever has come, if anybody has.
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
