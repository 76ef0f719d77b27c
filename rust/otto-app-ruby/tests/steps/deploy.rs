//! What a deploy does to the disk, and records.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use otto_plugin::bindings::appfile::Value;
use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{CancelReason, DeployRecord, DeployState, Directory, Expect};
use otto_plugin::host::{Cancel, Plugin};
use otto_plugin::testing::DirectoryCall;

use crate::support::{IGNORED, Project, Tree, Watched, end, failed, started, tree};

/// A project that is built, and the plugin.
async fn built() -> (Project, Plugin) {
    let mut project = Project::hello();
    let plugin = started(&mut project).await;
    project.build(&plugin).await.unwrap();
    (project, plugin)
}

/// What is deployed.
fn deployed(project: &Project) -> Tree {
    tree(&project.site().join("current").canonicalize().unwrap())
}

fn releases(site: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(site.join("releases")) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The release that is used.
fn used(site: &Path) -> String {
    let target = fs::read_link(site.join("current")).unwrap();
    target.file_name().unwrap().to_str().unwrap().to_owned()
}

/// Every path in the directory of the Appfile, what is empty included.
fn paths(project: &Project) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![project.work.path().join("local")];
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                directories.push(path.clone());
            }
            found.push(path);
        }
    }
    found.sort();
    found
}

fn methods(project: &Project) -> Vec<&'static str> {
    let calls: Vec<DirectoryCall> = project.directory.calls();
    calls.iter().map(|call| call.method).collect()
}

async fn state(project: &Project) -> DeployState {
    project.deploy_record().await.unwrap().state
}

#[tokio::test]
async fn what_is_deployed_is_the_source_without_what_is_ignored() {
    let (project, plugin) = built().await;
    let calls = methods(&project).len();
    project.deploy(&plugin, &[]).await.unwrap();
    let mut expected = tree(project.source.path());
    for ignored in IGNORED {
        expected.remove(Path::new(ignored)).unwrap();
    }
    assert_eq!(deployed(&project), expected);

    let record = project.deploy_record().await.unwrap();
    assert_eq!(record.state, DeployState::Success);
    assert_eq!(record.stamp.revision, 2);
    assert_eq!(record.deploy["sha256"], project.built("sha256").await);
    assert_eq!(record.deploy["release"], used(&project.site()));
    assert_eq!(
        methods(&project)[calls..][..4],
        ["putDeploy", "getBuild", "getBlob", "putDeploy"]
    );
    end(plugin).await;
}

#[tokio::test]
async fn six_deploys_keep_five_and_the_newest_is_used() {
    let (project, plugin) = built().await;
    for number in 1..=6 {
        project.write("number", number.to_string().as_bytes());
        project.build(&plugin).await.unwrap();
        project.deploy(&plugin, &[]).await.unwrap();
        assert_eq!(
            deployed(&project)[Path::new("number")].1,
            number.to_string().as_bytes()
        );
    }
    let site = project.site();
    let releases = releases(&site);
    assert_eq!(releases.len(), 5);
    assert!(releases[0].starts_with("000002-"), "{releases:?}");
    assert_eq!(used(&site), releases[4]);
    end(plugin).await;
}

/// Deploys what cannot be deployed, and looks whether anything has changed but the record.
async fn fails(project: &Project, plugin: &Plugin) -> Error {
    let before = (paths(project), tree(&project.work.path().join("local")));
    let error = failed(project.deploy(plugin, &[]).await);
    assert_eq!(paths(project), before.0);
    assert_eq!(tree(&project.work.path().join("local")), before.1);
    let record = project.deploy_record().await.unwrap();
    assert_eq!(record.state, DeployState::Failed);
    assert_eq!(record.deploy["error"], error.message);
    error
}

#[tokio::test]
async fn a_build_that_is_broken_or_missing_changes_nothing_on_the_disk() {
    let mut project = Project::hello();
    let plugin = started(&mut project).await;
    // Once with nothing deployed, and once more with something.
    for _ in 0..2 {
        project
            .directory
            .delete_build(project.lookup())
            .await
            .unwrap();
        let error = fails(&project, &plugin).await;
        assert!(error.message.contains("has not been built"), "{error:?}");
        assert!(error.help.contains("otto build"));

        project.build(&plugin).await.unwrap();
        let key = project.built("blob").await;
        let bytes = project.directory.blob(&key).unwrap();
        for offset in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[offset] ^= 1;
            project.directory.insert_blob(&key, changed);
            let error = fails(&project, &plugin).await;
            assert_eq!(error.kind, ErrorKind::Invalid);
            assert!(
                error.message.contains(&project.built("sha256").await),
                "{error:?}"
            );
            assert!(error.help.contains("otto build"));
        }
        for size in [0, bytes.len() / 2] {
            project.directory.insert_blob(&key, &bytes[..size]);
            fails(&project, &plugin).await;
        }
        project
            .directory
            .insert_blob(&key, [bytes.as_slice(), b"x"].concat());
        let error = fails(&project, &plugin).await;
        assert!(error.message.contains("longer than"), "{error:?}");

        project.directory.delete_blob(key.clone()).await.unwrap();
        let error = fails(&project, &plugin).await;
        assert!(error.message.contains("is gone"), "{error:?}");
        assert!(error.help.contains("otto build"));

        let mut record = project.build_record().await.unwrap();
        record.artifact.remove("sha256");
        let put = project
            .directory
            .put_build(project.lookup(), record, Expect::Any);
        put.await.unwrap();
        let error = fails(&project, &plugin).await;
        assert!(error.message.contains("`sha256`"), "{error:?}");

        project.build(&plugin).await.unwrap();
        project.deploy(&plugin, &[]).await.unwrap();
        assert_eq!(state(&project).await, DeployState::Success);
    }
    end(plugin).await;
}

