//! How a plugin takes up what its host started it with.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;

use rustix::net::{AddressFamily, SocketType, sockopt};

use super::dial::{Unreachable, dial};
use crate::dial::{Dial, DialError};
use crate::launch::{
    CONNECT_VARIABLE, COOKIE, COOKIE_VARIABLE, FD_VARIABLE, NOT_BY_HAND, PREFIX, TOKEN_VARIABLE,
};
use crate::os;
use crate::rpc::Disconnect;
use crate::transport::Socket;

/// A start that is none. The process says so, and exits with status 1.
#[derive(Debug, thiserror::Error)]
pub(super) enum LaunchError {
    #[error("{}", NOT_BY_HAND.trim_end())]
    ByHand,
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error("the connection to the host was lost: {0}")]
    Lost(Disconnect),
    #[error(
        "{COOKIE_VARIABLE} is set, but neither {FD_VARIABLE} nor {CONNECT_VARIABLE} is: there is \
         no host to talk to"
    )]
    NoConnection,
    #[error("{FD_VARIABLE} is {value:?}, and has to be the number of an open socket: {reason}")]
    NoSocket { value: OsString, reason: String },
    #[error("the plugin cannot be served: {0}")]
    System(io::Error),
    #[error(
        "the plugin has started a thread before it called `serve`, which has to be the first thing \
         in `main`"
    )]
    Threads,
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
}

impl LaunchError {
    /// Says it on stderr. Gives the status to exit with.
    pub(super) fn report(&self) -> i32 {
        // Nobody is left to be told if this fails.
        let _ = writeln!(io::stderr(), "{self}");
        1
    }
}

/// Takes up the connection, and removes the protocol's variables from the environment.
///
/// An inherited socket comes first: nothing is dialled beside it, nor in the place of one that
/// cannot be used.
pub(super) fn accept() -> Result<Socket, LaunchError> {
    if env::var_os(COOKIE_VARIABLE).is_none_or(|cookie| cookie != COOKIE) {
        return Err(LaunchError::ByHand);
    }
    if num_threads::is_single_threaded() != Some(true) {
        return Err(LaunchError::Threads);
    }
    let descriptor = env::var_os(FD_VARIABLE);
    let address = env::var_os(CONNECT_VARIABLE);
    let token = env::var_os(TOKEN_VARIABLE);
    scrub();
    match (descriptor, address) {
        (Some(value), _) => socket(value).map(Socket::from),
        (None, Some(address)) => Ok(dial(&Dial::parse(&address, token.as_deref())?)?),
        (None, None) => Err(LaunchError::NoConnection),
    }
}

/// An author's code, and the programs that it starts, see nothing of the protocol's.
fn scrub() {
    let ours = env::vars_os().filter(|(name, _)| name.as_bytes().starts_with(PREFIX.as_bytes()));
    for (name, _) in ours.collect::<Vec<_>>() {
        os::remove_variable(&name);
    }
}

fn socket(value: OsString) -> Result<UnixStream, LaunchError> {
    match adopt(&value) {
        Ok(socket) => Ok(socket),
        Err(reason) => Err(LaunchError::NoSocket { value, reason }),
    }
}

fn adopt(value: &OsString) -> Result<UnixStream, String> {
    let number: RawFd = value
        .to_str()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or("it is not a number")?;
    if number < 3 {
        return Err("0, 1 and 2 are the standard streams".into());
    }
    let descriptor = os::adopt(number).map_err(|error| error.to_string())?;
    match (
        sockopt::socket_domain(&descriptor),
        sockopt::socket_type(&descriptor),
    ) {
        (Ok(AddressFamily::UNIX), Ok(SocketType::STREAM)) => Ok(UnixStream::from(descriptor)),
        (Ok(_), Ok(_)) => Err("it is a socket, but not a Unix stream socket".into()),
        (Err(error), _) | (_, Err(error)) => Err(error.to_string()),
    }
}
