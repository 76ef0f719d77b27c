//! What every store does with records.

use std::collections::BTreeMap;

use otto_plugin::bindings::host::{Expect, Stamp};

use crate::directory::{Content, Key, Record, Store, StoreError};

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

pub(in crate::directory) async fn a_missing_record_is_none_and_can_be_deleted(store: impl Store) {
    assert_eq!(store.record(&build("a")).await.unwrap(), None);
    assert!(!store.delete(&build("a")).await.unwrap());
}

pub(in crate::directory) async fn a_record_comes_back_exactly(store: impl Store) {
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

pub(in crate::directory) async fn a_record_keeps_its_id_and_counts_its_revisions(
    store: impl Store,
) {
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

pub(in crate::directory) async fn after_a_delete_a_put_begins_another_record(store: impl Store) {
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

pub(in crate::directory) async fn a_put_that_expects_something_else_changes_nothing(
    store: impl Store,
) {
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
    assert!(unknown.to_string().contains("Unknown(7)"), "{unknown:?}");
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

pub(in crate::directory) async fn each_field_of_a_key_matters(store: impl Store) {
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

pub(in crate::directory) async fn all_records_of_one_application_come_in_order(store: impl Store) {
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

pub(in crate::directory) async fn a_record_is_put_once_by_those_who_expect_it_missing(
    store: impl Store,
) {
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

pub(in crate::directory) async fn every_one_of_many_puts_has_a_revision_of_its_own(
    store: impl Store,
) {
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
