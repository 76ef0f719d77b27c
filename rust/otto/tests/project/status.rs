//! What `otto status` shows.

use crate::support::World;

#[test]
fn what_a_plugin_has_recorded_stands_apart_and_obeys_no_terminal() {
    let world = World::with_puppet();
    let project = world.puppet(
        "shop",
        &[r#"build = ["record application_version \u001b[2J1.0"]"#],
    );
    project.otto(&["compile"]).ok();
    project.otto(&["build"]).ok();
    let status = project.otto(&["status"]).ok().stdout;
    assert!(!status.contains('\u{1b}'), "{status}");
    assert!(
        status.contains(r"application_version \u{1b}[2J1.0"),
        "{status}"
    );
}

#[test]
fn whoever_reads_no_more_is_no_error() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[]);
    project.write("../../home/.config/otto/credentials/prod.age", "");
    for command in [
        &["plugins", "list"][..],
        &["plugins", "list", "--format", "json"],
        &["plugins", "inspect", "app-puppet"],
        &["detect"],
        &["status", "--format", "json"],
        &["credentials", "list"],
        &["completions", "bash"],
        &["man"],
    ] {
        let (status, stderr) = project.otto(command).unread();
        assert_eq!((status.code(), &*stderr), (Some(0), ""), "{command:?}");
    }
}
