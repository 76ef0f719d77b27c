//! The directory of one call, as a plugin sees it.

mod blobs;
mod records;

use std::path::Path;
use std::time::Duration;

use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{BuildRecord, DirectoryClient, Expect, Lookup};
use otto_plugin::testing::{self, Pair};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use super::{CallDirectory, Scope};
use crate::directory::sqlite::{Limits, SqliteStore};

fn scope() -> Scope {
    Scope {
        app_id: "a".into(),
        infra: "local".into(),
        flavor: "simple".into(),
    }
}

/// A store that gives up soon, and takes blobs of up to 1 MiB.
async fn store(data: &Path) -> SqliteStore {
    let limits = Limits {
        wait: Duration::from_millis(50),
        blob_bytes: 1 << 20,
    };
    SqliteStore::open_in(data, limits).await.unwrap()
}

/// What a plugin is lent, at the other end of a socket.
async fn lent(data: &Path) -> Pair<DirectoryClient> {
    let directory = CallDirectory::new(store(data).await, scope());
    testing::pair(DirectoryClient::new(directory))
        .await
        .unwrap()
}

/// The call's own lookup.
fn own() -> Lookup {
    Lookup {
        app_id: "a".into(),
        infra: "local".into(),
        flavor: "simple".into(),
        foundation: String::new(),
    }
}

/// Fails if an error, or what it follows from, shows where the host keeps anything.
fn assert_discreet(error: &Error, data: &Path) {
    let shown = format!("{error:?}");
    assert!(!shown.contains(&*data.to_string_lossy()), "{shown}");
}

#[tokio::test]
async fn a_store_that_cannot_be_used_is_unavailable_and_shows_nothing_of_the_host() {
    let data = TempDir::new().unwrap();
    let pair = lent(data.path()).await;
    let other = store(data.path()).await;
    let writing = other.write().await.unwrap();
    let put = pair
        .client
        .put_build(own(), BuildRecord::default(), Expect::Any);
    let put = Error::from(put.await.unwrap_err());
    let mut blob = pair.client.write_blob("key").await.unwrap();
    blob.write_all(b"bytes").await.unwrap();
    let done = blob.done().await.unwrap_err();
    for error in [put, done] {
        assert_eq!(error.kind, ErrorKind::Unavailable, "{error:?}");
        assert!(error.message.contains("locked"), "{error}");
        assert!(!error.help.is_empty());
        assert_discreet(&error, data.path());
    }
    drop(writing);
}
