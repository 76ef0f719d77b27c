//! What was compiled, in a directory that is not the one that it was compiled in.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::support::World;

#[test]
fn a_project_that_was_moved_or_copied_is_compiled_anew_before_anything_is_done_with_it() {
    let world = World::with_puppet();
    let shop = world.puppet("shop", &[r#"build = ["say built", "record made here"]"#]);
    shop.otto(&["compile"]).ok();
    let copied = Command::new("cp")
        .arg("-a")
        .args([shop.path(""), world.path("projects/copy")])
        .status();
    assert!(copied.unwrap().success());
    let copy = world.project("copy");
    for command in ["build", "deploy", "dev"] {
        copy.otto(&[command])
            .code(3)
            .says("otto compile")
            .hides("built");
    }
    let status = copy.otto(&["status", "--format", "json"]).ok().json();
    assert_eq!(status["compiled"], false);
    assert_eq!(
        status["application"]["directory"],
        copy.path(".").canonicalize().unwrap().to_str().unwrap()
    );
    copy.otto(&["compile"]).ok();
    copy.otto(&["build"]).ok().says("built");
    let status = copy.otto(&["status", "--format", "json"]).ok().json();
    assert_eq!(status["compiled"], true);

    fs::rename(shop.path(""), world.path("projects/moved")).unwrap();
    world.project("moved").otto(&["build"]).code(3);
}

#[test]
fn a_project_whose_identity_is_another_one_now_is_compiled_anew() {
    let world = World::with_puppet();
    let shop = world.puppet("shop", &[r#"build = ["say built"]"#]);
    shop.otto(&["compile"]).ok();
    shop.write(".ottoid", "0d8aa8b4-5c5b-4b52-a7b6-3a4f4a3c4d5e\n");
    shop.otto(&["build"])
        .code(3)
        .says("identity")
        .hides("say built");
    fs::remove_file(shop.path(".ottoid")).unwrap();
    shop.otto(&["build"]).code(3).says("identity");
    shop.otto(&["compile"]).ok();
    shop.otto(&["build"]).ok().says("built");
}

#[test]
fn nothing_is_written_through_links_that_came_with_the_sources() {
    let world = World::with_puppet();
    let victim = world.project("victim");
    victim.write("compiled/precious", "kept");
    let shop = world.puppet("shop", &[]);
    symlink(victim.path(""), shop.path(".otto")).unwrap();
    shop.otto(&["compile"]).code(3).says("link");
    let left = fs::read_to_string(victim.path("compiled/precious")).unwrap();
    assert_eq!(left, "kept");
    assert_eq!(fs::read_dir(victim.path("")).unwrap().count(), 1);

    fs::remove_file(shop.path(".otto")).unwrap();
    fs::create_dir(shop.path(".otto")).unwrap();
    symlink(victim.path(""), shop.path(".otto/data")).unwrap();
    shop.otto(&["compile"]).code(3).says("link");
}

#[test]
fn a_directory_that_is_no_application_is_left_as_it_was() {
    let world = World::with_puppet();
    let outer = world.project("outer");
    outer.write("notes.txt", "");
    outer.otto(&["compile"]).code(4);
    outer.write("Appfile", "application {\n  nmae = \"x\"\n}\n");
    outer.otto(&["compile"]).code(3);
    fs::remove_file(outer.path("Appfile")).unwrap();
    let left = fs::read_dir(outer.path("")).unwrap().count();
    assert_eq!(left, 1, "only the notes were there");
}
