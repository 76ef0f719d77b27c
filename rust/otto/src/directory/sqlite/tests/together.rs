//! Several processes, and several stores of one process, at once.

use std::path::Path;

use futures::future::join_all;
use otto_plugin::bindings::host::Expect;
use tempfile::TempDir;

use super::child::{self, Other};
use super::{assert_sound, content, files, key, open};
use crate::directory::contract::{bytes, name, read};
use crate::directory::{Key, Store};

/// How many processes there are, and how often each of them stores.
const PROCESSES: usize = 8;
const ROUNDS: usize = 10;

pub(super) async fn store_side_by_side(data: &Path) {
    child::say("ready");
    child::wait();
    let store = open(data).await;
    let process = std::process::id();
    let own = Key::Dev {
        app_id: process.to_string(),
    };
    for round in 0..ROUNDS {
        let text = content(&round.to_string());
        store.put(&key(), &text, &Expect::Any).await.unwrap();
        let stamp = store.put(&own, &text, &Expect::Any).await.unwrap();
        assert_eq!(stamp.revision, round as u64 + 1);
        // All of them have the same contents, and each has keys of its own.
        let bytes = bytes(round as u64 % 3, 100_000);
        let name = name(&process.to_string());
        store.put_blob(&name, &*bytes).await.unwrap();
        assert!(read(&store, &name).await.unwrap() == bytes);
        if round % 2 == 0 {
            assert!(store.delete_blob(&name).await.unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_make_a_store_side_by_side_and_write_to_it() {
    let data = TempDir::new().unwrap();
    let data = data.path().join("not/yet/there");
    let mut others: Vec<_> = (0..PROCESSES)
        .map(|_| Other::start(child::command("store side by side", &data)))
        .collect();
    for other in &mut others {
        let said = other.lines.find(|line| line.as_ref().unwrap() == "ready");
        said.unwrap().unwrap();
    }
    for other in &mut others {
        other.go_on();
    }
    let processes: Vec<_> = others.iter().map(|other| other.process.id()).collect();
    for other in others {
        other.succeed();
    }
    let store = open(&data).await;
    assert_sound(&store, &data).await;
    let shared = store.record(&key()).await.unwrap().unwrap();
    assert_eq!(shared.stamp.revision, (PROCESSES * ROUNDS) as u64);
    for process in processes {
        let key = Key::Dev {
            app_id: process.to_string(),
        };
        let own = store.record(&key).await.unwrap().unwrap();
        assert_eq!(own.stamp.revision, ROUNDS as u64);
        let blob = read(&store, &name(&process.to_string())).await.unwrap();
        assert!(blob == bytes((ROUNDS as u64 - 1) % 3, 100_000));
    }
    assert_eq!(files(&data).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_of_one_process_are_made_side_by_side() {
    for _ in 0..10 {
        let data = TempDir::new().unwrap();
        let opened = join_all((0..8).map(|number| {
            let data = data.path().to_owned();
            tokio::spawn(async move {
                let store = open(&data).await;
                let text = content(&number.to_string());
                store.put(&key(), &text, &Expect::Any).await.unwrap();
                store
            })
        }))
        .await;
        let store = opened.into_iter().next().unwrap().unwrap();
        let record = store.record(&key()).await.unwrap().unwrap();
        assert_eq!(record.stamp.revision, 8);
    }
}
