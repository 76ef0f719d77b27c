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

#[test]
fn what_was_built_for_another_flavor_is_not_shown() {
    let world = World::with_puppet();
    let project = world.project("shop");
    let write = |flavor: &str| {
        let text = format!(
            "application {{\n  type = \"puppet\"\n}}\n\n\
             infrastructure \"here\" {{\n  type = \"local\"\n  flavor = \"{flavor}\"\n}}\n\n\
             customization \"app\" {{\n  build = [\"record for {flavor}\"]\n}}\n"
        );
        project.write("Appfile", text);
        project.otto(&["compile"]).ok();
    };
    let build = || {
        let status = project.otto(&["status", "--format", "json"]).ok().json();
        status["build"].clone()
    };
    write("one");
    project.otto(&["build"]).ok();
    assert_eq!(build()["record"]["for"], "one");
    write("two");
    assert_eq!(build()["state"], "none");
    project.otto(&["build"]).ok();
    assert_eq!(build()["record"]["for"], "two");
}
