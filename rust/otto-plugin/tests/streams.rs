//! What a stream promises, over a socket pair in one process.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod support;

use std::io;

use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::stream::{ByteStream, ByteStreamClient};
use otto_plugin::rpc::CallError;
use otto_plugin::stream::{self, Reader, Writer};
use otto_plugin::testing::{self, Pair};
use support::bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A stream whose sender is at the other end of a socket pair.
async fn connected() -> (Pair<ByteStreamClient>, Reader) {
    let (client, reader) = stream::pipe();
    (testing::pair(client).await.unwrap(), reader)
}

/// What came before the stream broke, and why it did.
async fn broken(reader: &mut Reader) -> (Vec<u8>, Error) {
    let mut read = Vec::new();
    let error = reader.read_to_end(&mut read).await.unwrap_err();
    (read, error.into())
}

fn kind(error: CallError) -> ErrorKind {
    error.error().unwrap().kind
}

#[tokio::test]
async fn bytes_arrive_in_order_and_the_end_comes_after_done() {
    let (pair, mut reader) = connected().await;
    let sent = bytes(5_000_000);
    let sending = tokio::spawn({
        let sent = sent.clone();
        async move {
            let mut writer = Writer::new(pair.client.clone());
            writer.write_all(&sent).await?;
            writer.done().await
        }
    });
    let mut received = Vec::new();
    reader.read_to_end(&mut received).await.unwrap();
    assert!(received == sent);
    assert_eq!(reader.accept().unwrap(), 5_000_000);
    assert_eq!(sending.await.unwrap().unwrap(), 5_000_000);
}

#[test]
fn a_stream_needs_neither_a_peer_nor_a_runtime() {
    let (client, mut reader) = stream::pipe();
    let sent = bytes(3_000_000);
    let sending = std::thread::spawn({
        let sent = sent.clone();
        move || {
            pollster::block_on(async move {
                let mut writer = Writer::new(client);
                writer.write_all(&sent).await?;
                writer.done().await
            })
        }
    });
    let received = pollster::block_on(async {
        let mut received = Vec::new();
        reader.read_to_end(&mut received).await.unwrap();
        reader.accept().unwrap();
        received
    });
    assert!(received == sent);
    assert_eq!(sending.join().unwrap().unwrap(), 3_000_000);
}

#[tokio::test]
async fn done_is_answered_only_when_the_receiver_has_kept_everything() {
    let (pair, mut reader) = connected().await;
    let mut writer = Writer::new(pair.client.clone());
    writer.write_all(b"all").await.unwrap();
    let mut done = Box::pin(writer.done());
    let mut received = Vec::new();
    tokio::select! {
        biased;
        _ = &mut done => panic!("nobody has kept anything"),
        read = reader.read_to_end(&mut received) => assert_eq!(read.unwrap(), 3),
    }
    assert!(futures::poll!(done.as_mut()).is_pending());
    reader.accept().unwrap();
    assert_eq!(done.await.unwrap(), 3);
}

/// Takes everything, and has counted wrong.
struct Miscounted;

impl ByteStream for Miscounted {
    async fn write(&self, _chunk: Vec<u8>) {}

    async fn done(&self) -> Result<u64, Error> {
        Ok(7)
    }
}

#[tokio::test]
async fn a_size_that_differs_is_an_error_with_both_numbers() {
    let pair = testing::pair(ByteStreamClient::new(Miscounted))
        .await
        .unwrap();
    let mut writer = Writer::new(pair.client.clone());
    writer.write_all(&bytes(300_000)).await.unwrap();
    let text = writer.done().await.unwrap_err().to_string();
    assert!(
        text.contains("300000 bytes were sent") && text.contains("has 7"),
        "{text}"
    );
}

#[tokio::test]
async fn a_refusal_reaches_the_sender_whole() {
    let refusal = Error::new(ErrorKind::Denied, "the disk is full").with_help("make room");
    for before_the_end in [true, false] {
        let (pair, mut reader) = connected().await;
        let mut writer = Writer::new(pair.client.clone());
        let reason = refusal.clone();
        let receiving = tokio::spawn(async move {
            let mut read = Vec::new();
            if before_the_end {
                reader.read_exact(&mut [0; 10]).await.unwrap();
            } else {
                reader.read_to_end(&mut read).await.unwrap();
            }
            reader.refuse(reason);
        });
        // Far more than fits: what follows the refusal is discarded.
        writer.write_all(&bytes(6_000_000)).await.unwrap();
        assert_eq!(writer.done().await.unwrap_err(), refusal);
        receiving.await.unwrap();
    }
}

