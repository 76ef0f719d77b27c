//! The directory of one call, as a plugin sees it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{
    BuildRecord, DeployRecord, DeployState, DevRecord, DevState, Directory, DirectoryClient,
    Expect, InfraRecord, InfraState, Lookup,
};
use otto_plugin::testing::{self, Pair};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{CallDirectory, Scope};
use crate::directory::contract::bytes;
use crate::directory::sqlite::{Limits, SqliteStore};

fn scope() -> Scope {
    Scope {
        app_id: "a".into(),
        infra: "local".into(),
        flavor: "simple".into(),
    }
}

/// A store that gives up soon, and takes blobs of up to 1 MiB.
async fn store(data: &Path) -> SqliteStore {
    let limits = Limits {
        wait: Duration::from_millis(50),
        blob_bytes: 1 << 20,
    };
    SqliteStore::open_in(data, limits).await.unwrap()
}

/// What a plugin is lent, at the other end of a socket.
async fn lent(data: &Path) -> Pair<DirectoryClient> {
    let directory = CallDirectory::new(store(data).await, scope());
    testing::pair(DirectoryClient::new(directory))
        .await
        .unwrap()
}

/// The call's own lookup.
fn own() -> Lookup {
    Lookup {
        app_id: "a".into(),
        infra: "local".into(),
        flavor: "simple".into(),
        foundation: String::new(),
    }
}

fn pairs(key: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(key.into(), "value".into())])
}

#[tokio::test]
async fn records_of_every_kind_come_back_with_their_stamps() {
    let data = TempDir::new().unwrap();
    let pair = lent(data.path()).await;
    let lent = &pair.client;
    let mut infra = InfraRecord {
        state: InfraState::Ready,
        outputs: pairs("infra"),
        ..InfraRecord::default()
    };
    let mut dev = DevRecord {
        state: DevState::Ready,
        ..DevRecord::default()
    };
    let mut build = BuildRecord {
        artifact: pairs("build"),
        ..BuildRecord::default()
    };
    let mut deploy = DeployRecord {
        state: DeployState::Failed,
        deploy: pairs("deploy"),
        ..DeployRecord::default()
    };
    // What a plugin says of the stamp is ignored.
    infra.stamp.revision = 7;
    infra.stamp = lent
        .put_infra(own(), infra.clone(), Expect::Missing)
        .await
        .unwrap();
    dev.stamp = lent.put_dev(own(), dev.clone(), Expect::Any).await.unwrap();
    build.stamp = lent
        .put_build(own(), build.clone(), Expect::Any)
        .await
        .unwrap();
    deploy.stamp = lent
        .put_deploy(own(), deploy.clone(), Expect::Any)
        .await
        .unwrap();
    assert_eq!(infra.stamp.revision, 1);
    assert_eq!(lent.get_infra(own()).await.unwrap(), Some(infra));
    assert_eq!(lent.get_dev(own()).await.unwrap(), Some(dev));
    assert_eq!(lent.get_build(own()).await.unwrap(), Some(build));
    assert_eq!(lent.get_deploy(own()).await.unwrap(), Some(deploy));
    assert!(lent.delete_infra(own()).await.unwrap());
    assert!(lent.delete_dev(own()).await.unwrap());
    assert!(lent.delete_build(own()).await.unwrap());
    assert!(lent.delete_deploy(own()).await.unwrap());
    assert!(!lent.delete_deploy(own()).await.unwrap());
    assert_eq!(lent.get_infra(own()).await.unwrap(), None);
    assert_eq!(lent.get_dev(own()).await.unwrap(), None);
    assert_eq!(lent.get_build(own()).await.unwrap(), None);
    assert_eq!(lent.get_deploy(own()).await.unwrap(), None);
}

/// The kinds of what the three methods of a kind of record answer.
macro_rules! kinds {
    ($lent:expr, $lookup:expr, $put:ident $get:ident $delete:ident) => {{
        let put = $lent.$put($lookup, Default::default(), Expect::Any).await;
        let get = $lent.$get($lookup).await;
        let delete = $lent.$delete($lookup).await;
        [put.map(drop), get.map(drop), delete.map(drop)]
            .map(|answer| answer.err().map(|error| Error::from(error).kind))
    }};
}

