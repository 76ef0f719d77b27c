//! Where a project is found.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use crate::project::{Project, ProjectError};

#[test]
fn the_first_directory_upwards_with_either_sign_is_the_root() {
    let dir = tempfile::tempdir().unwrap();
    let top = dir.path().canonicalize().unwrap();
    let deep = top.join("a/b/c/d");
    fs::create_dir_all(&deep).unwrap();
    let found = || Project::find(&deep).unwrap().root().to_owned();
    assert_eq!(found(), deep);
    fs::write(top.join("Appfile"), "").unwrap();
    assert_eq!(found(), top);
    fs::create_dir(top.join("a/.otto")).unwrap();
    assert_eq!(found(), top.join("a"));
    fs::write(top.join("a/b/c/Appfile"), "").unwrap();
    assert_eq!(found(), top.join("a/b/c"));
    fs::create_dir(deep.join(".otto")).unwrap();
    assert_eq!(found(), deep);
}

#[test]
fn what_belongs_to_the_user_is_no_sign_of_a_project() {
    let home = tempfile::tempdir().unwrap();
    let below = home.path().join("work/shop");
    fs::create_dir_all(&below).unwrap();
    fs::create_dir_all(home.path().join(".otto.d/plugins")).unwrap();
    let shop = below.canonicalize().unwrap();
    assert_eq!(Project::find(&below).unwrap().root(), shop);
    let plugins = home.path().join(".otto.d/plugins");
    let found = Project::find(&plugins).unwrap();
    assert_eq!(found.root(), plugins.canonicalize().unwrap());
}

#[test]
fn a_link_into_a_project_leads_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let shop = dir.path().join("shop");
    fs::create_dir_all(shop.join("lib")).unwrap();
    fs::write(shop.join("Appfile"), "").unwrap();
    std::os::unix::fs::symlink(shop.join("lib"), dir.path().join("link")).unwrap();
    let found = Project::find(&dir.path().join("link")).unwrap();
    assert_eq!(found.root(), shop.canonicalize().unwrap());
}

#[test]
fn a_sign_of_the_wrong_kind_is_an_error_that_names_it() {
    for (name, is_directory) in [("Appfile", true), (".otto", false)] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        if is_directory {
            fs::create_dir(&path).unwrap();
        } else {
            fs::write(&path, "").unwrap();
        }
        let below = dir.path().join("below");
        fs::create_dir(&below).unwrap();
        let error = Project::find(&below).unwrap_err();
        assert!(matches!(error, ProjectError::Kind { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_path_that_no_plugin_can_be_told_is_an_error_that_shows_it() {
    let dir = tempfile::tempdir().unwrap();
    let foreign = dir.path().join(std::ffi::OsStr::from_bytes(b"a\xff"));
    fs::create_dir(&foreign).unwrap();
    let error = Project::find(&foreign).unwrap_err();
    assert!(matches!(error, ProjectError::Path { .. }), "{error}");
    assert!(error.to_string().contains("a\u{fffd}"), "{error}");
}
