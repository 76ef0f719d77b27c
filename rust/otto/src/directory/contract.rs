//! What every store does, as tests that run against each of them.
//!
//! An implementation has them by `contract!(fresh)`, where `fresh` is an async function that gives an
//! empty store and what is to outlive it.

use std::collections::BTreeMap;
use std::io;

use otto_plugin::bindings::host::{Expect, Stamp};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::{BlobName, Content, Key, Record, Store, StoreError};

macro_rules! contract {
    ($fresh:path) => {
        $crate::directory::contract::contract! { $fresh:
            a_missing_record_is_none_and_can_be_deleted,
            a_record_comes_back_exactly,
            a_record_keeps_its_id_and_counts_its_revisions,
            after_a_delete_a_put_begins_another_record,
            a_put_that_expects_something_else_changes_nothing,
            each_field_of_a_key_matters,
            all_records_of_one_application_come_in_order,
            a_record_is_put_once_by_those_who_expect_it_missing,
            every_one_of_many_puts_has_a_revision_of_its_own,
            blobs_of_every_size_come_back,
            a_missing_blob_differs_from_an_empty_one,
            two_applications_may_use_the_same_key,
            a_blob_that_is_replaced_can_be_read_to_its_end,
            bytes_that_break_off_leave_what_was_there,
            the_same_bytes_stay_for_as_long_as_one_key_has_them,
            blobs_are_put_and_deleted_by_many_at_once,
        }
    };
    ($fresh:path: $($test:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let (store, _kept) = $fresh().await;
                $crate::directory::contract::$test(store).await;
            }
        )*
    };
}
pub(super) use contract;

fn build(app_id: &str) -> Key {
    Key::Build {
        app_id: app_id.into(),
        infra: "local".into(),
        flavor: "simple".into(),
    }
}

/// Content that says one thing.
fn content(text: &str) -> Content {
    Content {
        state: 1,
        pairs: BTreeMap::from([("said".into(), text.into())]),
    }
}

async fn put(
    store: &impl Store,
    key: &Key,
    text: &str,
    expect: Expect,
) -> Result<Stamp, StoreError> {
    store.put(key, &content(text), &expect).await
}

pub(super) async fn a_missing_record_is_none_and_can_be_deleted(store: impl Store) {
    assert_eq!(store.record(&build("a")).await.unwrap(), None);
    assert!(!store.delete(&build("a")).await.unwrap());
}

pub(super) async fn a_record_comes_back_exactly(store: impl Store) {
    let pairs = [
        ("", ""),
        ("\0", "\0\u{1}\u{7f}\u{1b}[31m"),
        ("\"quoted\\", "{\"json\": [1]}"),
        ("é", "e\u{301}\u{10ffff}\r\n"),
        (&"long".repeat(10_000), &"value".repeat(100_000)),
    ];
    let content = Content {
        state: u16::MAX,
        pairs: pairs.map(|(key, value)| (key.into(), value.into())).into(),
    };
    let keys = [
        build(""),
        build("'; DROP TABLE record; --"),
        build("nul\0inside"),
        Key::Dev {
            app_id: "é%_".into(),
        },
        Key::Infra {
            infra: "local".into(),
            foundation: String::new(),
        },
    ];
    for key in keys {
        let stamp = store.put(&key, &content, &Expect::Any).await.unwrap();
        let expected = Record {
            key: key.clone(),
            stamp,
            content: content.clone(),
        };
        assert_eq!(store.record(&key).await.unwrap(), Some(expected));
    }
}

pub(super) async fn a_record_keeps_its_id_and_counts_its_revisions(store: impl Store) {
    let mut stamps = Vec::new();
    for text in ["one", "two", "three"] {
        let stamp = put(&store, &build("a"), text, Expect::Any).await;
        stamps.push(stamp.unwrap());
    }
    let id = stamps[0].id.clone();
    assert!(!id.is_empty());
    let expected = [1, 2, 3].map(|revision| Stamp {
        id: id.clone(),
        revision,
    });
    assert_eq!(stamps, expected);
    let record = store.record(&build("a")).await.unwrap().unwrap();
    assert_eq!(record.content, content("three"));
    assert_eq!(record.stamp, stamps[2]);
}

pub(super) async fn after_a_delete_a_put_begins_another_record(store: impl Store) {
    let first = put(&store, &build("a"), "it", Expect::Missing).await;
    let first = first.unwrap();
    assert!(store.delete(&build("a")).await.unwrap());
    assert_eq!(store.record(&build("a")).await.unwrap(), None);
    assert!(!store.delete(&build("a")).await.unwrap());
    let second = put(&store, &build("a"), "it", Expect::Missing).await;
    let second = second.unwrap();
    assert_ne!(second.id, first.id);
    assert_eq!(second.revision, 1);
}

