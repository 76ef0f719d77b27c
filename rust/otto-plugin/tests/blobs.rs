//! Blobs, between a plugin and a directory, over a socket pair in one process.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod support;

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll};

use otto_plugin::bindings::app::{CompileResult, Context};
use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{CancelReason, Directory, DirectoryClient, Host};
use otto_plugin::bindings::stream::ByteStreamClient;
use otto_plugin::host::{Plugin, PluginError, Services};
use otto_plugin::stream::{self, Reader};
use otto_plugin::testing::{self, MemoryDirectory};
use support::{Compile, bytes, services};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::sync::{mpsc, oneshot};

/// A plugin that makes one call of its directory, in the form of a closure.
async fn plugin<F, Fut>(work: F) -> Plugin
where
    F: Fn(DirectoryClient) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), Error>> + Send + 'static,
{
    let app = Compile(move |_, host: Host| {
        let work = work(host.directory);
        async move {
            work.await?;
            Ok(CompileResult::default())
        }
    });
    testing::plugin(app).await.unwrap()
}

async fn compile(plugin: &Plugin, directory: impl Directory) -> Result<(), PluginError> {
    let services = Services {
        directory: DirectoryClient::new(directory),
        ..services()
    };
    let result = plugin.compile(Context::default(), &services).await;
    result.map(drop)
}

/// Hands the reader of each blob that is stored to the test.
struct Puts(mpsc::UnboundedSender<Reader>);

impl Directory for Puts {
    async fn put_blob(&self, _key: String) -> Result<ByteStreamClient, Error> {
        let (stream, reader) = stream::pipe();
        self.0.send(reader).unwrap();
        Ok(stream)
    }
}

/// Answers `getBlob` with a closure.
struct Gets<F>(F);

