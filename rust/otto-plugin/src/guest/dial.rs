//! Reaching a host that listens.

use std::io::{self, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::io::{Errno, FdFlags, fcntl_setfd, retry_on_intr};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket};

use crate::dial::{Address, Dial};
use crate::launch::CONNECT_VARIABLE;
use crate::transport::Socket;

/// How long the host may take to take the connection. The plugin has 2 s to say that it did not.
const LIMIT: Duration = Duration::from_millis(1500);

/// A host that is not where it was said to be.
#[derive(Debug, thiserror::Error)]
#[error("the address in {CONNECT_VARIABLE}, \"{}\", cannot be reached: {source}", .address.escape_debug())]
pub(super) struct Unreachable {
    address: String,
    source: io::Error,
}

/// Connects, and says the token. What follows on the socket is the protocol.
pub(super) fn dial(dial: &Dial) -> Result<Socket, Unreachable> {
    let Dial { address, token } = dial;
    let reached = match address {
        Address::Tcp(port) => tcp(*port, token.as_bytes()),
        Address::Unix(path) => unix(path, token.as_bytes()),
    };
    reached.map_err(|source| Unreachable {
        address: address.to_string(),
        source,
    })
}

fn tcp(port: u16, token: &[u8]) -> io::Result<Socket> {
    let mut stream = TcpStream::connect_timeout(&Address::tcp(port).into(), LIMIT)?;
    stream.write_all(token)?;
    Socket::tcp(stream)
}

fn unix(path: &Path, token: &[u8]) -> io::Result<Socket> {
    let mut stream = UnixStream::from(socket(AddressFamily::UNIX, SocketType::STREAM, None)?);
    fcntl_setfd(&stream, FdFlags::CLOEXEC)?;
    // It holds for the connection as well, which waits for room in the queue of the listener.
    stream.set_write_timeout(Some(LIMIT))?;
    let address = SocketAddrUnix::new(path)?;
    match retry_on_intr(|| connect(&stream, &address)) {
        Err(Errno::AGAIN) => {
            let late = format!("the host has not taken the connection within {LIMIT:?}");
            return Err(io::Error::new(io::ErrorKind::TimedOut, late));
        }
        connected => connected?,
    }
    stream.write_all(token)?;
    stream.set_write_timeout(None)?;
    Ok(stream.into())
}
