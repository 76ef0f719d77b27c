//! Records, and whose they are.

use std::collections::BTreeMap;

use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{
    BuildRecord, DeployRecord, DeployState, DevRecord, DevState, Directory, Expect, InfraRecord,
    InfraState, Lookup,
};
use tempfile::TempDir;

use super::{CallDirectory, lent, own, scope, store};

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
    assert!(error.message.contains("`DeployState`"), "{error}");
    assert_eq!(directory.get_deploy(own()).await.unwrap(), None);
}
