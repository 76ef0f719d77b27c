//! The store in a SQLite database: the contract, and what is its own.

mod child;
mod contents;
mod crash;
mod failures;
mod memory;
mod refused;
mod together;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use miette::Diagnostic;
use otto_plugin::bindings::host::Expect;
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;

use super::files::{Files, hexadecimal};
use super::{Limits, SqliteStore};
use crate::directory::contract::contract;
use crate::directory::{Content, Key, Store, StoreError};

contract!(fresh);

async fn fresh() -> (SqliteStore, TempDir) {
    let data = TempDir::new().unwrap();
    let store = open(data.path()).await;
    (store, data)
}

async fn open(data: &Path) -> SqliteStore {
    let opened = SqliteStore::open_in(data, Limits::default()).await;
    opened.unwrap()
}

async fn connect(data: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(data.join("directory.sqlite"));
    options.connect().await.unwrap()
}

/// Gives a data directory with one record in it, which nobody has open.
async fn closed() -> (TempDir, PathBuf) {
    let (store, data) = fresh().await;
    let text = content("it");
    store.put(&key(), &text, &Expect::Any).await.unwrap();
    store.0.pool.close().await;
    let path = data.path().join("directory.sqlite");
    (data, path)
}

/// Opens the store, which has to fail, and gives the error. It is shown, and has to help.
async fn refusal(data: &Path) -> StoreError {
    let opened = SqliteStore::open_in(data, Limits::default()).await;
    let error = opened.unwrap_err();
    assert!(error.help().is_some(), "{error}");
    assert!(
        error.to_string().contains(&*data.to_string_lossy()),
        "{error}"
    );
    error
}

/// The key of the one record that these tests use.
fn key() -> Key {
    Key::Dev { app_id: "a".into() }
}

fn content(text: &str) -> Content {
    Content {
        state: 1,
        pairs: [("said".into(), text.into())].into(),
    }
}

/// The hashes of the files that are in place. Fails if one of them is not what its name says.
fn files(data: &Path) -> BTreeSet<String> {
    let mut hashes = BTreeSet::new();
    for folder in fs::read_dir(data.join("blobs")).unwrap() {
        let folder = folder.unwrap();
        if folder.file_name() == "tmp" {
            continue;
        }
        for file in fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            let named = [folder.file_name(), file.file_name()].map(|name| name.into_string());
            let named: String = named.into_iter().map(Result::unwrap).collect();
            let hash = hexadecimal(&Sha256::digest(fs::read(file.path()).unwrap()));
            assert_eq!(hash, named, "a file is not whole");
            hashes.insert(hash);
        }
    }
    hashes
}

/// The names of the temporary files.
fn drafts(data: &Path) -> Vec<String> {
    let entries = fs::read_dir(data.join("blobs/tmp")).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// The hashes in a column of the database.
async fn hashes(store: &SqliteStore, query: &'static str) -> BTreeSet<String> {
    let rows: Vec<String> = sqlx::query_scalar(query)
        .fetch_all(&store.0.pool)
        .await
        .unwrap();
    rows.into_iter().collect()
}

/// Fails unless the files are those that the database knows, the database those that keys refer to,
/// and the database sound.
async fn assert_sound(store: &SqliteStore, data: &Path) {
    assert_eq!(drafts(data), [""; 0]);
    let contents = hashes(store, "SELECT hash FROM content").await;
    assert_eq!(files(data), contents);
    assert_eq!(hashes(store, "SELECT hash FROM blob").await, contents);
    let integrity = hashes(store, "PRAGMA integrity_check").await;
    assert_eq!(integrity, BTreeSet::from(["ok".into()]));
    let foreign = sqlx::query("PRAGMA foreign_key_check").fetch_all(&store.0.pool);
    assert!(foreign.await.unwrap().is_empty());
}
