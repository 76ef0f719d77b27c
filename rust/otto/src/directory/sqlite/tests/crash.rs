//! A process that is killed while it stores.

use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use otto_plugin::bindings::host::Expect;
use tempfile::TempDir;
use tokio::io::{AsyncRead, ReadBuf};

use super::child::{self, Other};
use super::{assert_sound, content, drafts, files, key, open};
use crate::directory::Store;
use crate::directory::contract::{bytes, name, read};

const KEYS: u64 = 3;

/// What is stored under a key, by the number of the put: it says itself which one it is.
fn blob(number: u64) -> Vec<u8> {
    // Some puts have the same bytes.
    bytes(number % 5, 200_000)
}

pub(super) async fn store_until_killed(data: &Path) {
    let store = open(data).await;
    for number in 0.. {
        let text = content(&number.to_string());
        store.put(&key(), &text, &Expect::Any).await.unwrap();
        let bytes = blob(number);
        let name = name(&(number % KEYS).to_string());
        store.put_blob(&name, Telling(&bytes)).await.unwrap();
        child::say("stored");
        if number % 4 == 3 {
            store.delete_blob(&name).await.unwrap();
            child::say("deleted");
        }
    }
}

/// Says how far it was read.
struct Telling<'a>(&'a [u8]);

impl AsyncRead for Telling<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        child::say(if self.0.is_empty() { "end" } else { "part" });
        let mut part = into.take(64 << 10);
        let read = Pin::new(&mut self.0).poll_read(cx, &mut part);
        let size = part.filled().len();
        into.advance(size);
        read
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_while_it_stores_leaves_nothing_half_done() {
    let data = TempDir::new().unwrap();
    let data = data.path();
    let mut drafts_left = 0;
    for round in 0..12 {
        let mut other = Other::start(child::command("store until killed", data));
        let moment = bytes(round, 3);
        let line = 1 + usize::from(moment[0]) % 40;
        let lines = other.lines.by_ref().map(Result::unwrap);
        lines
            .filter(|line| ["part", "end", "stored", "deleted"].contains(&line.as_str()))
            .nth(line)
            .unwrap();
        // Somewhere between this line and one that soon follows.
        thread::sleep(Duration::from_micros(u64::from(moment[1]) * 20));
        drop(other);
        // Also those that no key refers to.
        files(data);
        drafts_left += drafts(data).len();

        let store = open(data).await;
        assert_sound(&store, data).await;
        for key in 0..KEYS {
            if let Some(bytes) = read(&store, &name(&key.to_string())).await {
                assert!((0..5).any(|number| bytes == blob(number)));
            }
        }
        let record = store.record(&key()).await.unwrap().unwrap();
        let said = &record.content.pairs["said"];
        assert!(said.parse::<u64>().unwrap() < record.stamp.revision);
        // It goes on as if nothing had happened.
        store.put_blob(&name("0"), &*blob(round)).await.unwrap();
        assert!(read(&store, &name("0")).await.unwrap() == blob(round));
        store.0.pool.close().await;
    }
    assert!(drafts_left > 0, "no process was killed while it stored");
}
