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

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::UnixStream;
    use tokio::time::{Instant, sleep};
    use tokio_util::either::Either;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_token_may_come_in_pieces_for_five_seconds() {
        let token = Token::random().unwrap();
        for (pause, let_in) in [(LIMIT - LIMIT / 50, true), (LIMIT + LIMIT / 50, false)] {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            let (start, last) = token.as_bytes().split_at(TOKEN_BYTES - 1);
            theirs.write_all(start).await.unwrap();
            let begin = Instant::now();
            let said = async {
                sleep(pause).await;
                // Who is not let in is gone by now.
                let _ = theirs.write_all(last).await;
            };
            let met = async {
                let met = meet(Either::Left(ours), token.clone()).await;
                (met.is_some(), begin.elapsed())
            };
            let ((met, after), ()) = tokio::join!(met, said);
            assert_eq!(met, let_in);
            assert!(after <= Duration::from_millis(5001), "{after:?}");
        }
    }
}
