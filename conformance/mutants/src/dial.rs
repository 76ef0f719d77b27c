//! Dialling, which a plugin with a socket is not to do.

use std::env;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

/// A connection that is not served.
#[derive(Debug)]
pub(crate) enum Dialled {
    Unix(#[expect(dead_code, reason = "kept open")] UnixStream),
    Tcp(#[expect(dead_code, reason = "kept open")] TcpStream),
    Nobody,
}

/// Dials the address of `OTTO_PLUGIN_CONNECT`, and says the token.
pub(crate) fn dial() -> Dialled {
    let address = env::var("OTTO_PLUGIN_CONNECT").unwrap_or_default();
    let token = env::var("OTTO_PLUGIN_TOKEN").unwrap_or_default();
    match address.split_once(':') {
        Some(("unix", path)) => match UnixStream::connect(path) {
            Ok(mut stream) => {
                let _ = stream.write_all(token.as_bytes());
                Dialled::Unix(stream)
            }
            Err(_) => Dialled::Nobody,
        },
        Some(("tcp", address)) => match TcpStream::connect(address) {
            Ok(mut stream) => {
                let _ = stream.write_all(token.as_bytes());
                Dialled::Tcp(stream)
            }
            Err(_) => Dialled::Nobody,
        },
        _ => Dialled::Nobody,
    }
}