#[tokio::test]
async fn a_deploy_that_is_cancelled_at_once_changes_nothing() {
    let (project, plugin) = built().await;
    let before = paths(&project);
    let cancel = Cancel::new();
    cancel.cancel(CancelReason::User);
    let services = project.cancelled_by(&cancel);
    let error = failed(plugin.deploy(project.action(&[]), &services).await);
    assert_eq!(error.kind, ErrorKind::Cancelled);
    assert_eq!(paths(&project), before);
    // Cancelled before it was sent, or as soon as it had begun.
    let record = project.deploy_record().await;
    assert!(record.is_none_or(|record| record.state == DeployState::Failed));
    project.deploy(&plugin, &[]).await.unwrap();
    end(plugin).await;
}

#[tokio::test]
async fn a_deploy_whose_build_does_not_come_can_be_cancelled() {
    let mut project = Project::hello();
    project.write("large", &crate::killed::noise(1 << 20));
    let plugin = started(&mut project).await;
    project.build(&plugin).await.unwrap();
    let before = paths(&project);
    // Before anything of it has come, and in its middle.
    for stuck_at in [1, 1 << 19] {
        let cancel = Cancel::new();
        let mut services = project.cancelled_by(&cancel);
        services.directory = Watched::client(&project.directory, move |count| {
            let is_stuck = count >= stuck_at;
            if is_stuck {
                cancel.cancel(CancelReason::User);
            }
            !is_stuck
        });
        let error = failed(plugin.deploy(project.action(&[]), &services).await);
        assert_eq!(error.kind, ErrorKind::Cancelled, "{error:?}");
        assert_eq!(paths(&project), before);
        assert_eq!(state(&project).await, DeployState::Failed);
    }
    end(plugin).await;
}

#[tokio::test]
async fn two_deploys_do_not_run_at_once() {
    let (project, plugin) = built().await;
    project.deploy(&plugin, &[]).await.unwrap();
    let before = project.deploy_record().await;
    let lock = fs::File::open(project.site()).unwrap();
    lock.lock().unwrap();
    for action in [&[][..], &["rollback"], &["destroy"]] {
        let error = failed(project.deploy(&plugin, action).await);
        assert_eq!(error.kind, ErrorKind::Conflict);
        assert!(error.message.contains("another deploy"), "{error:?}");
        assert!(error.help.contains("wait"), "{error:?}");
    }
    // The record is that of whoever has the lock.
    assert_eq!(project.deploy_record().await, before);
    drop(lock);
    project.deploy(&plugin, &[]).await.unwrap();
    end(plugin).await;
}

#[tokio::test]
async fn a_rollback_goes_to_the_release_before_or_to_the_one_that_is_named() {
    let (project, plugin) = built().await;
    let error = failed(project.deploy(&plugin, &["rollback"]).await);
    assert!(error.help.contains("otto deploy"), "{error:?}");
    assert_eq!(
        paths(&project)
            .iter()
            .filter(|path| path.ends_with("deploy"))
            .count(),
        0
    );

    for _ in 0..3 {
        project.deploy(&plugin, &[]).await.unwrap();
    }
    let site = project.site();
    let releases = releases(&site);
    project.deploy(&plugin, &["rollback"]).await.unwrap();
    assert_eq!(used(&site), releases[1]);
    project.deploy(&plugin, &["rollback"]).await.unwrap();
    assert_eq!(used(&site), releases[0]);
    let error = failed(project.deploy(&plugin, &["rollback"]).await);
    assert!(error.message.contains("no release before"), "{error:?}");
    project
        .deploy(&plugin, &["rollback", &releases[2]])
        .await
        .unwrap();
    assert_eq!(used(&site), releases[2]);
    project.deploy(&plugin, &["rollback", "2"]).await.unwrap();
    assert_eq!(used(&site), releases[1]);
    let record = project.deploy_record().await.unwrap();
    assert_eq!(record.state, DeployState::Success);
    assert_eq!(record.deploy["release"], releases[1]);
    let error = failed(project.deploy(&plugin, &["rollback", "../../etc"]).await);
    assert!(error.help.contains(&releases[0]), "{error:?}");
    assert_eq!(used(&site), releases[1]);
    end(plugin).await;
}

