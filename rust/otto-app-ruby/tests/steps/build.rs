//! What a build makes and records.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::UNIX_EPOCH;

use otto_plugin::bindings::error::ErrorKind;
use otto_plugin::bindings::host::{CancelReason, Directory, Expect};
use otto_plugin::host::Cancel;
use otto_plugin::testing::UiCall;

use crate::support::{Project, Watched, end, failed, started};

/// A digest as the standard program computes it.
fn sha256(bytes: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    let output = std::process::Command::new("sha256sum")
        .arg(file.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split(' ').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_build_stores_the_archive_and_records_what_it_is() {
    let mut project = Project::hello();
    let plugin = started(&mut project).await;
    project.build(&plugin).await.unwrap();
    let blob = project
        .directory
        .blob(&project.built("blob").await)
        .unwrap();
    assert_eq!(project.built("format").await, "tar.gz");
    assert_eq!(project.built("sha256").await, sha256(&blob));
    assert_eq!(project.built("size").await, blob.len().to_string());
    assert_eq!(project.built("files").await, "8");
    let calls: Vec<_> = project.directory.calls();
    let calls: Vec<_> = calls.iter().map(|call| call.method).collect();
    assert_eq!(calls[..3], ["getBuild", "putBlob", "putBuild"]);

    let bytes: u64 = project.built("bytes").await.parse().unwrap();
    let shown = project.ui.calls();
    assert!(shown.contains(&UiCall::ProgressUpdate(bytes, String::new())));
    assert!(shown.contains(&UiCall::ProgressEnd(String::new())));
    assert!(
        project
            .ui
            .messages()
            .last()
            .unwrap()
            .contains(&sha256(&blob))
    );
    end(plugin).await;
}

#[tokio::test]
async fn the_same_application_is_the_same_build_wherever_and_whenever() {
    let mut first = Project::hello();
    let plugin = started(&mut first).await;
    first.build(&plugin).await.unwrap();
    let blob = first.built("blob").await;
    first.build(&plugin).await.unwrap();
    let sha256 = first.built("sha256").await;

    // Elsewhere, at another time, with another mask, and with other things that are ignored.
    let mut second = Project::hello();
    second.write("log/test.log", b"more");
    for path in ["Gemfile", "lib/hello.rb"] {
        let path = second.source.path().join(path);
        File::open(&path).unwrap().set_modified(UNIX_EPOCH).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    fs::set_permissions(
        second.source.path().join("lib"),
        fs::Permissions::from_mode(0o700),
    )
    .unwrap();
    second.compile(&plugin).await;
    second.build(&plugin).await.unwrap();
    assert_eq!(second.built("sha256").await, sha256);
    assert_eq!(
        second.directory.blob(&second.built("blob").await),
        first.directory.blob(&first.built("blob").await)
    );
    // The record of the first names the newer blob, and the older one is gone.
    assert_ne!(first.built("blob").await, blob);
    assert_eq!(first.directory.blob(&blob), None);

    second.write("lib/hello.rb", b"# changed");
    second.build(&plugin).await.unwrap();
    assert_ne!(second.built("sha256").await, sha256);
    end(plugin).await;
}

#[tokio::test]
async fn what_cannot_be_built_is_an_error_and_leaves_the_build_before() {
    let mut project = Project::hello();
    let plugin = started(&mut project).await;
    project.build(&plugin).await.unwrap();
    let before = project.build_record().await;

    let link = project.source.path().join("outside");
    symlink("/etc/passwd", &link).unwrap();
    let error = failed(project.build(&plugin).await);
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(error.help.contains(".ottoignore"));
    assert_eq!(error.location.unwrap().file, "outside");
    fs::remove_file(link).unwrap();

    project.write(".ottoignore", b"test/\n[z-a]\n");
    let error = failed(project.build(&plugin).await);
    assert_eq!(error.kind, ErrorKind::Invalid);
    let location = error.location.unwrap();
    assert_eq!((location.file.as_str(), location.line), (".ottoignore", 2));

    assert_eq!(project.build_record().await, before);
    assert_eq!(project.blobs_begun().len(), 1);
    end(plugin).await;
}

#[tokio::test]
async fn a_build_needs_a_compile_of_the_same_version() {
    let mut project = Project::hello();
    let plugin = started(&mut project).await;
    for result in [
        None,
        Some(otto_plugin::bindings::app::CompileResult {
            version: 1,
            ..project.context.compile_result.clone().unwrap()
        }),
    ] {
        project.context.compile_result = result;
        let errors = [
            failed(project.build(&plugin).await),
            failed(project.deploy(&plugin, &[]).await),
            failed(plugin.dev(project.action(&[]), &project.services()).await),
            failed(
                plugin
                    .dev_dep(
                        project.action(&[]),
                        project.action(&[]),
                        &project.services(),
                    )
                    .await,
            ),
        ];
        for error in errors {
            assert_eq!(error.kind, ErrorKind::Invalid);
            assert!(error.help.contains("otto compile"), "{error:?}");
        }
    }
    end(plugin).await;
}

#[tokio::test]
async fn a_build_that_another_one_overtakes_is_an_error_and_leaves_the_others() {
    let mut project = Project::hello();
    project.write("large", &crate::killed::noise(1 << 20));
    let plugin = started(&mut project).await;
    project.build(&plugin).await.unwrap();
    let others = project.build_record().await.unwrap();

    let (directory, lookup) = (project.directory.clone(), project.lookup());
    let mut services = project.services();
    let record = others.clone();
    services.directory = Watched::client(&project.directory, move |_count| {
        let put = directory.put_build(lookup.clone(), record.clone(), Expect::Any);
        pollster::block_on(put).unwrap();
        true
    });
    let error = failed(plugin.build(project.context.clone(), &services).await);
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("another build"), "{error:?}");
    let keys = project.blobs_begun();
    assert_eq!(project.built("blob").await, keys[0]);
    assert!(project.directory.blob(&keys[0]).is_some());
    assert_eq!(project.directory.blob(&keys[1]), None);
    assert_eq!(pending(&project), 0);
    end(plugin).await;
}

#[tokio::test]
async fn a_build_that_is_cancelled_leaves_neither_blob_nor_record() {
    let mut project = Project::hello();
    project.write("large", &crate::killed::noise(4 << 20));
    let plugin = started(&mut project).await;
    let cancel = Cancel::new();
    let mut services = project.cancelled_by(&cancel);
    services.directory = Watched::client(&project.directory, move |_count| {
        cancel.cancel(CancelReason::User);
        true
    });
    let error = failed(plugin.build(project.context.clone(), &services).await);
    assert_eq!(error.kind, ErrorKind::Cancelled);
    assert_eq!(project.build_record().await, None);
    let keys = project.blobs_begun();
    assert_eq!(keys.len(), 1);
    assert_eq!(project.directory.blob(&keys[0]), None);
    assert_eq!(pending(&project), 0);
    // The plugin is as good as before.
    project.build(&plugin).await.unwrap();
    end(plugin).await;
}

/// How many builds are remembered that are under way.
pub(crate) fn pending(project: &Project) -> usize {
    let dir: &Path = &project.work.path().join("local/otto-app-ruby/pending");
    fs::read_dir(dir).unwrap().count()
}