#[tokio::test]
async fn what_is_not_of_the_call_is_denied_and_what_is_not_looked_up_by_is_ignored() {
    let data = TempDir::new().unwrap();
    let pair = lent(data.path()).await;
    let lent = &pair.client;
    let other = || String::from("other");
    let app_id = || Lookup {
        app_id: other(),
        ..own()
    };
    let infra = || Lookup {
        infra: other(),
        ..own()
    };
    let flavor = || Lookup {
        flavor: other(),
        ..own()
    };
    let foundation = || Lookup {
        foundation: other(),
        ..own()
    };
    let (denied, served) = ([Some(ErrorKind::Denied); 3], [None; 3]);

    assert_eq!(
        kinds!(lent, app_id(), put_infra get_infra delete_infra),
        served
    );
    assert_eq!(
        kinds!(lent, infra(), put_infra get_infra delete_infra),
        denied
    );
    assert_eq!(
        kinds!(lent, flavor(), put_infra get_infra delete_infra),
        served
    );
    assert_eq!(
        kinds!(lent, foundation(), put_infra get_infra delete_infra),
        served
    );

    assert_eq!(kinds!(lent, app_id(), put_dev get_dev delete_dev), denied);
    assert_eq!(kinds!(lent, infra(), put_dev get_dev delete_dev), served);
    assert_eq!(kinds!(lent, flavor(), put_dev get_dev delete_dev), served);
    assert_eq!(
        kinds!(lent, foundation(), put_dev get_dev delete_dev),
        served
    );

    assert_eq!(
        kinds!(lent, app_id(), put_build get_build delete_build),
        denied
    );
    assert_eq!(
        kinds!(lent, infra(), put_build get_build delete_build),
        denied
    );
    assert_eq!(
        kinds!(lent, flavor(), put_build get_build delete_build),
        denied
    );
    assert_eq!(
        kinds!(lent, foundation(), put_build get_build delete_build),
        served
    );

    assert_eq!(
        kinds!(lent, app_id(), put_deploy get_deploy delete_deploy),
        denied
    );
    assert_eq!(
        kinds!(lent, infra(), put_deploy get_deploy delete_deploy),
        denied
    );
    assert_eq!(
        kinds!(lent, flavor(), put_deploy get_deploy delete_deploy),
        denied
    );
    assert_eq!(
        kinds!(lent, foundation(), put_deploy get_deploy delete_deploy),
        served
    );
}

#[tokio::test]
async fn a_foundation_has_a_record_of_its_own() {
    let data = TempDir::new().unwrap();
    let pair = lent(data.path()).await;
    let consul = Lookup {
        foundation: "consul".into(),
        ..own()
    };
    let put = pair
        .client
        .put_infra(consul.clone(), InfraRecord::default(), Expect::Any);
    put.await.unwrap();
    assert_eq!(pair.client.get_infra(own()).await.unwrap(), None);
    assert!(pair.client.get_infra(consul).await.unwrap().is_some());
}

#[tokio::test]
async fn a_conflict_says_what_was_expected_and_what_is_there() {
    let data = TempDir::new().unwrap();
    let pair = lent(data.path()).await;
    let put = async |expect| {
        let put = pair.client.put_build(own(), BuildRecord::default(), expect);
        put.await.map_err(Error::from)
    };
    put(Expect::Any).await.unwrap();
    let error = put(Expect::Revision(7)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    let text = error.to_string();
    assert!(
        text.contains("revision 7") && text.contains("revision 1"),
        "{text}"
    );
    assert!(!error.help.is_empty());
}

#[tokio::test]
async fn a_state_that_could_not_be_sent_back_is_not_stored() {
    let data = TempDir::new().unwrap();
    let directory = CallDirectory::new(store(data.path()).await, scope());
    let record = DeployRecord {
        state: DeployState::Unknown(9),
        ..DeployRecord::default()
    };
    let put = directory.put_deploy(own(), record, Expect::Any).await;
    let error = put.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert!(error.message.contains("9 of `DeployState`"), "{error}");
    assert_eq!(directory.get_deploy(own()).await.unwrap(), None);
}

#[tokio::test]
async fn a_key_may_have_so_many_bytes_and_no_more() {
    let data = TempDir::new().unwrap();
    let pair = lent(data.path()).await;
    // Two bytes each.
    let longest = "é".repeat(512);
    let blob = pair.client.write_blob(&*longest).await.unwrap();
    assert_eq!(blob.done().await.unwrap(), 0);
    assert!(pair.client.delete_blob(longest.clone()).await.unwrap());
    let longer = longest + "x";
    let errors = [
        pair.client.put_blob(&*longer).await.map(drop),
        pair.client.read_blob(&*longer).await.map(drop),
        pair.client.delete_blob(&*longer).await.map(drop),
    ];
    for error in errors {
        let error = Error::from(error.unwrap_err());
        assert_eq!(error.kind, ErrorKind::LimitExceeded);
        let text = error.to_string();
        assert!(text.contains("1024") && text.contains("1025"), "{text}");
    }
}

#[tokio::test]
async fn a_blob_is_there_when_its_stream_is_done_and_not_before() {
    let data = TempDir::new().unwrap();
    let pair = lent(data.path()).await;
    let sent = bytes(1, 600_000);
    let mut blob = pair.client.write_blob("key").await.unwrap();
    blob.write_all(&sent).await.unwrap();
    blob.flush().await.unwrap();
    assert!(pair.client.read_blob("key").await.unwrap().is_none());
    assert_eq!(blob.done().await.unwrap(), 600_000);
    let mut blob = pair.client.read_blob("key").await.unwrap().unwrap();
    let mut received = Vec::new();
    blob.read_to_end(&mut received).await.unwrap();
    assert!(received == sent);
    assert!(pair.client.delete_blob("key").await.unwrap());
    assert!(!pair.client.delete_blob("key").await.unwrap());
}

#[tokio::test]
async fn a_stream_that_is_aborted_or_dropped_leaves_nothing() {
    let data = TempDir::new().unwrap();
    let pair = lent(data.path()).await;
    let mut before = pair.client.write_blob("key").await.unwrap();
    before.write_all(b"before").await.unwrap();
    before.done().await.unwrap();
    let begin = async || {
        let mut blob = pair.client.write_blob("key").await.unwrap();
        blob.write_all(&bytes(1, 600_000)).await.unwrap();
        blob.flush().await.unwrap();
        blob
    };
    begin().await.abort(Error::invalid("stop")).await.unwrap();
    drop(begin().await);
    nothing_is_written(data.path()).await;
    let mut blob = pair.client.read_blob("key").await.unwrap().unwrap();
    let mut received = Vec::new();
    blob.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, b"before");
}

