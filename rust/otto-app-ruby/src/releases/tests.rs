//! What becomes of a directory that is deployed to.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{KEPT, Locked, Release, Site};
use crate::archive::Digest;
use crate::problem::{Problem, Reason};

fn site() -> (TempDir, Site) {
    let directory = tempfile::tempdir().unwrap();
    let site = Site::new(directory.path().join("a/b/shop"), "app-1");
    (directory, site)
}

fn add(locked: &Locked, contents: &str) -> Result<Release, Problem> {
    let digest = Digest {
        size: 1,
        sha256: "0123456789abcdef".into(),
    };
    locked.add(&digest, |dir| {
        dir.write("app.rb", contents).unwrap();
        match contents {
            "broken" => Err(Problem::invalid("broken", "")),
            _ => Ok(()),
        }
    })
}

fn deploy(site: &Site, contents: &str) -> Release {
    let locked = site.lock().unwrap();
    let release = add(&locked, contents).unwrap();
    locked.switch(&release).unwrap();
    locked.prune().unwrap();
    release
}

fn numbers(site: &Site) -> Vec<u64> {
    let releases = site.status().unwrap().releases;
    releases.iter().map(|release| release.number).collect()
}

/// Every path below a directory.
fn paths(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                directories.push(path.clone());
            }
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn the_newest_release_is_used_and_five_are_kept() {
    let (_directory, site) = site();
    assert_eq!(site.status().unwrap().current, None);
    for number in 1..=6 {
        let release = deploy(&site, &number.to_string());
        assert_eq!(site.status().unwrap().current, Some(release));
        let app = fs::read_to_string(site.current().join("app.rb")).unwrap();
        assert_eq!(app, number.to_string());
    }
    assert_eq!(numbers(&site), [2, 3, 4, 5, 6]);
    let names: Vec<_> = fs::read_dir(site.path().join("releases"))
        .unwrap()
        .collect();
    assert_eq!(names.len(), KEPT);
}

#[test]
fn an_old_release_that_is_used_is_kept_as_well() {
    let (_directory, site) = site();
    let first = deploy(&site, "1");
    let locked = site.lock().unwrap();
    for _ in 0..6 {
        add(&locked, "x").unwrap();
    }
    assert_eq!(locked.prune().unwrap().len(), 1);
    drop(locked);
    assert_eq!(numbers(&site), [1, 3, 4, 5, 6, 7]);
    assert_eq!(site.status().unwrap().current, Some(first));
}

#[test]
fn a_release_that_fails_leaves_nothing_whether_it_is_the_first_or_not() {
    let (directory, site) = site();
    let locked = site.lock().unwrap();
    add(&locked, "broken").unwrap_err();
    drop(locked);
    assert!(paths(directory.path()).is_empty());

    deploy(&site, "1");
    let before = paths(directory.path());
    let locked = site.lock().unwrap();
    add(&locked, "broken").unwrap_err();
    drop(locked);
    assert_eq!(paths(directory.path()), before);
}

#[test]
fn what_a_killed_deploy_has_left_is_removed_by_the_next_one() {
    let (_directory, site) = site();
    deploy(&site, "1");
    let releases = site.path().join("releases");
    for name in [".new-000002-0123456789ab", ".old-000000-0123456789ab"] {
        fs::create_dir(releases.join(name)).unwrap();
        fs::write(releases.join(name).join("file"), "").unwrap();
    }
    symlink("nowhere", site.path().join(".new-current")).unwrap();
    deploy(&site, "2");
    assert_eq!(numbers(&site), [1, 2]);
    assert_eq!(fs::read_dir(releases).unwrap().count(), 2);
    assert_eq!(fs::read_dir(site.path()).unwrap().count(), 3);
}

#[test]
fn two_do_not_deploy_at_once() {
    let (_directory, site) = site();
    let locked = site.lock().unwrap();
    let problem = site.lock().unwrap_err();
    assert_eq!(problem.reason, Reason::Conflict);
    assert!(problem.message.contains("another deploy"));
    drop(locked);
    site.lock().unwrap();
}

#[test]
fn many_who_come_at_once_get_the_lock_one_at_a_time() {
    let (directory, site) = site();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let site = site.clone();
            std::thread::spawn(move || {
                let mut added = 0;
                while added < 5 {
                    // Some of them make the directory, and remove it again.
                    match site.lock() {
                        Ok(locked) => {
                            add(&locked, "broken").unwrap_err();
                            added += 1;
                        }
                        Err(problem) => assert_eq!(problem.reason, Reason::Conflict),
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    // One that made the directory for another to lock may have left it.
    for path in paths(directory.path()) {
        assert!(site.path().starts_with(path));
    }
}

#[test]
fn the_directory_of_another_is_left_alone() {
    let (_directory, site) = site();
    fs::create_dir_all(site.path()).unwrap();
    fs::write(site.path().join("letter.txt"), "dear").unwrap();
    assert_eq!(site.lock().unwrap_err().reason, Reason::Denied);
    fs::remove_file(site.path().join("letter.txt")).unwrap();

    deploy(&site, "1");
    let other = Site::new(site.path(), "app-2");
    let problem = other.lock().unwrap_err();
    assert_eq!(problem.reason, Reason::Denied);
    assert!(problem.message.contains("`app-1`"));
    assert_eq!(numbers(&site), [1]);
}

#[test]
fn destroy_removes_what_was_deployed_and_nothing_else() {
    let (directory, site) = site();
    fs::create_dir_all(directory.path().join("a/b")).unwrap();
    deploy(&site, "1");
    deploy(&site, "2");
    site.lock().unwrap().destroy().unwrap();
    assert_eq!(
        paths(directory.path()),
        [directory.path().join("a"), directory.path().join("a/b")]
    );
    assert!(site.lock_if_present().unwrap().is_none());

    deploy(&site, "1");
    fs::write(site.path().join("letter.txt"), "dear").unwrap();
    site.lock().unwrap().destroy().unwrap();
    let left: Vec<_> = fs::read_dir(site.path()).unwrap().collect();
    assert_eq!(left.len(), 1);
}

#[test]
fn a_link_that_leads_elsewhere_is_an_error() {
    let (_directory, site) = site();
    deploy(&site, "1");
    for target in ["releases/000009-0123456789ab", "/etc", "releases/../.."] {
        fs::remove_file(site.current()).unwrap();
        symlink(target, site.current()).unwrap();
        assert_eq!(site.status().unwrap_err().reason, Reason::Invalid);
    }
}

#[test]
fn what_lies_in_the_way_is_an_error_and_stays() {
    let (directory, site) = site();
    fs::write(directory.path().join("a"), "").unwrap();
    assert_eq!(site.lock().unwrap_err().reason, Reason::Unavailable);
    assert_eq!(paths(directory.path()), [directory.path().join("a")]);
}
