//! The answer of `devDep`, kept while its files are there.

use std::fs;
use std::os::unix::fs::symlink;

use otto_plugin::bindings::app::DevDep;

use super::plugin;
use crate::project::{DevDepCache, DevDepError, DevDepKey};

fn key(version: &str) -> DevDepKey {
    DevDepKey {
        plugin: plugin(version),
        digest: "digest".into(),
    }
}

fn files<const N: usize>(files: [&str; N]) -> DevDep {
    DevDep {
        files: files.map(str::to_owned).into(),
    }
}

#[test]
fn an_answer_is_kept_for_as_long_as_its_files_are_there() {
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("cache");
    fs::create_dir(&dir).unwrap();
    let cache = DevDepCache::of_directory(&dir);
    fs::create_dir(dir.join("sub")).unwrap();
    fs::write(dir.join("sub/file"), "").unwrap();
    symlink("sub/file", dir.join("link")).unwrap();
    let answer = files(["sub/file", "./sub/../link"]);
    assert_eq!(cache.kept(&key("1")), None);
    cache.keep(&key("1"), &answer).unwrap();
    assert_eq!(cache.kept(&key("1")), Some(answer.clone()));
    assert_eq!(cache.kept(&key("2")), None);
    let other = DevDepKey {
        digest: "other".into(),
        ..key("1")
    };
    assert_eq!(cache.kept(&other), None);
    fs::remove_file(dir.join("sub/file")).unwrap();
    assert_eq!(cache.kept(&key("1")), None);
    fs::create_dir(dir.join("sub/file")).unwrap();
    assert_eq!(cache.kept(&key("1")), None);
}

#[test]
fn an_answer_without_files_is_kept_as_well() {
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("cache");
    fs::create_dir(&dir).unwrap();
    let cache = DevDepCache::of_directory(&dir);
    cache.keep(&key("1"), &files([])).unwrap();
    assert_eq!(cache.kept(&key("1")), Some(files([])));
}

#[test]
fn a_file_outside_of_the_directory_is_refused() {
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("cache");
    fs::create_dir(&dir).unwrap();
    let inside = dir.join("cache");
    fs::create_dir_all(inside.join("sub")).unwrap();
    fs::write(dir.join("secret"), "").unwrap();
    fs::write(inside.join("file"), "").unwrap();
    symlink("../secret", inside.join("link")).unwrap();
    let cache = DevDepCache::of_directory(&inside);
    let absolute = inside.join("file");
    for file in ["../secret", "link", absolute.to_str().unwrap()] {
        let error = cache.keep(&key("1"), &files([file])).unwrap_err();
        assert!(matches!(error, DevDepError::Outside { .. }), "{error}");
    }
    for file in ["", "sub", "nowhere", "nowhere\u{1b}[31m", "file/x"] {
        let error = cache.keep(&key("1"), &files([file])).unwrap_err();
        assert!(matches!(error, DevDepError::Missing { .. }), "{error}");
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
    }
    assert_eq!(cache.kept(&key("1")), None);
}

#[test]
fn a_damaged_answer_is_asked_for_anew() {
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("cache");
    fs::create_dir(&dir).unwrap();
    let cache = DevDepCache::of_directory(&dir);
    fs::write(dir.join("file"), "").unwrap();
    cache.keep(&key("1"), &files(["file"])).unwrap();
    let path = outer.path().join("cache.dev-dep.json");
    let good = fs::read_to_string(&path).unwrap();
    for damaged in [
        "",
        "{}",
        &good[..good.len() / 2],
        &good.replace("\"file\"", "\"../file\""),
        &good.replace("\"files\"", "\"others\""),
    ] {
        fs::write(&path, damaged).unwrap();
        assert_eq!(cache.kept(&key("1")), None, "{damaged}");
    }
    cache.keep(&key("1"), &files(["file"])).unwrap();
    assert_eq!(cache.kept(&key("1")), Some(files(["file"])));
}
