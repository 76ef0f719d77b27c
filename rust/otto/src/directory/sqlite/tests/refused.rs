//! A database that is damaged, of a newer schema, or none of Otto's.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use otto_plugin::bindings::host::Expect;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

use super::{closed, connect, content, key, open, refusal};
use crate::directory::{Store, StoreError};

/// Every file below a folder, and what is in it.
fn everything(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(everything(&path));
        } else {
            files.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    files
}

#[tokio::test]
async fn a_file_that_is_no_database_is_damaged_and_stays_as_it_is() {
    let (data, path) = closed().await;
    fs::write(&path, [7; 10_000]).unwrap();
    let before = everything(data.path());
    let error = refusal(data.path()).await;
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains("not a database"), "{error}");
    assert!(everything(data.path()) == before);
}

#[tokio::test]
async fn damage_inside_of_the_database_is_found_where_it_is_read() {
    let (data, path) = closed().await;
    let mut bytes = fs::read(&path).unwrap();
    // The first page has the tables, and stays.
    bytes[4096..].fill(7);
    fs::write(&path, &bytes).unwrap();
    let store = open(data.path()).await;
    let read = store.record(&key()).await.unwrap_err();
    let put = store.put(&key(), &content("new"), &Expect::Any).await;
    for error in [read, put.unwrap_err()] {
        assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    }
    store.0.pool.close().await;
    assert!(fs::read(&path).unwrap() == bytes);
}

#[tokio::test]
async fn a_newer_schema_is_refused_with_both_numbers_and_stays_as_it_is() {
    let (data, _) = closed().await;
    let mut other = connect(data.path()).await;
    sqlx::raw_sql("PRAGMA user_version = 99; CREATE TABLE later (a)")
        .execute(&mut other)
        .await
        .unwrap();
    other.close().await.unwrap();
    fs::write(data.path().join("blobs/tmp/left"), "half of it").unwrap();
    let before = everything(data.path());
    let error = refusal(data.path()).await;
    assert!(
        matches!(
            error,
            StoreError::Newer {
                found: 99,
                known: 1,
                ..
            }
        ),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(
        text.contains("schema 99") && text.contains("up to 1"),
        "{text}"
    );
    assert!(everything(data.path()) == before);
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_stays_as_it_is() {
    let data = TempDir::new().unwrap();
    let path = data.path().join("directory.sqlite");
    let options = SqliteConnectOptions::new().filename(&path);
    let mut other = options.create_if_missing(true).connect().await.unwrap();
    sqlx::raw_sql("CREATE TABLE theirs (a)")
        .execute(&mut other)
        .await
        .unwrap();
    other.close().await.unwrap();
    let before = everything(data.path());
    let error = refusal(data.path()).await;
    assert!(
        matches!(error, StoreError::Foreign { found: 0, .. }),
        "{error:?}"
    );
    assert!(everything(data.path()) == before);
}

#[tokio::test]
async fn something_else_where_a_file_or_a_folder_should_be_is_named() {
    for (name, is_folder) in [("directory.sqlite", true), ("blobs", false), ("", false)] {
        let root = TempDir::new().unwrap();
        let data = root.path().join("data");
        let path = if name.is_empty() {
            data.clone()
        } else {
            fs::create_dir(&data).unwrap();
            data.join(name)
        };
        match is_folder {
            true => fs::create_dir(&path).unwrap(),
            false => fs::write(&path, "a file").unwrap(),
        }
        let error = refusal(&data).await;
        assert!(
            matches!(&error, StoreError::Misplaced { path: found, .. } if *found == path),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_schema_that_was_only_begun_is_made_when_the_store_is_opened() {
    let data = TempDir::new().unwrap();
    // An empty file is all there is after a crash before the first transaction.
    fs::write(data.path().join("directory.sqlite"), "").unwrap();
    let store = open(data.path()).await;
    store
        .put(&key(), &content("it"), &Expect::Any)
        .await
        .unwrap();
}
