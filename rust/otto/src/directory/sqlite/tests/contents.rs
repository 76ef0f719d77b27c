//! The files of blobs: what is limited, kept, shared, collected and checked.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Files, Limits, SqliteStore, assert_sound, drafts, files, fresh, open};
use crate::directory::contract::{bytes, name, read, read_all};
use crate::directory::{Store, StoreError};

#[tokio::test]
async fn a_blob_may_be_as_large_as_the_limit_and_no_larger() {
    let data = TempDir::new().unwrap();
    let limits = Limits {
        blob_bytes: 100_000,
        ..Limits::default()
    };
    let store = SqliteStore::open_in(data.path(), limits).await.unwrap();
    let bytes = bytes(1, 100_001);
    let size = store.put_blob(&name("key"), &bytes[..100_000]).await;
    assert_eq!(size.unwrap(), 100_000);
    // It does not wait for the end of what is too large.
    let endless = bytes.chain(tokio::io::repeat(0));
    let error = store.put_blob(&name("key"), endless).await.unwrap_err();
    assert!(
        matches!(error, StoreError::TooLarge { limit: 100_000, came } if came > 100_000),
        "{error:?}"
    );
    assert!(read(&store, &name("key")).await.unwrap() == bytes[..100_000]);
    assert_sound(&store, data.path()).await;
}

#[test]
fn the_limit_of_a_blob_is_one_gibibyte() {
    assert_eq!(Limits::default().blob_bytes, 1 << 30);
}

#[tokio::test]
async fn nobody_else_can_read_what_is_stored() {
    let data = TempDir::new().unwrap();
    let inside = data.path().join("share/otto");
    let store = open(&inside).await;
    store.put_blob(&name("key"), &b"secret"[..]).await.unwrap();
    let mut seen = 0;
    let mut folders = vec![data.path().join("share")];
    while let Some(folder) = folders.pop() {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
                seen += 1;
            }
        }
    }
    // The database, its log and its index, and the blob.
    assert_eq!(seen, 4);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn the_same_bytes_are_one_file_which_goes_with_its_last_key() {
    let (store, data) = fresh().await;
    for key in ["one", "two"] {
        store.put_blob(&name(key), &b"same"[..]).await.unwrap();
    }
    assert_eq!(files(data.path()).len(), 1);
    store.delete_blob(&name("one")).await.unwrap();
    assert_eq!(files(data.path()).len(), 1);
    store.put_blob(&name("two"), &b"other"[..]).await.unwrap();
    assert_eq!(files(data.path()).len(), 1);
    store.delete_blob(&name("two")).await.unwrap();
    assert_eq!(files(data.path()).len(), 0);
    assert_sound(&store, data.path()).await;
}

#[tokio::test]
async fn what_was_noted_and_never_stored_is_collected_at_the_next_opening() {
    let (store, data) = fresh().await;
    let draft = store.0.files.draft(&b"bytes"[..], 5).await.unwrap();
    sqlx::query("INSERT INTO content (hash, size) VALUES (?, 5)")
        .bind(&draft.hash)
        .execute(&store.0.pool)
        .await
        .unwrap();
    store.0.files.place(draft).unwrap();
    assert_eq!(files(data.path()).len(), 1);
    let store = open(data.path()).await;
    assert_eq!(files(data.path()).len(), 0);
    assert_sound(&store, data.path()).await;
}

#[tokio::test]
async fn a_content_that_is_collected_while_it_is_stored_is_noted_again() {
    let (store, data) = fresh().await;
    let (mut sender, reader) = tokio::io::duplex(64);
    let storing = tokio::spawn({
        let store = store.clone();
        async move { store.put_blob(&name("key"), reader).await }
    });
    sender.write_all(b"bytes").await.unwrap();
    drop(sender);
    // Whatever it is at, each of these collects.
    for _ in 0..50 {
        store.collect_or_warn().await;
        tokio::task::yield_now().await;
    }
    assert_eq!(storing.await.unwrap().unwrap(), 5);
    store.collect_or_warn().await;
    assert_eq!(read(&store, &name("key")).await.unwrap(), b"bytes");
    assert_sound(&store, data.path()).await;
}

