//! A plugin that a person starts.

use std::process::{Child, Command, Stdio};

use crate::support::{World, puppet};

/// Starts the puppet by hand, with the line that `otto` has shown in front of the command.
fn by_hand(line: &str) -> Child {
    Command::new("sh")
        .arg("-c")
        .arg(format!("{} exec {}", line.trim(), puppet().display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_plugin_that_a_person_starts_does_the_build_and_ends_by_itself() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[r#"build = ["pid", "say built by hand"]"#]);
    project.otto(&["compile"]).ok();
    for arguments in [
        &["--attach", "app-puppet", "build"][..],
        &["--quiet", "--attach", "otto-app-puppet", "build"],
    ] {
        let mut build = project.otto(arguments).start();
        let line = build.wait_for("OTTO_PLUGIN_MAGIC_COOKIE");
        let mut plugin = by_hand(&line);
        let ended = build.finish();
        assert!(ended.status.success(), "{ended}");
        if !arguments.contains(&"--quiet") {
            ended.says("built by hand");
            ended.says(&format!("the plugin is process {}", plugin.id()));
        }
        let status = plugin.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{status}");
    }
}

#[test]
fn a_plugin_that_was_not_to_be_started_is_not_waited_for_in_silence() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[]);
    project
        .otto(&["--attach", "app-muppet", "compile"])
        .ok()
        .says("no plugin app-muppet was to be started");
    project.otto(&["--attach", "No Name", "compile"]).code(2);
}
