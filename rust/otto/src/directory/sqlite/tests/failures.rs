//! A store that cannot be used, for each reason that there is.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use miette::Diagnostic;
use otto_plugin::bindings::host::Expect;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tempfile::TempDir;

use super::child::{self, Other};
use super::{Limits, SqliteStore, assert_sound, content, drafts, fresh, key, open};
use crate::directory::contract::{name, read};
use crate::directory::{Store, StoreError};

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

async fn connect(data: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(data.join("directory.sqlite"));
    options.connect().await.unwrap()
}

/// A data directory with one record in it, which nobody has open.
async fn closed() -> (TempDir, PathBuf) {
    let (store, data) = fresh().await;
    let text = content("it");
    store.put(&key(), &text, &Expect::Any).await.unwrap();
    store.0.pool.close().await;
    let path = data.path().join("directory.sqlite");
    (data, path)
}

#[tokio::test]
async fn a_store_that_somebody_else_writes_to_for_too_long_is_locked() {
    let (data, _) = closed().await;
    let limits = Limits {
        wait: Duration::from_millis(50),
        ..Limits::default()
    };
    let mut other = connect(data.path()).await;
    let writing = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    // It can be opened and read.
    let store = SqliteStore::open_in(data.path(), limits).await.unwrap();
    let before = store.record(&key()).await.unwrap();
    let put = store.put(&key(), &content("new"), &Expect::Any).await;
    let blob = store.put_blob(&name("key"), &b"bytes"[..]).await;
    let deleted = store.delete(&key()).await;
    for error in [put.unwrap_err(), blob.unwrap_err(), deleted.unwrap_err()] {
        assert!(matches!(error, StoreError::Locked { .. }), "{error:?}");
        assert!(error.to_string().contains("for 0.05 s"), "{error}");
        assert!(error.help().unwrap().to_string().contains("another `otto`"));
    }
    writing.rollback().await.unwrap();
    assert_eq!(store.record(&key()).await.unwrap(), before);
    assert_sound(&store, data.path()).await;
    store
        .put(&key(), &content("new"), &Expect::Any)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_opening_waits_for_whoever_makes_the_store() {
    let data = TempDir::new().unwrap();
    fs::write(data.path().join("directory.sqlite"), "").unwrap();
    let mut other = connect(data.path()).await;
    let making = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let limits = Limits {
        wait: Duration::from_millis(200),
        ..Limits::default()
    };
    let begin = Instant::now();
    let opened = SqliteStore::open_in(data.path(), limits).await;
    let error = opened.unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error:?}");
    assert!(begin.elapsed() >= limits.wait, "it did not wait");
    making.rollback().await.unwrap();
    SqliteStore::open_in(data.path(), limits).await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_full_changes_nothing_and_can_be_used_afterwards() {
    let (store, data) = fresh().await;
    let put = async |text: &str| store.put(&key(), &content(text), &Expect::Any).await;
    put("before").await.unwrap();
    // It is a property of each connection.
    let mut connections = Vec::new();
    for _ in 0..super::super::CONNECTIONS {
        let mut connection = store.0.pool.acquire().await.unwrap();
        let limit = sqlx::query("PRAGMA max_page_count = 20");
        limit.execute(&mut *connection).await.unwrap();
        connections.push(connection);
    }
    let count = connections.len() as u64;
    drop(connections);
    let error = put(&"long".repeat(100_000)).await.unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    let record = store.record(&key()).await.unwrap().unwrap();
    assert_eq!(record.content, content("before"));
    // Each of the connections is good, that of the error included.
    for revision in 2..2 + 2 * count {
        assert_eq!(put("after").await.unwrap().revision, revision);
    }
    assert_sound(&store, data.path()).await;
}

pub(super) async fn store_too_much_for_a_file(data: &Path) {
    let store = open(data).await;
    store.put_blob(&name("key"), &b"before"[..]).await.unwrap();
    let error = store.put_blob(&name("key"), &[7; 2 << 20][..]).await;
    let error = error.unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    assert_eq!(drafts(data), [""; 0]);
    assert_eq!(read(&store, &name("key")).await.unwrap(), b"before");
    store.put_blob(&name("key"), &b"after"[..]).await.unwrap();
    assert_sound(&store, data).await;
}

#[test]
fn a_blob_that_the_file_system_has_no_room_for_changes_nothing() {
    let data = TempDir::new().unwrap();
    // A limit for the size of a file, as a quota is. In units of 512 bytes: 1 MiB.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\""]);
    shell.arg(std::env::current_exe().unwrap());
    let command = child::arrange(shell, "store too much for a file", data.path());
    Other::start(command).succeed();
}

pub(super) async fn write_to_what_can_only_be_read(data: &Path) {
    let path = data.join("directory.sqlite");
    for (changed, mode, usual) in [
        (&*path, 0o400, 0o600),
        (data, 0o500, 0o700),
        (&*data.join("blobs"), 0o500, 0o700),
    ] {
        fs::set_permissions(changed, fs::Permissions::from_mode(mode)).unwrap();
        let error = refusal(data).await;
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(&*changed.to_string_lossy()), "{text}");
        fs::set_permissions(changed, fs::Permissions::from_mode(usual)).unwrap();
    }
    let store = open(data).await;
    assert!(store.record(&key()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_store_that_can_only_be_read_is_named() {
    let (data, path) = closed().await;
    // Nothing is read-only for root, so it is somebody else who tries.
    let program = data.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = Command::new(&program);
    if rustix::process::geteuid().is_root() {
        let nobody = 65534;
        let blobs = data.path().join("blobs");
        for path in [data.path(), &path, &blobs, &blobs.join("tmp"), &program] {
            chown(path, Some(nobody), Some(nobody)).unwrap();
        }
        command.uid(nobody).gid(nobody);
    }
    let task = "write to what can only be read";
    Other::start(child::arrange(command, task, data.path())).succeed();
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
