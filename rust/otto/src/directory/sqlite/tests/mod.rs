//! The store in a SQLite database: the contract, and what is its own.

use tempfile::TempDir;

use super::{Limits, SqliteStore};
use crate::directory::contract::contract;

async fn fresh() -> (SqliteStore, TempDir) {
    let data = TempDir::new().unwrap();
    let store = open(&data).await;
    (store, data)
}

async fn open(data: &TempDir) -> SqliteStore {
    let opened = SqliteStore::open_in(data.path(), Limits::default()).await;
    opened.unwrap()
}

contract!(fresh);
