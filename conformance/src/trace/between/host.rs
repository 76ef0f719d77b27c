//! The socket of the host, inherited or dialled.

use std::env;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::io::{FdFlags, fcntl_setfd, retry_on_intr};
use rustix::net::sockopt::{socket_domain, socket_type};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

use crate::protocol;

/// Under which number a plugin gets its socket whose host had none for it.
const USUAL_DESCRIPTOR: RawFd = 3;
/// How long the host may take to take a connection. The plugin, which tries it again when the time is
/// over, has 2 s in all to say that it did not.
const LIMIT: Duration = Duration::from_millis(300);

/// The connection to the host.
#[derive(Debug)]
pub(super) enum Host {
    /// A copy, which closes on exec, and the number of the socket that was inherited. The plugin
    /// gets its own socket in the place of that one.
    Inherited(OwnedFd, RawFd),
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Host {
    /// The name of the transport, for the recording.
    pub(super) fn transport(&self) -> &'static str {
        match self {
            Self::Inherited(..) => "inherited",
            Self::Tcp(_) => "tcp",
            Self::Unix(_) => "unix",
        }
    }

    pub(super) fn is_dialled(&self) -> bool {
        !matches!(self, Self::Inherited(..))
    }

    /// The number under which the plugin gets its socket.
    pub(super) fn descriptor(&self) -> RawFd {
        match self {
            Self::Inherited(_, number) => *number,
            Self::Tcp(_) | Self::Unix(_) => USUAL_DESCRIPTOR,
        }
    }
}

impl From<Host> for OwnedFd {
    fn from(host: Host) -> Self {
        match host {
            Host::Inherited(socket, _) => socket,
            Host::Tcp(socket) => socket.into(),
            Host::Unix(socket) => socket.into(),
        }
    }
}

/// Why there is no host.
#[derive(Debug)]
pub(super) struct NoHost;

impl From<io::Error> for NoHost {
    fn from(_: io::Error) -> Self {
        Self
    }
}

impl From<rustix::io::Errno> for NoHost {
    fn from(_: rustix::io::Errno) -> Self {
        Self
    }
}

/// Takes up the connection that the variables of the protocol name.
///
/// Why there is none is for the plugin to say, which finds the same.
pub(super) fn reach() -> Result<Host, NoHost> {
    if env::var_os(protocol::COOKIE).is_none_or(|cookie| cookie != protocol::COOKIE_VALUE) {
        return Err(NoHost);
    }
    match env::var(protocol::FD) {
        Ok(number) => inherit(&number),
        Err(env::VarError::NotPresent) => dial(),
        Err(env::VarError::NotUnicode(_)) => Err(NoHost),
    }
}

fn inherit(number: &str) -> Result<Host, NoHost> {
    let number = number.parse().ok().filter(|number| *number > 2);
    let number = number.ok_or(NoHost)?;
    let this = pidfd_open(getpid(), PidfdFlags::empty())?;
    let socket = pidfd_getfd(&this, number, PidfdGetfdFlags::empty())?;
    let kind = (socket_domain(&socket)?, socket_type(&socket)?);
    if kind != (AddressFamily::UNIX, SocketType::STREAM) {
        return Err(NoHost);
    }
    rustix::io::ioctl_fionbio(&socket, false)?;
    Ok(Host::Inherited(socket, number))
}

fn dial() -> Result<Host, NoHost> {
    let address = env::var(protocol::CONNECT).map_err(|_| NoHost)?;
    let token = env::var(protocol::TOKEN).map_err(|_| NoHost)?;
    if token.len() != protocol::TOKEN_BYTES || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(NoHost);
    }
    if let Some(path) = address.strip_prefix("unix:") {
        let mut stream = UnixStream::from(socket(AddressFamily::UNIX, SocketType::STREAM, None)?);
        fcntl_setfd(&stream, FdFlags::CLOEXEC)?;
        // It holds for the connection as well, which waits for room in the queue of the listener.
        stream.set_write_timeout(Some(LIMIT))?;
        let address = SocketAddrUnix::new(path)?;
        retry_on_intr(|| connect(&stream, &address))?;
        stream.write_all(token.as_bytes())?;
        stream.set_write_timeout(None)?;
        return Ok(Host::Unix(stream));
    }
    let port = address.strip_prefix("tcp:127.0.0.1:").ok_or(NoHost)?;
    let port = port.parse().map_err(|_| NoHost)?;
    let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    let mut stream = TcpStream::connect_timeout(&address.into(), LIMIT)?;
    // A small message waits for nothing.
    stream.set_nodelay(true)?;
    stream.write_all(token.as_bytes())?;
    Ok(Host::Tcp(stream))
}
