//! Blobs, as streams.

use std::fs;
use std::path::Path;
use std::time::Duration;

use otto_plugin::bindings::error::{Error, ErrorKind};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{assert_discreet, lent};
use crate::directory::contract::bytes;

#[tokio::test]
async fn a_key_may_have_so_many_bytes_and_no_more() {
    let data = TempDir::new().unwrap();
    let pair = lent(data.path()).await;
    // Two bytes each.
    let longest = "é".repeat(512);
    let blob = pair.client.write_blob(&*longest).await.unwrap();
    assert_eq!(blob.done().await.unwrap(), 0);
    assert!(pair.client.delete_blob(longest.clone()).await.unwrap());
    let longer = longest + "x";
    let errors = [
        pair.client.put_blob(&*longer).await.map(drop),
        pair.client.read_blob(&*longer).await.map(drop),
        pair.client.delete_blob(&*longer).await.map(drop),
    ];
    for error in errors {
        let error = Error::from(error.unwrap_err());
        assert_eq!(error.kind, ErrorKind::LimitExceeded);
        let text = error.to_string();
        assert!(text.contains("1024") && text.contains("1025"), "{text}");
    }
}

#[tokio::test]
async fn a_blob_is_there_when_its_stream_is_done_and_not_before() {
    let data = TempDir::new().unwrap();
    let pair = lent(data.path()).await;
    let sent = bytes(1, 600_000);
    let mut blob = pair.client.write_blob("key").await.unwrap();
    blob.write_all(&sent).await.unwrap();
    blob.flush().await.unwrap();
    assert!(pair.client.read_blob("key").await.unwrap().is_none());
    assert_eq!(blob.done().await.unwrap(), 600_000);
    let mut blob = pair.client.read_blob("key").await.unwrap().unwrap();
    let mut received = Vec::new();
    blob.read_to_end(&mut received).await.unwrap();
    assert!(received == sent);
    assert!(pair.client.delete_blob("key").await.unwrap());
    assert!(!pair.client.delete_blob("key").await.unwrap());
}

#[tokio::test]
async fn a_stream_that_is_aborted_or_dropped_leaves_nothing() {
    let data = TempDir::new().unwrap();
    let pair = lent(data.path()).await;
    let mut before = pair.client.write_blob("key").await.unwrap();
    before.write_all(b"before").await.unwrap();
    before.done().await.unwrap();
    let begin = async || {
        let mut blob = pair.client.write_blob("key").await.unwrap();
        blob.write_all(&bytes(1, 600_000)).await.unwrap();
        blob.flush().await.unwrap();
        blob
    };
    begin().await.abort(Error::invalid("stop")).await.unwrap();
    drop(begin().await);
    nothing_is_written(data.path()).await;
    let mut blob = pair.client.read_blob("key").await.unwrap().unwrap();
    let mut received = Vec::new();
    blob.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, b"before");
}

/// Waits until there is no temporary file.
async fn nothing_is_written(data: &Path) {
    let drafts = data.join("blobs/tmp");
    let none = async {
        while fs::read_dir(&drafts).unwrap().next().is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), none)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_blob_that_is_too_large_fails_its_stream_with_both_numbers() {
    let data = TempDir::new().unwrap();
    let pair = lent(data.path()).await;
    let mut blob = pair.client.write_blob("key").await.unwrap();
    blob.write_all(&vec![7; (1 << 20) + 1]).await.unwrap();
    let error = blob.done().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::LimitExceeded);
    let text = error.to_string();
    assert!(
        text.contains("1048576") && text.contains("1048577"),
        "{text}"
    );
    assert!(pair.client.read_blob("key").await.unwrap().is_none());
    nothing_is_written(data.path()).await;
}

#[tokio::test]
async fn a_damaged_blob_never_comes_to_its_end() {
    let data = TempDir::new().unwrap();
    let pair = lent(data.path()).await;
    let mut blob = pair.client.write_blob("key").await.unwrap();
    blob.write_all(&bytes(1, 600_000)).await.unwrap();
    blob.done().await.unwrap();
    for folder in fs::read_dir(data.path().join("blobs")).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            fs::write(file.unwrap().path(), bytes(2, 600_000)).unwrap();
        }
    }
    // It is the host's to say when: before the first bytes, or after them.
    let error = match pair.client.read_blob("key").await {
        Ok(blob) => {
            let read = blob.unwrap().read_to_end(&mut Vec::new()).await;
            Error::from(read.unwrap_err())
        }
        Err(error) => Error::from(error),
    };
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("damaged"), "{error}");
    assert_discreet(&error, data.path());
}