#[tokio::test]
async fn info_shows_what_is_deployed_and_destroy_removes_it() {
    let (project, plugin) = built().await;
    project.deploy(&plugin, &["info"]).await.unwrap();
    assert!(
        project
            .ui
            .messages()
            .contains(&"nothing is deployed".to_owned())
    );
    let before = paths(&project);

    project.deploy(&plugin, &[]).await.unwrap();
    project.deploy(&plugin, &["info"]).await.unwrap();
    let messages = project.ui.messages();
    let release = used(&project.site());
    assert!(messages.contains(&format!("release {release}, which is used")));
    assert!(messages.contains(&format!("directory: {}", project.site().display())));
    assert!(messages.contains(&format!(
        "last deploy: it has succeeded, with release {release}"
    )));

    for _ in 0..2 {
        project.deploy(&plugin, &["destroy"]).await.unwrap();
        assert_eq!(project.deploy_record().await, None);
        assert!(!project.site().exists());
    }
    assert!(project.build_record().await.is_some());
    // What is above the releases is the next deploy's as well.
    assert_eq!(paths(&project).len(), before.len() + 1);
    end(plugin).await;
}

#[tokio::test]
async fn an_action_that_there_is_not_is_an_error_that_says_which_there_are() {
    let (project, plugin) = built().await;
    let error = failed(project.deploy(&plugin, &["infos"]).await);
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert_eq!(error.message, "`otto deploy` has no action `infos`");
    for name in ["destroy", "help", "info", "rollback"] {
        assert!(error.help.contains(&format!("`{name}`")), "{error:?}");
    }
    for words in [
        &["info", "now"][..],
        &["destroy", "now"],
        &["help", "me"],
        &["rollback", "1", "2"],
        &["", "now"],
    ] {
        let error = failed(project.deploy(&plugin, words).await);
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert!(error.message.contains(words[1]), "{error:?}");
        assert!(error.help.contains("otto deploy help"), "{error:?}");
    }
    assert_eq!(project.deploy_record().await, None);
    project.deploy(&plugin, &["help"]).await.unwrap();
    let help = project.ui.messages();
    assert!(
        help.iter()
            .any(|line| line.starts_with("otto deploy rollback [RELEASE] "))
    );
    end(plugin).await;
}

#[tokio::test]
async fn another_infrastructure_is_not_supported() {
    let (mut project, plugin) = built().await;
    project.context.tuple.infra = "aws".into();
    for action in [&[][..], &["info"], &["rollback"], &["destroy"]] {
        let error = failed(project.deploy(&plugin, action).await);
        assert_eq!(error.kind, ErrorKind::Unsupported);
        assert!(error.message.contains("`aws`"), "{error:?}");
        assert!(error.help.contains("type = \"local\""), "{error:?}");
    }
    project.deploy(&plugin, &["help"]).await.unwrap();
    end(plugin).await;
}

#[tokio::test]
async fn a_directory_from_the_appfile_is_deployed_to_unless_it_is_anothers() {
    let (mut project, plugin) = built().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let site = elsewhere.path().join("srv/shop");
    let set = |project: &mut Project, path: &Path| {
        project.set("deploy_dir", Value::Text(path.to_str().unwrap().into()));
    };
    set(&mut project, &site);
    project.deploy(&plugin, &[]).await.unwrap();
    assert_eq!(releases(&site).len(), 1);
    assert!(!project.site().exists());

    let mine = elsewhere.path().join("mine");
    fs::create_dir(&mine).unwrap();
    fs::write(mine.join("letter.txt"), "dear").unwrap();
    set(&mut project, &mine);
    for action in [&[][..], &["destroy"]] {
        let error = failed(project.deploy(&plugin, action).await);
        assert_eq!(error.kind, ErrorKind::Denied);
        assert!(error.help.contains("deploy_dir"), "{error:?}");
    }
    assert_eq!(tree(&mine).len(), 1);

    // A build would hold the releases.
    let inside = elsewhere.path().join("inside");
    symlink(project.source.path(), &inside).unwrap();
    set(&mut project, &inside.join("deployed"));
    let error = failed(project.deploy(&plugin, &[]).await);
    assert_eq!(error.location.unwrap().file, "Appfile");
    let kept = project.source.path().join(".otto/deployed");
    set(&mut project, &kept);
    project.deploy(&plugin, &[]).await.unwrap();
    end(plugin).await;
}

#[tokio::test]
async fn a_deploy_that_was_killed_can_be_told_from_others() {
    let (project, plugin) = built().await;
    let record = DeployRecord {
        state: DeployState::New,
        ..DeployRecord::default()
    };
    let put = project
        .directory
        .put_deploy(project.lookup(), record, Expect::Any);
    put.await.unwrap();
    project.deploy(&plugin, &["info"]).await.unwrap();
    let messages = project.ui.messages();
    assert!(
        messages.iter().any(|line| line.contains("was killed")),
        "{messages:?}"
    );
    end(plugin).await;
}