impl<F, Fut> Directory for Gets<F>
where
    F: Fn(ByteStreamClient) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<u64>, Error>> + Send + 'static,
{
    async fn get_blob(&self, _key: String, into: ByteStreamClient) -> Result<Option<u64>, Error> {
        (self.0)(into).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_of_any_size_arrives_as_it_was_sent_both_ways() {
    const SIZES: [usize; 9] = [
        0,
        1,
        (64 << 10) - 1,
        64 << 10,
        (64 << 10) + 1,
        256 << 10,
        (256 << 10) + 1,
        1 << 20,
        16 << 20,
    ];
    let plugin = plugin(|directory| async move {
        for size in SIZES {
            let sent = bytes(size);
            let mut blob = directory.write_blob(size.to_string()).await?;
            blob.write_all(&sent).await?;
            assert_eq!(blob.done().await?, size as u64);
            let mut blob = directory.read_blob(size.to_string()).await?.unwrap();
            let mut received = Vec::new();
            blob.read_to_end(&mut received).await?;
            assert!(received == sent, "{size} bytes");
        }
        Ok(())
    })
    .await;
    let directory = MemoryDirectory::new();
    compile(&plugin, directory.clone()).await.unwrap();
    for size in SIZES {
        assert!(directory.blob(&size.to_string()) == Some(bytes(size)));
    }
}

#[tokio::test]
async fn a_missing_blob_differs_from_an_empty_one() {
    let plugin = plugin(|directory| async move {
        assert!(directory.read_blob("missing").await?.is_none());
        let mut blob = directory.read_blob("empty").await?.unwrap();
        assert_eq!(blob.read_to_end(&mut Vec::new()).await?, 0);
        Ok(())
    })
    .await;
    let directory = MemoryDirectory::new();
    directory.insert_blob("empty", b"");
    compile(&plugin, directory).await.unwrap();
}

#[tokio::test]
async fn a_blob_that_is_not_completed_leaves_what_was_there() {
    let plugin = plugin(|directory| async move {
        let mut aborted = directory.write_blob("key").await?;
        aborted.write_all(&bytes(300_000)).await?;
        aborted.abort(Error::invalid("stop")).await?;
        let mut dropped = directory.write_blob("key").await?;
        dropped.write_all(&bytes(300_000)).await?;
        dropped.shutdown().await?;
        Ok(())
    })
    .await;
    let directory = MemoryDirectory::new();
    directory.insert_blob("key", b"before");
    compile(&plugin, directory.clone()).await.unwrap();
    assert_eq!(directory.blob("key").unwrap(), b"before");
}

#[tokio::test]
async fn neither_a_shutdown_nor_a_drop_completes_a_stream() {
    let plugin = plugin(|directory| async move {
        let mut blob = directory.write_blob("key").await?;
        blob.write_all(b"everything").await?;
        blob.shutdown().await?;
        Ok(())
    })
    .await;
    let (readers, mut reader) = mpsc::unbounded_channel();
    compile(&plugin, Puts(readers)).await.unwrap();
    let mut reader = reader.recv().await.unwrap();
    let broken = reader.read_to_end(&mut Vec::new()).await.unwrap_err();
    let text = broken.to_string();
    assert!(
        text.contains("after 10 bytes, before it was complete"),
        "{text}"
    );
}

#[tokio::test]
async fn a_blob_is_broken_off_when_the_call_is_dropped() {
    let (begun, has_begun) = oneshot::channel();
    let begun = Arc::new(Mutex::new(Some(begun)));
    let plugin = plugin(move |directory| {
        let begun = begun.lock().unwrap().take().unwrap();
        async move {
            let mut blob = directory.write_blob("key").await?;
            blob.write_all(&bytes(300_000)).await?;
            blob.flush().await?;
            begun.send(()).unwrap();
            std::future::pending().await
        }
    })
    .await;
    let (readers, mut reader) = mpsc::unbounded_channel();
    let call = tokio::spawn({
        let plugin = plugin.clone();
        async move { compile(&plugin, Puts(readers)).await }
    });
    has_begun.await.unwrap();
    call.abort();
    let mut reader = reader.recv().await.unwrap();
    let broken = reader.read_to_end(&mut Vec::new()).await.unwrap_err();
    let text = broken.to_string();
    assert!(text.contains("before it was complete"), "{text}");
}

/// What the plugin gets from `getBlob`: what came, and the error.
async fn download<F, Fut>(get: F) -> (Vec<u8>, Error)
where
    F: Fn(ByteStreamClient) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<u64>, Error>> + Send + 'static,
{
    let received = Arc::<Mutex<Vec<u8>>>::default();
    let plugin = plugin({
        let received = Arc::clone(&received);
        move |directory| {
            let received = Arc::clone(&received);
            async move {
                let mut blob = directory.read_blob("key").await?.unwrap();
                let mut read = Vec::new();
                let result = blob.read_to_end(&mut read).await;
                let again = blob.read_to_end(&mut read).await;
                *received.lock().unwrap() = read;
                assert_eq!(
                    result.as_ref().unwrap_err().to_string(),
                    again.unwrap_err().to_string()
                );
                result?;
                Ok(())
            }
        }
    })
    .await;
    let error = compile(&plugin, Gets(get)).await.unwrap_err();
    let error = error.error().unwrap_or_else(|| panic!("{error}")).clone();
    (std::mem::take(&mut received.lock().unwrap()), error)
}

/// Gives some bytes, and then an error.
struct Damaged(&'static [u8]);

impl AsyncRead for Damaged {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Task<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match std::mem::take(&mut self.0) {
            [] => Poll::Ready(Err(io::Error::other(damaged()))),
            bytes => {
                into.put_slice(bytes);
                Poll::Ready(Ok(()))
            }
        }
    }
}

fn damaged() -> Error {
    Error::new(ErrorKind::Unavailable, "the disk does not answer").with_help("look at its cable")
}

#[tokio::test]
async fn an_error_of_the_hosts_while_it_sends_arrives_whole() {
    let (_, error) =
        download(|into| async move { stream::send(Damaged(b"half"), &into).await.map(Some) }).await;
    assert_eq!(error, damaged());
}

#[tokio::test]
async fn the_answer_to_the_call_says_why_the_stream_was_dropped() {
    let (_, error) = download(|into| async move {
        into.write(b"half".to_vec()).await?;
        drop(into);
        Err(damaged())
    })
    .await;
    assert_eq!(error, damaged());
}

#[tokio::test]
async fn a_stream_that_was_dropped_is_no_blob_whatever_the_host_answers() {
    let (received, error) = download(|into| async move {
        into.write(b"half".to_vec()).await?;
        Ok(Some(4))
    })
    .await;
    assert!(received.is_empty() || received == b"half");
    let text = error.to_string();
    assert!(text.contains("before"), "{text}");
}

#[tokio::test]
async fn a_size_that_is_not_what_came_is_an_error_with_both_numbers() {
    let (received, error) = download(|into| async move {
        into.write(b"all of it".to_vec()).await?;
        into.done().await?;
        Ok(Some(90))
    })
    .await;
    assert_eq!(received, b"all of it");
    let text = error.to_string();
    assert!(
        text.contains("90 bytes were sent") && text.contains("has 9"),
        "{text}"
    );
}

#[tokio::test]
async fn nothing_is_not_what_a_host_may_answer_after_something() {
    let (_, error) = download(|into| async move {
        into.write(b"some".to_vec()).await?;
        into.done().await?;
        Ok(None)
    })
    .await;
    assert!(error.message.contains("Directory.getBlob"), "{error}");
}

#[tokio::test]
async fn an_error_before_the_first_byte_is_the_answer_of_the_call() {
    let plugin = plugin(|directory| async move {
        let error = directory.read_blob("key").await.unwrap_err();
        assert_eq!(error.error(), Some(&damaged()));
        Ok(())
    })
    .await;
    let get = |into| async move {
        drop(into);
        Err(damaged())
    };
    compile(&plugin, Gets(get)).await.unwrap();
}

#[tokio::test]
async fn a_blob_whose_reader_is_dropped_ends_the_call_and_nothing_else() {
    let plugin = plugin(|directory| async move {
        let mut blob = directory.read_blob("endless").await?.unwrap();
        blob.read_exact(&mut vec![0; 100_000]).await?;
        drop(blob);
        assert!(directory.read_blob("endless").await?.is_some());
        Ok(())
    })
    .await;
    let (gone, mut dropped) = mpsc::unbounded_channel::<()>();
    let get = move |into| {
        let gone = gone.clone();
        async move {
            let _gone = gone;
            stream::send(tokio::io::repeat(7), &into).await.map(Some)
        }
    };
    compile(&plugin, Gets(get)).await.unwrap();
    // Both sendings, and the directory itself.
    assert_eq!(dropped.recv().await, None);
}

#[tokio::test]
async fn a_call_that_is_to_stop_does_not_wait_for_the_rest_of_a_blob() {
    let (begun, mut has_begun) = mpsc::unbounded_channel();
    let plugin = plugin(move |directory| {
        let begun = begun.clone();
        async move {
            let mut blob = directory.read_blob("endless").await?.unwrap();
            blob.read_exact(&mut [0]).await?;
            begun.send(()).unwrap();
            tokio::io::copy(&mut blob, &mut tokio::io::sink()).await?;
            Ok(())
        }
    })
    .await;
    let get = |into| async move {
        let endless = tokio::io::repeat(7);
        stream::send(endless, &into).await.map(Some)
    };
    let services = Services {
        directory: DirectoryClient::new(Gets(get)),
        ..services()
    };
    let (call, ()) = tokio::join!(plugin.compile(Context::default(), &services), async {
        has_begun.recv().await.unwrap();
        services.cancel.cancel(CancelReason::User);
    });
    let error = call.unwrap_err();
    let kind = error.error().map(|error| error.kind);
    assert_eq!(kind, Some(ErrorKind::Cancelled), "{error}");
}

/// Counts what passes through it.
struct Counted<R>(R, Arc<AtomicU64>);

impl<R: AsyncRead + Unpin> AsyncRead for Counted<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Task<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.0).poll_read(cx, into);
        let size = into.filled().len() - before;
        self.1.fetch_add(size as u64, Ordering::SeqCst);
        read
    }
}

