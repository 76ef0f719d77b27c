//! What every store does with blobs.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use crate::directory::{BlobName, Store, StoreError};

/// A name for a blob of the application `a`.
pub(in crate::directory) fn name(key: &str) -> BlobName {
    BlobName {
        app_id: "a".into(),
        key: key.into(),
    }
}

/// So many bytes, which are others for each seed.
pub(in crate::directory) fn bytes(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    (0..size)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}

pub(in crate::directory) async fn read(store: &impl Store, name: &BlobName) -> Option<Vec<u8>> {
    let blob = store.blob(name).await.unwrap()?;
    Some(read_all(blob).await.unwrap())
}

pub(in crate::directory) async fn read_all(blob: impl AsyncRead) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    Box::pin(blob).read_to_end(&mut read).await?;
    Ok(read)
}

pub(in crate::directory) async fn blobs_of_every_size_come_back(store: impl Store) {
    for size in [0, 1, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, 16 << 20] {
        let bytes = bytes(size as u64, size);
        let name = name(&size.to_string());
        assert_eq!(store.put_blob(&name, &*bytes).await.unwrap(), size as u64);
        assert!(read(&store, &name).await.unwrap() == bytes, "{size} bytes");
    }
}

pub(in crate::directory) async fn a_missing_blob_differs_from_an_empty_one(store: impl Store) {
    assert_eq!(read(&store, &name("key")).await, None);
    assert!(!store.delete_blob(&name("key")).await.unwrap());
    store.put_blob(&name("key"), &b""[..]).await.unwrap();
    assert_eq!(read(&store, &name("key")).await, Some(vec![]));
    assert!(store.delete_blob(&name("key")).await.unwrap());
    assert_eq!(read(&store, &name("key")).await, None);
}

pub(in crate::directory) async fn two_applications_may_use_the_same_key(store: impl Store) {
    let theirs = BlobName {
        app_id: "b".into(),
        ..name("key")
    };
    store.put_blob(&name("key"), &b"mine"[..]).await.unwrap();
    assert_eq!(read(&store, &theirs).await, None);
    store.put_blob(&theirs, &b"theirs"[..]).await.unwrap();
    assert_eq!(read(&store, &name("key")).await.unwrap(), b"mine");
    assert!(store.delete_blob(&name("key")).await.unwrap());
    assert_eq!(read(&store, &theirs).await.unwrap(), b"theirs");
}

pub(in crate::directory) async fn a_blob_that_is_replaced_can_be_read_to_its_end(
    store: impl Store,
) {
    let bytes = bytes(1, 1 << 20);
    store.put_blob(&name("key"), &*bytes).await.unwrap();
    let first = store.blob(&name("key")).await.unwrap().unwrap();
    let second = store.blob(&name("key")).await.unwrap().unwrap();
    store.put_blob(&name("key"), &b"new"[..]).await.unwrap();
    assert!(read_all(first).await.unwrap() == bytes);
    store.delete_blob(&name("key")).await.unwrap();
    assert!(read_all(second).await.unwrap() == bytes);
}

pub(in crate::directory) async fn bytes_that_break_off_leave_what_was_there(store: impl Store) {
    store.put_blob(&name("key"), &b"before"[..]).await.unwrap();
    let begun = bytes(2, 300_000);
    let broken = breaking_off(&begun);
    let error = store.put_blob(&name("key"), broken).await.unwrap_err();
    assert!(matches!(error, StoreError::Source(_)), "{error:?}");
    assert_eq!(read(&store, &name("key")).await.unwrap(), b"before");
}

/// Gives `begun`, and then an error.
fn breaking_off(begun: &[u8]) -> impl AsyncRead + Unpin + Send {
    begun.chain(Broken)
}

struct Broken;

impl AsyncRead for Broken {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::Error::other("it broke off")))
    }
}

pub(in crate::directory) async fn the_same_bytes_stay_for_as_long_as_one_key_has_them(
    store: impl Store,
) {
    let bytes = bytes(3, 100_000);
    for key in ["one", "two", "three"] {
        store.put_blob(&name(key), &*bytes).await.unwrap();
    }
    store.put_blob(&name("one"), &b"other"[..]).await.unwrap();
    store.delete_blob(&name("two")).await.unwrap();
    assert!(read(&store, &name("three")).await.unwrap() == bytes);
    store.delete_blob(&name("three")).await.unwrap();
    store.put_blob(&name("two"), &*bytes).await.unwrap();
    assert!(read(&store, &name("two")).await.unwrap() == bytes);
}

pub(in crate::directory) async fn blobs_are_put_and_deleted_by_many_at_once(store: impl Store) {
    let tasks = (0..8).map(|task: usize| {
        let store = store.clone();
        tokio::spawn(async move {
            for round in 0..8 {
                // All of them have the same two contents, and the same three keys.
                let bytes = bytes((task + round) as u64 % 2, 70_000);
                let shared = name(&((task + round) % 3).to_string());
                store.put_blob(&shared, &*bytes).await.unwrap();
                let own = name(&format!("of {task}"));
                store.put_blob(&own, &*bytes).await.unwrap();
                assert!(read(&store, &own).await.unwrap() == bytes);
                // Whatever is there is whole.
                let _ = read(&store, &shared).await;
                store.delete_blob(&shared).await.unwrap();
            }
        })
    });
    for task in futures::future::join_all(tasks).await {
        task.unwrap();
    }
    for task in 0..8 {
        let kept = read(&store, &name(&format!("of {task}"))).await.unwrap();
        assert!(kept == bytes((task + 7) % 2, 70_000));
    }
}
