use std::fs;
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;

fn file() -> (TempDir, TrustFile) {
    let directory = tempfile::tempdir().unwrap();
    let file = TrustFile {
        path: directory.path().join("otto/trusted.toml"),
        lock: directory.path().join("otto/trusted.lock"),
        patience: PATIENCE,
    };
    (directory, file)
}

fn hash(first: u8) -> FileHash {
    format!("{first:02x}{}", "00".repeat(31)).parse().unwrap()
}

#[test]
fn nothing_is_trusted_before_the_user_says_so() {
    let (directory, file) = file();
    assert!(!file.read().unwrap().has(hash(1)));
    // To look leaves nothing behind.
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn what_is_trusted_stays_so_until_it_is_not() {
    let (_directory, file) = file();
    assert!(file.add(Path::new("/a/otto-app-x"), hash(1)).unwrap());
    assert!(file.add(Path::new("/b/otto-app-y"), hash(2)).unwrap());
    // The same contents elsewhere are trusted already.
    assert!(!file.add(Path::new("/c/otto-app-x"), hash(1)).unwrap());
    let trust = file.read().unwrap();
    assert!(trust.has(hash(1)) && trust.has(hash(2)) && !trust.has(hash(3)));
    assert_eq!(trust.plugins[0].path, "/a/otto-app-x");
    assert!(trust.plugins[0].since.ends_with('Z'));

    let removed = file.remove(|it| it.sha256 == hash(1)).unwrap();
    assert_eq!(removed[0].path, "/a/otto-app-x");
    assert!(file.remove(|it| it.sha256 == hash(1)).unwrap().is_empty());
    let trust = file.read().unwrap();
    assert!(!trust.has(hash(1)) && trust.has(hash(2)));
}

#[test]
fn the_file_is_the_users_alone() {
    let (directory, file) = file();
    file.add(Path::new("/a"), hash(1)).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory.path().join("otto")), 0o700);
    assert_eq!(mode(&file.path), 0o600);
    assert_eq!(mode(&file.lock), 0o600);
    for exposed in [0o620, 0o602] {
        fs::set_permissions(&file.path, fs::Permissions::from_mode(exposed)).unwrap();
        let error = file.read().unwrap_err();
        assert!(matches!(error, TrustError::Exposed { .. }), "{error}");
        assert!(error.to_string().contains(&format!("0{exposed:o}")));
    }
}

#[test]
fn a_damaged_file_is_an_error_that_shows_the_place_and_is_left_alone() {
    let (_directory, file) = file();
    file.add(Path::new("/a"), hash(1)).unwrap();
    let good = fs::read_to_string(&file.path).unwrap();
    for damaged in [
        good.replace("00", "zz"),
        good.replace("since", "until"),
        good.replace("sha256", "sha1"),
        good.replace("[[plugin]]", "[[plugin"),
        good.replace("[[plugin]]", "[[plugins]]"),
    ] {
        fs::write(&file.path, &damaged).unwrap();
        for error in [
            file.read().unwrap_err(),
            file.add(Path::new("/b"), hash(2)).unwrap_err(),
            file.remove(|_| true).unwrap_err(),
        ] {
            let TrustError::Invalid { at, .. } = error else {
                panic!("{error}");
            };
            assert!(at.is_some(), "{damaged}");
        }
        assert_eq!(fs::read_to_string(&file.path).unwrap(), damaged);
    }
}

#[test]
fn what_many_trust_at_once_is_all_there() {
    let (_directory, file) = file();
    thread::scope(|scope| {
        for number in 0..16 {
            let file = file.clone();
            scope.spawn(move || file.add(Path::new("/x"), hash(number)).unwrap());
        }
    });
    let trust = file.read().unwrap();
    assert!((0..16).all(|number| trust.has(hash(number))));
}

#[test]
fn another_otto_is_waited_for_but_not_for_ever() {
    let (_directory, mut file) = file();
    file.add(Path::new("/a"), hash(1)).unwrap();
    let held = file.lock().unwrap();
    let waiting = thread::spawn({
        let file = file.clone();
        move || file.add(Path::new("/b"), hash(2)).unwrap()
    });
    file.patience = Duration::ZERO;
    let error = file.add(Path::new("/c"), hash(3)).unwrap_err();
    assert!(matches!(error, TrustError::Locked { .. }), "{error}");
    // To look needs no lock.
    assert!(file.read().unwrap().has(hash(1)));
    drop(held);
    assert!(waiting.join().unwrap());
    let trust = file.read().unwrap();
    assert!(trust.has(hash(2)) && !trust.has(hash(3)));
}

#[test]
fn a_file_that_cannot_be_written_or_read_is_an_error_that_names_it() {
    let (directory, file) = file();
    fs::write(directory.path().join("otto"), "no directory").unwrap();
    let error = file.add(Path::new("/a"), hash(1)).unwrap_err();
    assert!(matches!(error, TrustError::Unwritable { .. }), "{error}");
    let error = file.read().unwrap_err();
    assert!(matches!(error, TrustError::Unreadable { .. }), "{error}");
    assert!(error.to_string().contains("trusted.toml"), "{error}");
}
