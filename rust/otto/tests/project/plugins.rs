//! The commands about plugins.

use std::fs;

use crate::support::World;

#[test]
fn a_listing_starts_each_plugin_once_and_then_none() {
    let world = World::with_puppet();
    let starts = world.path("tmp/starts");
    let text = format!(
        "#!/bin/sh\nPUPPET_STARTS={} exec {}\n",
        starts.display(),
        world.path("home/.otto.d/plugins/otto-app-puppet").display()
    );
    world.script("bin/otto-app-counted", &text);
    let list = || {
        world
            .otto(&["plugins", "list", "--format", "json"])
            .ok()
            .stdout
    };
    let count = || fs::read_to_string(&starts).unwrap().lines().count();
    let first = list();
    assert!(
        first.contains("app-puppet") && first.contains("1.2.3"),
        "{first}"
    );
    assert_eq!(count(), 1);
    assert_eq!(list(), first);
    assert_eq!(count(), 1);
    world.otto(&["plugins", "refresh"]).ok();
    assert_eq!(count(), 2);
}

#[test]
fn a_bad_plugin_is_shown_with_its_reason_and_hides_no_other() {
    let world = World::with_puppet();
    world.script(
        "home/.otto.d/plugins/otto-app-bad",
        "#!/bin/sh\necho broken >&2\nexit 3\n",
    );
    fs::write(world.path("home/.otto.d/plugins/otto-app-flat"), "").unwrap();
    world.script("home/.otto.d/plugins/otto-infra-cloud", "#!/bin/sh\n");
    let list = world.otto(&["plugins", "list"]).ok().stdout;
    for text in [
        "app-puppet",
        "app-bad",
        "app-flat",
        "infra-cloud",
        "status 3",
        "0644",
    ] {
        assert!(list.contains(text), "{text}: {list}");
    }
    let project = world.puppet("shop", &[]);
    project.otto(&["compile"]).ok();
}

#[test]
fn a_check_says_what_is_wrong_and_what_to_do() {
    let world = World::with_puppet();
    world.otto(&["plugins", "check", "app-puppet"]).ok();
    let inspected = world
        .otto(&["plugins", "inspect", "app-puppet"])
        .ok()
        .stdout;
    for text in ["1.2.3", "puppet", " ms"] {
        assert!(inspected.contains(text), "{text}: {inspected}");
    }
    world.script("tmp/otto-app-bad", "#!/bin/sh\necho broken >&2\nexit 3\n");
    let path = world.path("tmp/otto-app-bad");
    world
        .otto(&["plugins", "check", path.to_str().unwrap()])
        .code(5)
        .says("status 3")
        .says("broken")
        .says("help");
    world.otto(&["plugins", "check", "app-nothing"]).code(4);
}
