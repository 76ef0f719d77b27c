//! Reaching a host that listens.

use std::env;
use std::io::{self, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket};

use crate::defect::Defect;
use crate::socket::Connection;

/// How long a host may take to take a connection.
const LIMIT: Duration = Duration::from_millis(200);
/// Longer than a host waits.
const LATE: Duration = Duration::from_secs(15);
/// How long a plugin waits that dials again and again.
const PAUSE: Duration = Duration::from_millis(20);

/// The address of `OTTO_PLUGIN_CONNECT`, and the token that goes with it.
#[derive(Debug)]
struct Dial {
    address: String,
    token: String,
}

/// Dials the address, and says the token.
pub(crate) fn dial(defect: Option<Defect>) -> Result<Connection, String> {
    let dial = Dial::from_environment(defect)?;
    if defect == Some(Defect::DialsPathsOnly) && !dial.address.starts_with("unix:") {
        return Err(format!("this plugin cannot dial {}", dial.address));
    }
    if defect == Some(Defect::ComesLateToAPort) && dial.address.starts_with("tcp:") {
        sleep(LATE);
    }
    loop {
        match dial.connect(defect) {
            Ok(connection) => return Ok(connection),
            Err(_) if defect == Some(Defect::DialsForEver) => sleep(PAUSE),
            Err(error) if defect == Some(Defect::DoesNotNameTheAddress) => {
                return Err(format!("there is no host: {error}"));
            }
            Err(error) => return Err(format!("{} cannot be dialled: {error}", dial.address)),
        }
    }
}

impl Dial {
    fn from_environment(defect: Option<Defect>) -> Result<Self, String> {
        let address = env::var("OTTO_PLUGIN_CONNECT").unwrap_or_default();
        let token = env::var("OTTO_PLUGIN_TOKEN").unwrap_or_default();
        let is_name = address.starts_with("tcp:localhost:") && defect == Some(Defect::DialsNames);
        if !is_name && !is_address(&address) {
            return Err(match defect {
                Some(Defect::DoesNotNameTheVariable) => "this is no address".to_owned(),
                _ => format!("OTTO_PLUGIN_CONNECT={address:?} is no address"),
            });
        }
        let is_token = token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_token && defect != Some(Defect::TakesAnyToken) {
            return Err(match defect {
                Some(Defect::ShowsTheToken) => format!("OTTO_PLUGIN_TOKEN={token:?} is no token"),
                _ => "OTTO_PLUGIN_TOKEN is not 64 hexadecimal digits".to_owned(),
            });
        }
        Ok(Self { address, token })
    }

    fn connect(&self, defect: Option<Defect>) -> io::Result<Connection> {
        let (kind, place) = self.address.split_once(':').unwrap_or_default();
        let first = match defect {
            Some(Defect::SaysNoToken) => String::new(),
            Some(Defect::SaysTheTokenInCapitals) => self.token.to_uppercase(),
            Some(Defect::EndsTheTokenWithALineEnd) => format!("{}\n", self.token),
            _ => self.token.clone(),
        };
        Ok(match kind {
            "unix" => {
                let limited = defect != Some(Defect::WaitsForRoom);
                let mut stream = dial_path(place, limited.then_some(LIMIT))?;
                stream.write_all(first.as_bytes())?;
                Connection::Unix(stream)
            }
            _ => {
                let mut stream = TcpStream::connect(place)?;
                stream.write_all(first.as_bytes())?;
                Connection::Tcp(stream)
            }
        })
    }
}

/// Dials a path. What limits the writing limits the waiting for room in the listener's queue as well.
fn dial_path(path: &str, limit: Option<Duration>) -> io::Result<UnixStream> {
    let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    set_socket_timeout(&socket, Timeout::Send, limit)?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    set_socket_timeout(&socket, Timeout::Send, None)?;
    Ok(socket.into())
}

/// `unix:` and an absolute path, or `tcp:127.0.0.1:` and a port.
fn is_address(address: &str) -> bool {
    match address.split_once(':') {
        Some(("unix", path)) => path.starts_with('/'),
        Some(("tcp", place)) => place
            .strip_prefix("127.0.0.1:")
            .is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0)),
        _ => false,
    }
}
