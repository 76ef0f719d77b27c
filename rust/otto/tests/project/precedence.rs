//! One plugin in several directories.

use std::fs;

use crate::support::{World, puppet};

const PLACES: [&str; 3] = [
    "bin/otto-app-puppet",
    "home/.otto.d/plugins/otto-app-puppet",
    "projects/shop/otto-app-puppet",
];

#[test]
fn the_last_one_that_is_trusted_wins_and_all_are_shown() {
    let world = World::new();
    let project = world.puppet("shop", &[r#"compile = ["who"]"#]);
    let used = |place: &str| {
        let path = world.path(place);
        project
            .otto(&["compile"])
            .ok()
            .says(&format!("this is {}", path.display()));
    };
    world.install(puppet(), PLACES[0]);
    used(PLACES[0]);
    world.install(puppet(), PLACES[1]);
    used(PLACES[1]);
    // Each is a file of its own: what is trusted is trusted by what is in it.
    fs::copy(puppet(), world.path(PLACES[2])).unwrap();
    used(PLACES[1]);
    let passed_over = project.otto(&["compile"]).ok();
    passed_over.says("not trusted").says("otto plugins trust");

    let list = || {
        let list = project.otto(&["plugins", "list", "--format", "json"]).ok();
        let plugins = list.json()["plugins"].as_array().unwrap().clone();
        plugins
            .into_iter()
            .filter(|plugin| plugin["name"] == "app-puppet")
            .collect::<Vec<_>>()
    };
    assert_eq!(list().len(), 3, "{:#?}", list());

    let path = world.path(PLACES[2]);
    project
        .otto(&["plugins", "trust", path.to_str().unwrap()])
        .ok();
    used(PLACES[2]);
    project
        .otto(&["plugins", "untrust", path.to_str().unwrap()])
        .ok();
    used(PLACES[1]);
}

#[test]
fn a_trusted_plugin_that_was_changed_is_not_trusted() {
    let world = World::new();
    let project = world.puppet("shop", &[r#"compile = ["who"]"#]);
    world.script(
        "projects/shop/otto-app-puppet",
        &format!("#!/bin/sh\nexec {}\n", puppet().display()),
    );
    let path = project.path("otto-app-puppet");
    project
        .otto(&["plugins", "trust", path.to_str().unwrap()])
        .ok();
    project.otto(&["compile"]).ok();
    world.script(
        "projects/shop/otto-app-puppet",
        &format!("#!/bin/sh\ntouch {}\n", world.path("tmp/owned").display()),
    );
    project.otto(&["compile"]).code(4).says("not trusted");
    assert!(!world.path("tmp/owned").exists(), "it was started");
}

#[test]
fn why_a_plugin_won_is_explained() {
    let world = World::with_puppet();
    world.install(puppet(), "home/.otto.d/plugins/otto-app-another");
    let project = world.project("shop");
    project.write("puppet.txt", "");
    let detected = project.otto(&["detect", "--explain"]).ok().stdout;
    for text in [
        "app-puppet is used for a detector for \"puppet\"",
        "app-another is passed over with a detector",
        "app-puppet is used for its tuple (puppet, *, *)",
    ] {
        assert!(detected.contains(text), "{text}: {detected}");
    }
    let silent = project.otto(&["detect"]).ok().stdout;
    assert!(!silent.contains("passed over"), "{silent}");
    project
        .otto(&["compile", "--explain"])
        .ok()
        .says("app-another is passed over with its tuple");
}

#[test]
fn what_one_plugin_has_compiled_is_not_built_by_another_one() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[r#"build = ["say built"]"#]);
    project.otto(&["compile"]).ok();
    fs::create_dir(world.path("tmp/more")).unwrap();
    world.install(puppet(), "tmp/more/otto-app-puppet");
    project
        .otto(&["build"])
        .env("OTTO_PLUGIN_PATH", world.path("tmp/more"))
        .code(4)
        .says("is used now")
        .says("otto compile")
        .hides("say built");
    fs::remove_file(world.path("home/.otto.d/plugins/otto-app-puppet")).unwrap();
    project.otto(&["build"]).code(4).says("otto compile");
}
