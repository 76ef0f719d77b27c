//! The identity of an application.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use super::{project, tree};
use crate::project::ProjectError;

#[test]
fn it_is_made_once_and_stays() {
    let (dir, project) = project();
    assert_eq!(project.id().unwrap(), None);
    assert!(tree(dir.path()).is_empty());
    let id = project.make_id().unwrap();
    assert_eq!(project.make_id().unwrap(), id);
    assert_eq!(project.id().unwrap(), Some(id));
    let file = dir.path().join(".ottoid");
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{id}\n"));
    // Others who work on the project can read it.
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    let plain = dir.path().join("plain");
    fs::write(&plain, "").unwrap();
    assert_eq!(mode, fs::metadata(plain).unwrap().permissions().mode());
    fs::write(&file, format!("{id}\r\n")).unwrap();
    assert_eq!(project.id().unwrap(), Some(id));
}

#[test]
fn all_who_make_one_at_once_get_the_same() {
    let (dir, project) = project();
    let ids: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| project.make_id())).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap().unwrap())
            .collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(tree(dir.path()).len(), 1);
}

#[test]
fn a_damaged_one_is_shown_and_never_replaced() {
    let (dir, project) = project();
    let file = dir.path().join(".ottoid");
    let id = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    for damaged in [
        "",
        "\n",
        "not an id \u{1b}[31m\n",
        &id.to_uppercase(),
        &id.replace('-', ""),
        &format!("{id}\n{id}\n"),
        &format!(" {id}"),
        &format!("{{{id}}}"),
        "<<<<<<< HEAD\n",
    ] {
        fs::write(&file, damaged).unwrap();
        for error in [project.id().unwrap_err(), project.make_id().unwrap_err()] {
            assert!(matches!(error, ProjectError::Identity { .. }), "{error}");
            assert!(!error.to_string().contains('\u{1b}'), "{error}");
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), damaged);
    }
    fs::write(&file, "x".repeat(1 << 20)).unwrap();
    project.make_id().unwrap_err();
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let error = project.make_id().unwrap_err();
    assert!(matches!(error, ProjectError::Kind { .. }), "{error}");
}