/// Waits until there is no temporary file.
async fn nothing_is_written(data: &Path) {
    let drafts = data.join("blobs/tmp");
    let none = async {
        while fs::read_dir(&drafts).unwrap().next().is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), none)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_blob_that_is_too_large_fails_its_stream_with_both_numbers() {
    let data = TempDir::new().unwrap();
    let pair = lent(data.path()).await;
    let mut blob = pair.client.write_blob("key").await.unwrap();
    blob.write_all(&vec![7; (1 << 20) + 1]).await.unwrap();
    let error = blob.done().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::LimitExceeded);
    let text = error.to_string();
    assert!(
        text.contains("1048576") && text.contains("1048577"),
        "{text}"
    );
    assert!(pair.client.read_blob("key").await.unwrap().is_none());
    nothing_is_written(data.path()).await;
}

/// Fails if an error, or what it follows from, shows where the host keeps anything.
fn assert_discreet(error: &Error, data: &Path) {
    let shown = format!("{error:?}");
    assert!(!shown.contains(&*data.to_string_lossy()), "{shown}");
}

#[tokio::test]
async fn a_damaged_blob_never_comes_to_its_end() {
    let data = TempDir::new().unwrap();
    let pair = lent(data.path()).await;
    let mut blob = pair.client.write_blob("key").await.unwrap();
    blob.write_all(&bytes(1, 600_000)).await.unwrap();
    blob.done().await.unwrap();
    for folder in fs::read_dir(data.path().join("blobs")).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            fs::write(file.unwrap().path(), bytes(2, 600_000)).unwrap();
        }
    }
    let mut blob = pair.client.read_blob("key").await.unwrap().unwrap();
    let broken = blob.read_to_end(&mut Vec::new()).await.unwrap_err();
    let error = Error::from(broken);
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("damaged"), "{error}");
    assert_discreet(&error, data.path());
}

#[tokio::test]
async fn a_store_that_cannot_be_used_is_unavailable_and_shows_nothing_of_the_host() {
    let data = TempDir::new().unwrap();
    let pair = lent(data.path()).await;
    let other = store(data.path()).await;
    let writing = other.write().await.unwrap();
    let put = pair
        .client
        .put_build(own(), BuildRecord::default(), Expect::Any);
    let put = Error::from(put.await.unwrap_err());
    let mut blob = pair.client.write_blob("key").await.unwrap();
    blob.write_all(b"bytes").await.unwrap();
    let done = blob.done().await.unwrap_err();
    for error in [put, done] {
        assert_eq!(error.kind, ErrorKind::Unavailable, "{error:?}");
        assert!(error.message.contains("locked"), "{error}");
        assert!(!error.help.is_empty());
        assert_discreet(&error, data.path());
    }
    drop(writing);
}