#[tokio::test]
async fn an_opening_removes_what_was_left_and_nothing_that_is_being_written() {
    let (store, data) = fresh().await;
    let left = data.path().join("blobs/tmp/left");
    fs::write(&left, "half of it").unwrap();
    let (mut sender, reader) = tokio::io::duplex(64);
    let storing = tokio::spawn(async move { store.put_blob(&name("key"), reader).await });
    // More than there is room for: when it is taken, some of it has been read.
    sender.write_all(&[7; 1000]).await.unwrap();
    assert_eq!(drafts(data.path()).len(), 2);
    let other = open(data.path()).await;
    assert!(!left.exists());
    assert_eq!(drafts(data.path()).len(), 1);
    drop(sender);
    assert_eq!(storing.await.unwrap().unwrap(), 1000);
    assert_eq!(read(&other, &name("key")).await.unwrap(), [7; 1000]);
}

#[tokio::test]
async fn a_temporary_file_is_never_removed_between_its_making_and_its_locking() {
    let (store, data) = fresh().await;
    let files = Files::new(data.path().join("blobs"));
    let at_work = Arc::new(AtomicBool::new(true));
    let sweeping = thread::spawn({
        let at_work = Arc::clone(&at_work);
        move || {
            while at_work.load(Ordering::Relaxed) {
                files.prepare().unwrap();
            }
        }
    });
    for _ in 0..500 {
        let draft = store.0.files.draft(&b"bytes"[..], 5).await.unwrap();
        store.0.files.place(draft).unwrap();
    }
    at_work.store(false, Ordering::Relaxed);
    sweeping.join().unwrap();
}

#[tokio::test]
async fn a_put_that_is_dropped_leaves_nothing() {
    let (store, data) = fresh().await;
    let (mut sender, reader) = tokio::io::duplex(64);
    let name = name("key");
    let mut storing = Box::pin(store.put_blob(&name, reader));
    tokio::select! {
        _ = &mut storing => panic!("it has not come to its end"),
        written = sender.write_all(&[7; 1000]) => written.unwrap(),
    }
    assert_eq!(drafts(data.path()).len(), 1);
    drop(storing);
    assert_eq!(read(&store, &name).await, None);
    assert_sound(&store, data.path()).await;
}

/// Stores 100,000 bytes, damages the file, and gives the error of reading it.
async fn damaged(damage: impl FnOnce(&Path)) -> (io::Error, SqliteStore, TempDir) {
    let (store, data) = fresh().await;
    store
        .put_blob(&name("key"), &*bytes(1, 100_000))
        .await
        .unwrap();
    let hash = files(data.path()).pop_first().unwrap();
    let blob = {
        damage(&store.0.files.path(&hash));
        store.blob(&name("key")).await.unwrap().unwrap()
    };
    (read_all(blob).await.unwrap_err(), store, data)
}

#[tokio::test]
async fn the_end_of_a_damaged_blob_is_an_error() {
    let (changed, ..) = damaged(|path| {
        let mut bytes = fs::read(path).unwrap();
        bytes[50_000] ^= 1;
        fs::write(path, bytes).unwrap();
    })
    .await;
    let (cut, ..) = damaged(|path| {
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(99_999).unwrap();
    })
    .await;
    for error in [changed, cut] {
        let text = error.to_string();
        assert!(text.contains("damaged"), "{text}");
    }
}

#[tokio::test]
async fn a_blob_whose_file_is_gone_is_damaged_and_heals_when_it_is_stored_again() {
    let (store, data) = fresh().await;
    store.put_blob(&name("key"), &b"bytes"[..]).await.unwrap();
    let hash = files(data.path()).pop_first().unwrap();
    fs::remove_file(store.0.files.path(&hash)).unwrap();
    let error = store.blob(&name("key")).await.unwrap_err();
    assert!(error.to_string().contains("no file"), "{error}");
    store.put_blob(&name("key"), &b"bytes"[..]).await.unwrap();
    assert_eq!(read(&store, &name("key")).await.unwrap(), b"bytes");
}