/// 256 MiB, and what may be under way of it: 1 MiB that waits for the reader, as much that waits
/// for its answer, and the chunks at both ends.
const LARGE: u64 = 256 << 20;
const UNDER_WAY: u64 = 3 << 20;

/// Pauses now and then for a hundred round trips, in which the sender gets as far ahead as it may.
async fn read_slowly<T: Future>(
    mut reader: impl AsyncRead + Unpin,
    sent: &AtomicU64,
    round_trip: impl Fn() -> T,
) -> io::Result<u64> {
    let (mut received, mut ahead) = (0, 0);
    let mut part = vec![0; 100_000];
    loop {
        let size = reader.read(&mut part).await?;
        if size == 0 {
            break;
        }
        if (received + size as u64) >> 25 > received >> 25 {
            for _ in 0..100 {
                round_trip().await;
            }
        }
        received += size as u64;
        ahead = ahead.max(sent.load(Ordering::SeqCst) - received);
    }
    assert!(ahead >= 1 << 20, "the sender was only {ahead} bytes ahead");
    assert!(ahead <= UNDER_WAY, "{ahead} bytes were under way");
    Ok(received)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_blob_takes_little_memory_on_its_way_out() {
    let sent = Arc::<AtomicU64>::default();
    let plugin = plugin({
        let sent = Arc::clone(&sent);
        move |directory| {
            let mut source = Counted(tokio::io::repeat(7).take(LARGE), Arc::clone(&sent));
            async move {
                let mut blob = directory.write_blob("key").await?;
                tokio::io::copy(&mut source, &mut blob).await?;
                assert_eq!(blob.done().await?, LARGE);
                Ok(())
            }
        }
    })
    .await;
    let (readers, mut reader) = mpsc::unbounded_channel();
    let (call, ()) = tokio::join!(compile(&plugin, Puts(readers)), async {
        let mut reader = reader.recv().await.unwrap();
        let received = read_slowly(&mut reader, &sent, || plugin.ping()).await;
        assert_eq!(received.unwrap(), LARGE);
        reader.accept().unwrap();
    });
    call.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_blob_takes_little_memory_on_its_way_in() {
    let sent = Arc::<AtomicU64>::default();
    let plugin = plugin({
        let sent = Arc::clone(&sent);
        move |directory| {
            let sent = Arc::clone(&sent);
            async move {
                let blob = directory.read_blob("key").await?.unwrap();
                let round_trip = || directory.delete_blob("none");
                assert_eq!(read_slowly(blob, &sent, round_trip).await?, LARGE);
                Ok(())
            }
        }
    })
    .await;
    let get = move |into| {
        let source = Counted(tokio::io::repeat(7).take(LARGE), Arc::clone(&sent));
        async move { stream::send(source, &into).await.map(Some) }
    };
    compile(&plugin, Gets(get)).await.unwrap();
}