#[tokio::test]
async fn a_reader_that_is_dropped_refuses_the_stream() {
    let (pair, reader) = connected().await;
    let mut writer = Writer::new(pair.client.clone());
    writer.write_all(&bytes(100_000)).await.unwrap();
    drop(reader);
    let error = writer.done().await.unwrap_err();
    assert!(error.message.contains("gave the stream up"), "{error}");
}

#[tokio::test]
async fn a_stream_cannot_be_accepted_before_its_end_was_read() {
    let (pair, mut reader) = connected().await;
    let mut writer = Writer::new(pair.client.clone());
    writer.write_all(b"all").await.unwrap();
    let done = tokio::spawn(writer.done());
    reader.read_exact(&mut [0; 3]).await.unwrap();
    let error = reader.accept().unwrap_err();
    assert!(error.message.contains("before its end"), "{error}");
    assert_eq!(done.await.unwrap().unwrap_err(), error);
}

#[tokio::test]
async fn an_abort_is_never_an_end_and_its_reason_arrives_whole() {
    let reason = Error::invalid("the archive is damaged").at("app.tar", 0);
    let (pair, mut reader) = connected().await;
    let mut writer = Writer::new(pair.client.clone());
    writer.write_all(b"half").await.unwrap();
    writer.flush().await.unwrap();
    writer.abort(reason.clone()).await.unwrap();
    assert_eq!(broken(&mut reader).await.1, reason);
    assert_eq!(reader.accept().unwrap_err(), reason);
}

#[tokio::test]
async fn a_lost_connection_is_an_error_at_both_ends() {
    let (pair, mut reader) = connected().await;
    let mut writer = Writer::new(pair.client.clone());
    writer.write_all(b"half").await.unwrap();
    writer.flush().await.unwrap();
    drop(pair);
    let (_, error) = broken(&mut reader).await;
    assert!(error.message.contains("the connection was lost"), "{error}");
    let error = writer.done().await.unwrap_err();
    assert!(error.message.contains("the connection was lost"), "{error}");
}

#[tokio::test]
async fn a_failed_write_fails_all_that_follows() {
    let (pair, _reader) = connected().await;
    let mut writer = Writer::new(pair.client.clone());
    drop(pair);
    let mut write = async || -> io::Result<()> {
        writer.write_all(b"x").await?;
        writer.flush().await
    };
    let first = loop {
        // The first ones may be on their way before the connection is gone.
        if let Err(error) = write().await {
            break Error::from(error);
        }
    };
    assert_eq!(Error::from(write().await.unwrap_err()), first);
    assert_eq!(writer.done().await.unwrap_err(), first);
}

#[tokio::test]
async fn what_comes_after_the_end_changes_nothing() {
    let (pair, mut reader) = connected().await;
    let stream = &pair.client;
    stream.write(b"kept".to_vec()).await.unwrap();
    stream.write(Vec::new()).await.unwrap();
    let receiving = tokio::spawn(async move {
        let mut received = Vec::new();
        reader.read_to_end(&mut received).await.unwrap();
        reader.accept().unwrap();
        received
    });
    assert_eq!(stream.done().await.unwrap(), 4);
    stream.write(b"late".to_vec()).await.unwrap();
    assert_eq!(kind(stream.done().await.unwrap_err()), ErrorKind::Closed);
    let late = stream.abort(Error::invalid("late")).await;
    assert_eq!(kind(late.unwrap_err()), ErrorKind::Closed);
    assert_eq!(receiving.await.unwrap(), b"kept");
}

#[tokio::test]
async fn what_comes_after_an_abort_changes_nothing() {
    let (pair, mut reader) = connected().await;
    let reason = Error::invalid("stop");
    let stream = &pair.client;
    stream.write(b"half".to_vec()).await.unwrap();
    stream.abort(reason.clone()).await.unwrap();
    stream.write(b"late".to_vec()).await.unwrap();
    assert_eq!(kind(stream.done().await.unwrap_err()), ErrorKind::Closed);
    let again = stream.abort(Error::invalid("again")).await;
    assert_eq!(kind(again.unwrap_err()), ErrorKind::Closed);
    assert_eq!(broken(&mut reader).await, (Vec::new(), reason));
}

#[tokio::test]
async fn a_chunk_above_the_limit_fails_the_stream_with_both_numbers() {
    let (pair, mut reader) = connected().await;
    let stream = &pair.client;
    // What is around it in the message lets it pass at the sender's.
    stream.write(vec![0; (1 << 20) + 8]).await.unwrap();
    stream.write(b"discarded".to_vec()).await.unwrap();
    let error = stream.done().await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("1048584 bytes") && text.contains("streamChunkBytes is 1048576"),
        "{text}"
    );
    assert_eq!(kind(error.clone()), ErrorKind::LimitExceeded);
    let (read, seen) = broken(&mut reader).await;
    assert_eq!((read, Some(&seen)), (Vec::new(), error.error()));
}
