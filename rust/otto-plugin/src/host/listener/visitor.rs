//! Who has connected, and is not yet known to be the plugin.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::dial::{TOKEN_BYTES, Token};
use crate::transport::{Registered, Socket};

/// How long a visitor may take to say the token.
const LIMIT: Duration = Duration::from_secs(5);

/// Gives the socket of a visitor that says the token. Nothing behind the token is read, and nothing
/// is ever written: another one learns nothing, not even how far it was right.
pub(super) async fn meet(mut visitor: Registered, token: Token) -> Option<Socket> {
    let mut said = [0; TOKEN_BYTES];
    let read = timeout(LIMIT, visitor.read_exact(&mut said)).await;
    match read {
        Ok(Ok(_)) if token.is(&said) => Socket::from_registered(visitor).ok(),
        _ => None,
    }
}
