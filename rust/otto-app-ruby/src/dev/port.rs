//! The port on which an application is reached while it is developed, on this machine alone.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use tokio::net::TcpStream;

/// How often it is tried whether somebody answers.
const AGAIN: Duration = Duration::from_millis(50);

/// Gives a port that nobody listens on. Until a program does, another one may take it.
pub(crate) fn free() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// Whether somebody answers on a port. What is called `localhost` has two addresses.
pub(crate) async fn is_answered(port: u16) -> bool {
    let addresses: [SocketAddr; 2] = [
        (Ipv4Addr::LOCALHOST, port).into(),
        (Ipv6Addr::LOCALHOST, port).into(),
    ];
    for address in addresses {
        if TcpStream::connect(address).await.is_ok() {
            return true;
        }
    }
    false
}

/// Ends when somebody answers on a port.
pub(crate) async fn answers(port: u16) {
    while !is_answered(port).await {
        tokio::time::sleep(AGAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_is_answered_while_somebody_listens() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            // Not every machine has both addresses.
            let Ok(listener) = TcpListener::bind(address) else {
                continue;
            };
            let port = listener.local_addr().unwrap().port();
            answers(port).await;
            drop(listener);
            assert!(!is_answered(port).await);
        }
        assert!(!is_answered(free().unwrap()).await);
    }
}