pub(super) async fn a_put_that_expects_something_else_changes_nothing(store: impl Store) {
    let put = async |text, expect| put(&store, &build("a"), text, expect).await;
    let conflict = put("early", Expect::Revision(0)).await.unwrap_err();
    assert!(
        matches!(conflict, StoreError::Conflict { revision: None, .. }),
        "{conflict:?}"
    );
    assert_eq!(store.record(&build("a")).await.unwrap(), None);
    put("first", Expect::Missing).await.unwrap();
    for expect in [
        Expect::Missing,
        Expect::Revision(0),
        Expect::Revision(2),
        Expect::Revision(u64::MAX),
    ] {
        let conflict = put("late", expect).await.unwrap_err();
        assert!(
            matches!(
                conflict,
                StoreError::Conflict {
                    revision: Some(1),
                    ..
                }
            ),
            "{conflict:?}"
        );
    }
    let unknown = put("new", Expect::Unknown(7)).await.unwrap_err();
    assert!(
        matches!(unknown, StoreError::Unknown { number: 7, .. }),
        "{unknown:?}"
    );
    let record = store.record(&build("a")).await.unwrap().unwrap();
    assert_eq!(
        (record.content, record.stamp.revision),
        (content("first"), 1)
    );
    assert_eq!(
        put("second", Expect::Revision(1)).await.unwrap().revision,
        2
    );
}

pub(super) async fn each_field_of_a_key_matters(store: impl Store) {
    let texts = ["x", "y"];
    let mut keys = Vec::new();
    for a in texts.map(String::from) {
        keys.push(Key::Dev { app_id: a.clone() });
        for b in texts.map(String::from) {
            keys.push(Key::Infra {
                infra: a.clone(),
                foundation: b.clone(),
            });
            for c in texts.map(String::from) {
                let (app_id, infra, flavor) = (a.clone(), b.clone(), c);
                keys.push(Key::Build {
                    app_id: app_id.clone(),
                    infra: infra.clone(),
                    flavor: flavor.clone(),
                });
                keys.push(Key::Deploy {
                    app_id,
                    infra,
                    flavor,
                });
            }
        }
    }
    for key in &keys {
        let stamp = put(&store, key, &format!("{key:?}"), Expect::Missing).await;
        assert_eq!(stamp.unwrap().revision, 1);
    }
    for key in &keys {
        let record = store.record(key).await.unwrap().unwrap();
        assert_eq!(record.content, content(&format!("{key:?}")));
        assert!(store.delete(key).await.unwrap());
        assert_eq!(store.record(key).await.unwrap(), None);
    }
}

pub(super) async fn all_records_of_one_application_come_in_order(store: impl Store) {
    let infra = |infra: &str, foundation: &str| Key::Infra {
        infra: infra.into(),
        foundation: foundation.into(),
    };
    let dev = |app_id: &str| Key::Dev {
        app_id: app_id.into(),
    };
    let deploy = Key::Deploy {
        app_id: "a".into(),
        infra: "aws".into(),
        flavor: "vpc".into(),
    };
    let own = [
        infra("local", ""),
        infra("local", "consul"),
        dev("a"),
        build("a"),
        deploy.clone(),
    ];
    let others = [infra("aws", ""), dev("b"), build("b")];
    for key in own.iter().rev().chain(&others) {
        let stamp = put(&store, key, &format!("{key:?}"), Expect::Any).await;
        stamp.unwrap();
    }
    let records = store.records("a", "local").await.unwrap();
    let keys: Vec<_> = records.iter().map(|record| record.key.clone()).collect();
    assert_eq!(keys, own);
    for record in records {
        assert_eq!(record.content, content(&format!("{:?}", record.key)));
        assert_eq!(record.stamp.revision, 1);
    }
    assert_eq!(store.records("none", "none").await.unwrap(), []);
}

pub(super) async fn a_record_is_put_once_by_those_who_expect_it_missing(store: impl Store) {
    let puts = (0..16).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            let content = content(&number.to_string());
            store.put(&build("a"), &content, &Expect::Missing).await
        })
    });
    let (mut stored, mut conflicts) = (0, 0);
    for put in futures::future::join_all(puts).await {
        match put.unwrap() {
            Ok(_) => stored += 1,
            Err(StoreError::Conflict { .. }) => conflicts += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!((stored, conflicts), (1, 15));
}

pub(super) async fn every_one_of_many_puts_has_a_revision_of_its_own(store: impl Store) {
    let puts = (0..32).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            let content = content(&number.to_string());
            store.put(&build("a"), &content, &Expect::Any).await
        })
    });
    let stamps = futures::future::join_all(puts).await;
    let mut revisions: Vec<_> = stamps
        .into_iter()
        .map(|stamp| stamp.unwrap().unwrap().revision)
        .collect();
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=32).collect::<Vec<_>>());
}

/// A name for a blob of the application `a`.
pub(super) fn name(key: &str) -> BlobName {
    BlobName {
        app_id: "a".into(),
        key: key.into(),
    }
}

/// So many bytes, which are others for each seed.
pub(super) fn bytes(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    (0..size)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}

