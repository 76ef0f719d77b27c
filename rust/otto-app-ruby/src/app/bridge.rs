//! Between what blocks its thread and what awaits, in constant memory.

use std::io::{self, Read, Write};
use std::panic::resume_unwind;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex};
use tokio::task::{JoinError, spawn_blocking};
use tokio_util::io::SyncIoBridge;

use super::progress::Task;

/// How much lies between the two sides at most, in bytes.
const ROOM: usize = 256 << 10;

/// How much is passed on at once, in bytes.
const PART: usize = 64 << 10;

/// Runs `produce` on a thread that it may block, and passes on to `into` what it writes.
///
/// An error is one of `into`; what `produce` then gives is not looked at, since it follows from
/// that. If this is dropped, `produce` can write no more. A panic of `produce` is passed on.
pub(super) async fn produce<T: Send + 'static>(
    into: &mut (impl AsyncWrite + Unpin),
    produce: impl FnOnce(&mut dyn Write) -> T + Send + 'static,
) -> io::Result<T> {
    let (mut near, far) = duplex(ROOM);
    let producing = spawn_blocking(move || produce(&mut SyncIoBridge::new(far)));
    let mut part = vec![0; PART];
    loop {
        match near.read(&mut part).await? {
            0 => break,
            read => into.write_all(&part[..read]).await?,
        }
    }
    Ok(producing.await.unwrap_or_else(rethrow))
}

/// How `from` came to its end.
#[derive(Debug)]
pub(super) enum Fed {
    /// Everything was passed on that was wanted.
    Wholly,
    /// It failed.
    Failed(io::Error),
    /// It was to stop.
    Stopped,
}

/// Runs `consume` on a thread that it may block, and has it read what `from` gives. `task` shows how
/// many bytes that are.
///
/// When `from` fails, or when `stop` ends, `consume` comes to the end of what it reads: what it
/// gives counts only with [`Fed::Wholly`]. A panic of `consume` is passed on.
pub(super) async fn consume<T: Send + 'static>(
    mut from: impl AsyncRead + Unpin,
    stop: impl Future<Output = ()>,
    consume: impl FnOnce(&mut dyn Read) -> T + Send + 'static,
    task: &Task,
) -> (T, Fed) {
    let (mut near, far) = duplex(ROOM);
    let consuming = spawn_blocking(move || consume(&mut SyncIoBridge::new(far)));
    let feeding = async {
        let mut part = vec![0; PART];
        loop {
            let read = match from.read(&mut part).await {
                Ok(0) => return Fed::Wholly,
                Ok(read) => read,
                Err(error) => return Fed::Failed(error),
            };
            if near.write_all(&part[..read]).await.is_err() {
                // It wants no more.
                return Fed::Wholly;
            }
            task.advance(read as u64);
        }
    };
    let fed = tokio::select! {
        biased;
        () = stop => Fed::Stopped,
        fed = feeding => fed,
    };
    drop(near);
    (consuming.await.unwrap_or_else(rethrow), fed)
}

fn rethrow<T>(error: JoinError) -> T {
    match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        // Nobody aborts it, and a runtime that is shut down runs nothing any more.
        Err(error) => panic!("the work was lost: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::pin::Pin;
    use std::sync::mpsc;
    use std::task::{Context, Poll};

    use tokio::io::ReadBuf;

    use super::*;

    /// A source that fails at once.
    struct Broken;

    impl AsyncRead for Broken {
        fn poll_read(
            self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
            _into: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
        }
    }

    #[tokio::test]
    async fn what_is_produced_is_passed_on() {
        let mut into = Vec::new();
        let write = |to: &mut dyn Write| {
            to.write_all(&vec![7; 3 * ROOM]).unwrap();
            "done"
        };
        let given = produce(&mut into, write).await;
        assert_eq!(given.unwrap(), "done");
        assert_eq!(into, vec![7; 3 * ROOM]);
    }

    #[tokio::test]
    async fn a_producer_whose_stream_fails_or_is_dropped_ends() {
        let (ended, end) = mpsc::channel();
        let endless = move |to: &mut dyn Write| {
            let error = io::copy(&mut io::repeat(0), to).unwrap_err();
            ended.send(error.kind()).unwrap();
        };
        let (mut into, other) = duplex(10);
        drop(other);
        let error = produce(&mut into, endless.clone()).await;
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(end.recv().unwrap(), io::ErrorKind::BrokenPipe);

        let (mut into, mut other) = duplex(10);
        tokio::select! {
            _ = produce(&mut into, endless) => panic!("it has no end"),
            byte = other.read_u8() => assert_eq!(byte.unwrap(), 0),
        }
        assert_eq!(end.recv().unwrap(), io::ErrorKind::BrokenPipe);
    }

    fn all(from: &mut dyn Read) -> u64 {
        io::copy(from, &mut io::sink()).unwrap()
    }

    #[tokio::test]
    async fn a_consumer_is_fed_until_it_wants_no_more() {
        let bytes = vec![7; 3 * ROOM];
        let (read, fed) = consume(&bytes[..], pending(), all, &Task::default()).await;
        assert!(matches!(fed, Fed::Wholly));
        assert_eq!(read, bytes.len() as u64);

        let one = |from: &mut dyn Read| {
            let mut byte = [0];
            from.read_exact(&mut byte).unwrap();
            byte[0]
        };
        let endless = tokio::io::repeat(9);
        let (first, fed) = consume(endless, pending(), one, &Task::default()).await;
        assert!(matches!(fed, Fed::Wholly));
        assert_eq!(first, 9);
    }

    #[tokio::test]
    async fn a_consumer_whose_source_fails_or_is_stopped_comes_to_an_end() {
        let failing = AsyncReadExt::chain(&b"abc"[..], Broken);
        let (read, fed) = consume(failing, pending(), all, &Task::default()).await;
        let Fed::Failed(error) = fed else {
            panic!("{fed:?}")
        };
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(read, 3);

        let (_open, silent) = duplex(10);
        let (read, fed) = consume(silent, async {}, all, &Task::default()).await;
        assert!(matches!(fed, Fed::Stopped));
        assert_eq!(read, 0);
    }
}
