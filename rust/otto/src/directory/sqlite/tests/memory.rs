//! What a large blob costs.

use std::fs;
use std::path::Path;

use otto_plugin::bindings::host::DirectoryClient;
use otto_plugin::testing;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::child::{self, Other};
use super::open;
use crate::directory::{CallDirectory, Scope};

const BLOB: u64 = 64 << 20;

pub(super) async fn store_and_fetch_a_large_blob(data: &Path) {
    let scope = Scope {
        app_id: "a".into(),
        infra: "local".into(),
        flavor: "simple".into(),
    };
    let directory = CallDirectory::new(open(data).await, scope);
    // Over the wire, as from a plugin.
    let pair = testing::pair(DirectoryClient::new(directory))
        .await
        .unwrap();
    let pass = async |size: u64| {
        let mut blob = pair.client.write_blob("key").await.unwrap();
        let mut bytes = tokio::io::repeat(7).take(size);
        tokio::io::copy(&mut bytes, &mut blob).await.unwrap();
        assert_eq!(blob.done().await.unwrap(), size);
        let mut blob = pair.client.read_blob("key").await.unwrap().unwrap();
        let mut read = tokio::io::sink();
        assert_eq!(tokio::io::copy(&mut blob, &mut read).await.unwrap(), size);
        read.shutdown().await.unwrap();
    };
    // What is made once, and what fills once.
    pass(8 << 20).await;
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak();
    pass(BLOB).await;
    let growth = peak() - before;
    child::say(&format!("{growth} bytes more for {BLOB}"));
    assert!(growth < BLOB / 8, "{growth} bytes more for {BLOB}");
}

/// The largest amount of memory that this process has held since that was last forgotten, in bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kibibytes: u64 = line.split_whitespace().next().unwrap().parse().unwrap();
    kibibytes << 10
}

#[test]
fn a_large_blob_takes_no_more_memory_than_a_small_one() {
    let data = TempDir::new().unwrap();
    // A process of its own, since other tests take memory as well.
    let command = child::command("store and fetch a large blob", data.path());
    Other::start(command).succeed();
}
