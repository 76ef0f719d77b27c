//! What the README shows: the application in `examples/guestbook`, with the plugin for Ruby.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::{Project, World, ruby};

/// The files below a directory, by path.
fn tree(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            // What somebody who tried the example has left.
            if path.ends_with(".otto") {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap().display().to_string();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn example(project: &Project<'_>) -> BTreeMap<String, Vec<u8>> {
    let files = tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/guestbook"));
    for (path, contents) in &files {
        project.write(path, contents);
    }
    files
}

fn build_record(project: &Project<'_>) -> serde_json::Value {
    let status = project.otto(&["status", "--format", "json"]).ok().json();
    status["build"]["record"].clone()
}

#[test]
fn the_guestbook_goes_from_its_detection_to_its_deploy() {
    let world = World::new();
    world.install(ruby(), "home/.otto.d/plugins/otto-app-ruby");
    let project = world.project("guestbook");
    let files = example(&project);

    project.otto(&["detect"]).ok();
    project.otto(&["compile"]).ok();
    project.otto(&["build"]).ok();
    let first = build_record(&project);
    project.otto(&["build"]).ok();
    let second = build_record(&project);
    assert_eq!(first["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(first["sha256"], second["sha256"]);
    assert_ne!(first["blob"], second["blob"], "it was built anew");

    project.otto(&["deploy"]).ok();
    let status = project.otto(&["status", "--format", "json"]).ok().json();
    assert_eq!(status["deploy"]["state"], "ready");
    let deployed = status["deploy"]["record"]["path"].as_str().unwrap();
    let deployed = tree(Path::new(deployed));
    assert_eq!(deployed, files);

    project.otto(&["deploy", "rollback"]).code(1).says("before");
    project.otto(&["deploy", "destroy"]).ok();
    let status = project.otto(&["status", "--format", "json"]).ok().json();
    assert_eq!(status["deploy"]["state"], "none");
}
