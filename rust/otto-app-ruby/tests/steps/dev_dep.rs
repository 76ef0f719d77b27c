//! What an application needs that another one depends on.

use std::fs;
use std::os::unix::fs::symlink;

use otto_plugin::bindings::app::DevDep;
use otto_plugin::bindings::error::ErrorKind;
use otto_plugin::host::Plugin;

use crate::support::{Project, end, failed, started};

async fn dev_dep(project: &Project, plugin: &Plugin) -> Option<DevDep> {
    let (context, services) = (project.context.clone(), project.services());
    let answer = plugin.dev_dep(context.clone(), context, &services);
    answer.await.unwrap()
}

#[tokio::test]
async fn a_service_is_described_in_a_file_of_the_cache() {
    let mut project = Project::hello();
    let plugin = started(&mut project).await;
    let fragment = project.context.compile_result.clone().unwrap();
    let fragment = fragment.dev_dep_fragment_path.unwrap();
    assert_eq!(fragment, format!("{}/dev-dep.json", project.context.dir));

    // Something else may be in the way.
    let kept = project.work.path().join("cache/dev-dep.json");
    symlink("/etc/passwd", &kept).unwrap();
    let answer = dev_dep(&project, &plugin).await.unwrap();
    assert_eq!(answer.files, ["dev-dep.json"]);
    assert!(kept.symlink_metadata().unwrap().is_file());
    assert_eq!(fs::read(kept).unwrap(), fs::read(fragment).unwrap());
    end(plugin).await;
}

#[tokio::test]
async fn a_program_that_nobody_can_reach_needs_nothing() {
    let mut project = Project::empty();
    project.write("main.rb", b"puts 1\n");
    let plugin = started(&mut project).await;
    assert_eq!(dev_dep(&project, &plugin).await, None);
    assert_eq!(
        fs::read_dir(project.work.path().join("cache"))
            .unwrap()
            .count(),
        0
    );
    end(plugin).await;
}

#[tokio::test]
async fn a_description_that_is_gone_or_outside_is_an_error() {
    let mut project = Project::hello();
    let plugin = started(&mut project).await;
    let outside = project.source.path().join("Gemfile");
    for path in [outside.to_str().unwrap(), "dev-dep.json"] {
        let mut context = project.context.clone();
        let result = context.compile_result.as_mut().unwrap();
        result.dev_dep_fragment_path = Some(path.to_owned());
        let error = failed(
            plugin
                .dev_dep(context.clone(), context, &project.services())
                .await,
        );
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert!(error.help.contains("otto compile"));
    }
    end(plugin).await;
}
