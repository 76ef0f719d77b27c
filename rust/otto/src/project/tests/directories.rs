//! The directories of an application.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use uuid::Uuid;

use super::project;
use crate::places::Places;
use crate::project::{Directories, ProjectError};

#[test]
fn they_are_made_and_only_what_is_shared_is_the_same_for_two_applications() {
    let home = tempfile::tempdir().unwrap();
    let places = Places::below(home.path());
    let (dir, one) = project();
    let (_other, two) = project();
    let id = Uuid::new_v4();
    let one = Directories::make(&places, &one, id).unwrap();
    let two = Directories::make(&places, &two, Uuid::new_v4()).unwrap();
    let data = dir.path().canonicalize().unwrap().join(".otto/data");
    assert_eq!(Path::new(&one.local), data);
    assert_eq!(
        Path::new(&one.cache),
        places.cache().join(format!("apps/{id}"))
    );
    assert!(dir.path().join(".otto/.gitignore").exists());
    let mut all = BTreeSet::new();
    for path in [&one, &two].map(|directories| {
        let Directories {
            cache,
            global_cache,
            local,
            global,
            install,
        } = directories.clone();
        [cache, global_cache, local, global, install]
    }) {
        for path in path {
            assert!(
                Path::new(&path).is_absolute() && Path::new(&path).is_dir(),
                "{path}"
            );
            all.insert(path);
        }
    }
    assert_eq!(all.len(), 7);
    assert_eq!(one.global_cache, two.global_cache);
    assert_eq!(one.global, two.global);
    assert_eq!(one.install, two.install);
}

#[test]
fn a_place_that_no_plugin_can_be_told_is_an_error_that_shows_it() {
    let home = tempfile::tempdir().unwrap();
    let foreign = home.path().join(OsStr::from_bytes(b"a\xff"));
    let (_dir, project) = project();
    let error = Directories::make(&Places::below(&foreign), &project, Uuid::nil()).unwrap_err();
    assert!(matches!(error, ProjectError::Path { .. }), "{error}");
}
