//! A store that is locked, full, or read-only.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use miette::Diagnostic;
use otto_plugin::bindings::host::Expect;
use sqlx::Connection;
use tempfile::TempDir;

use super::child::{self, Other};
use super::{
    Limits, SqliteStore, assert_sound, closed, connect, content, drafts, fresh, key, open, refusal,
};
use crate::directory::contract::{name, read};
use crate::directory::{Store, StoreError};

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