pub(super) async fn read(store: &impl Store, name: &BlobName) -> Option<Vec<u8>> {
    let blob = store.blob(name).await.unwrap()?;
    Some(read_all(blob).await.unwrap())
}

pub(super) async fn read_all(blob: impl AsyncRead) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    Box::pin(blob).read_to_end(&mut read).await?;
    Ok(read)
}

pub(super) async fn blobs_of_every_size_come_back(store: impl Store) {
    for size in [0, 1, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, 16 << 20] {
        let bytes = bytes(size as u64, size);
        let name = name(&size.to_string());
        assert_eq!(store.put_blob(&name, &*bytes).await.unwrap(), size as u64);
        assert!(read(&store, &name).await.unwrap() == bytes, "{size} bytes");
    }
}

pub(super) async fn a_missing_blob_differs_from_an_empty_one(store: impl Store) {
    assert_eq!(read(&store, &name("key")).await, None);
    assert!(!store.delete_blob(&name("key")).await.unwrap());
    store.put_blob(&name("key"), &b""[..]).await.unwrap();
    assert_eq!(read(&store, &name("key")).await, Some(vec![]));
    assert!(store.delete_blob(&name("key")).await.unwrap());
    assert_eq!(read(&store, &name("key")).await, None);
}

pub(super) async fn two_applications_may_use_the_same_key(store: impl Store) {
    let theirs = BlobName {
        app_id: "b".into(),
        ..name("key")
    };
    store.put_blob(&name("key"), &b"mine"[..]).await.unwrap();
    assert_eq!(read(&store, &theirs).await, None);
    store.put_blob(&theirs, &b"theirs"[..]).await.unwrap();
    assert_eq!(read(&store, &name("key")).await.unwrap(), b"mine");
    assert!(store.delete_blob(&name("key")).await.unwrap());
    assert_eq!(read(&store, &theirs).await.unwrap(), b"theirs");
}

pub(super) async fn a_blob_that_is_replaced_can_be_read_to_its_end(store: impl Store) {
    let bytes = bytes(1, 1 << 20);
    store.put_blob(&name("key"), &*bytes).await.unwrap();
    let first = store.blob(&name("key")).await.unwrap().unwrap();
    let second = store.blob(&name("key")).await.unwrap().unwrap();
    store.put_blob(&name("key"), &b"new"[..]).await.unwrap();
    assert!(read_all(first).await.unwrap() == bytes);
    store.delete_blob(&name("key")).await.unwrap();
    assert!(read_all(second).await.unwrap() == bytes);
}

pub(super) async fn bytes_that_break_off_leave_what_was_there(store: impl Store) {
    store.put_blob(&name("key"), &b"before"[..]).await.unwrap();
    let begun = bytes(2, 300_000);
    let broken = breaking_off(&begun);
    let error = store.put_blob(&name("key"), broken).await.unwrap_err();
    assert!(matches!(error, StoreError::Source(_)), "{error:?}");
    assert_eq!(read(&store, &name("key")).await.unwrap(), b"before");
}

/// Gives `begun`, and then an error.
fn breaking_off(begun: &[u8]) -> impl AsyncRead + Unpin + Send {
    begun.chain(Broken)
}

struct Broken;

impl AsyncRead for Broken {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Err(io::Error::other("it broke off")))
    }
}

pub(super) async fn the_same_bytes_stay_for_as_long_as_one_key_has_them(store: impl Store) {
    let bytes = bytes(3, 100_000);
    for key in ["one", "two", "three"] {
        store.put_blob(&name(key), &*bytes).await.unwrap();
    }
    store.put_blob(&name("one"), &b"other"[..]).await.unwrap();
    store.delete_blob(&name("two")).await.unwrap();
    assert!(read(&store, &name("three")).await.unwrap() == bytes);
    store.delete_blob(&name("three")).await.unwrap();
    store.put_blob(&name("two"), &*bytes).await.unwrap();
    assert!(read(&store, &name("two")).await.unwrap() == bytes);
}

pub(super) async fn blobs_are_put_and_deleted_by_many_at_once(store: impl Store) {
    let tasks = (0..8).map(|task: usize| {
        let store = store.clone();
        tokio::spawn(async move {
            for round in 0..8 {
                // All of them have the same two contents, and the same three keys.
                let bytes = bytes((task + round) as u64 % 2, 70_000);
                let shared = name(&((task + round) % 3).to_string());
                store.put_blob(&shared, &*bytes).await.unwrap();
                let own = name(&format!("of {task}"));
                store.put_blob(&own, &*bytes).await.unwrap();
                assert!(read(&store, &own).await.unwrap() == bytes);
                // Whatever is there is whole.
                let _ = read(&store, &shared).await;
                store.delete_blob(&shared).await.unwrap();
            }
        })
    });
    for task in futures::future::join_all(tasks).await {
        task.unwrap();
    }
    for task in 0..8 {
        let kept = read(&store, &name(&format!("of {task}"))).await.unwrap();
        assert!(kept == bytes((task + 7) % 2, 70_000));
    }
}
