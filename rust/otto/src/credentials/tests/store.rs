//! What is kept.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use age::scrypt;

use super::super::CredentialsError;
use super::super::secrets::BYTES_MAX;
use super::{credentials, exposed, passphrase, secrets};
use crate::screen::Secret;

#[test]
fn what_is_stored_is_read_again_and_added_to_or_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let credentials = credentials(directory.path());
    assert_eq!(credentials.names().unwrap(), [] as [&str; 0]);
    let first = secrets(&[("KEY", "one"), ("EMPTY", ""), ("ÜNI", "a=b\n\"\u{1b}")]);
    credentials
        .save("aws", &passphrase(), first.clone(), false)
        .unwrap();
    assert!(credentials.load("aws", &passphrase()).unwrap() == first);
    let merged = credentials
        .save(
            "aws",
            &passphrase(),
            secrets(&[("KEY", "two"), ("NEW", "3")]),
            false,
        )
        .unwrap();
    let expected = [
        ("EMPTY", ""),
        ("KEY", "two"),
        ("NEW", "3"),
        ("ÜNI", "a=b\n\"\u{1b}"),
    ];
    assert_eq!(exposed(&merged), expected);
    assert_eq!(
        exposed(&credentials.load("aws", &passphrase()).unwrap()),
        expected
    );
    let other = Secret::new("other");
    credentials
        .save("aws", &other, secrets(&[("ONLY", "x")]), true)
        .unwrap();
    assert_eq!(
        exposed(&credentials.load("aws", &other).unwrap()),
        [("ONLY", "x")]
    );
    assert_eq!(credentials.names().unwrap(), ["aws"]);
    credentials.remove("aws").unwrap();
    assert!(matches!(
        credentials.load("aws", &other),
        Err(CredentialsError::Unknown { .. })
    ));
}

#[test]
fn nothing_opens_with_another_passphrase_and_nothing_is_changed_with_one() {
    let directory = tempfile::tempdir().unwrap();
    let credentials = credentials(directory.path());
    credentials
        .save("aws", &passphrase(), secrets(&[("KEY", "one")]), false)
        .unwrap();
    for wrong in ["", "Correct horse", "correct horse "] {
        let wrong = Secret::new(wrong);
        let error = credentials.load("aws", &wrong).unwrap_err();
        assert!(
            matches!(error, CredentialsError::WrongPassphrase { .. }),
            "{error}"
        );
        let error = credentials
            .save("aws", &wrong, secrets(&[("KEY", "two")]), false)
            .unwrap_err();
        assert!(
            matches!(error, CredentialsError::WrongPassphrase { .. }),
            "{error}"
        );
    }
    assert_eq!(
        exposed(&credentials.load("aws", &passphrase()).unwrap()),
        [("KEY", "one")]
    );
}

#[test]
fn a_file_that_was_changed_anywhere_does_not_open() {
    let directory = tempfile::tempdir().unwrap();
    let credentials = credentials(directory.path());
    credentials
        .save("aws", &passphrase(), secrets(&[("KEY", "hunter2")]), false)
        .unwrap();
    let path = directory.path().join("credentials/aws.age");
    let sealed = fs::read(&path).unwrap();
    assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
    let is_refused = |bytes: &[u8], what: &str| {
        fs::write(&path, bytes).unwrap();
        let error = credentials.load("aws", &passphrase()).unwrap_err();
        let is_known = matches!(
            error,
            CredentialsError::Damaged { .. } | CredentialsError::WrongPassphrase { .. }
        );
        assert!(is_known, "{what}: {error:?}");
    };
    for at in (0..sealed.len()).step_by(23) {
        let mut bytes = sealed.clone();
        bytes[at] ^= 1;
        is_refused(&bytes, &format!("the byte {at}"));
    }
    for length in (0..sealed.len()).step_by(61) {
        is_refused(&sealed[..length], &format!("{length} bytes"));
    }
    is_refused(&sealed[..sealed.len() - 1], "all but the last byte");
    is_refused(b"KEY=hunter2\n", "another file");
    fs::write(&path, &sealed).unwrap();
    credentials.load("aws", &passphrase()).unwrap();
}

#[test]
fn a_file_that_is_not_ours_inside_or_too_large_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let credentials = credentials(directory.path());
    fs::create_dir(directory.path().join("credentials")).unwrap();
    let path = directory.path().join("credentials/aws.age");
    let seal = |text: &[u8]| {
        let mut recipient = scrypt::Recipient::new("correct horse".to_owned().into());
        recipient.set_work_factor(2);
        fs::write(&path, age::encrypt(&recipient, text).unwrap()).unwrap();
        credentials.load("aws", &passphrase()).unwrap_err()
    };
    let newer = seal(br#"{"format": 2, "values": {}}"#);
    assert!(
        matches!(
            newer,
            CredentialsError::Format {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{newer}"
    );
    let foreign = seal(br#"{"KEY": "hunter2""#);
    assert!(
        matches!(foreign, CredentialsError::Damaged { .. }),
        "{foreign}"
    );
    assert!(!format!("{foreign:?}").contains("hunter2"));
    let wrong_type = seal(br#"{"format": 1, "values": "hunter2"}"#);
    assert!(!format!("{wrong_type:?}").contains("hunter2"));
    let large = seal(&vec![b' '; BYTES_MAX + 1]);
    assert!(
        matches!(large, CredentialsError::TooLarge { .. }),
        "{large}"
    );
    fs::write(&path, vec![0; 2 * BYTES_MAX]).unwrap();
    let error = credentials.load("aws", &passphrase()).unwrap_err();
    assert!(
        matches!(error, CredentialsError::TooLarge { .. }),
        "{error}"
    );
}

#[test]
fn no_name_leads_out_of_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let credentials = credentials(directory.path());
    let names = ["../../up", "..", "/etc/otto", "a/b", "Prod", "prod"];
    for name in names {
        credentials
            .save(name, &passphrase(), secrets(&[("KEY", name)]), false)
            .unwrap();
    }
    for name in names {
        let loaded = credentials.load(name, &passphrase()).unwrap();
        assert_eq!(exposed(&loaded), [("KEY", name)]);
    }
    let entries = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(entries, 1, "something lies beside the directory");
    let mut sorted = names;
    sorted.sort_unstable();
    assert_eq!(credentials.names().unwrap(), sorted);
}

#[test]
fn nobody_else_can_read_the_files() {
    let directory = tempfile::tempdir().unwrap();
    let credentials = credentials(directory.path());
    let path = directory.path().join("credentials");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    credentials
        .save("aws", &passphrase(), secrets(&[("KEY", "one")]), false)
        .unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.clone()), 0o700);
    assert_eq!(mode(path.join("aws.age")), 0o600);
}

#[test]
fn a_write_that_fails_leaves_the_old_file_whole_and_nothing_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let credentials = credentials(directory.path());
    credentials
        .save("aws", &passphrase(), secrets(&[("KEY", "old")]), false)
        .unwrap();
    let path = directory.path().join("credentials");
    let files = || fs::read_dir(&path).unwrap().count();
    let before = files();
    // A file that was not finished, as of a process that was killed, which cannot be removed.
    let left = path.join(".new-left");
    fs::create_dir(&left).unwrap();
    let error = credentials
        .save("aws", &passphrase(), secrets(&[("KEY", "new")]), false)
        .unwrap_err();
    assert!(
        matches!(
            error,
            CredentialsError::File {
                action: "written",
                ..
            }
        ),
        "{error}"
    );
    let large = secrets(&[("KEY", &"x".repeat(BYTES_MAX))]);
    let error = credentials
        .save("aws", &passphrase(), large, false)
        .unwrap_err();
    assert!(
        matches!(error, CredentialsError::TooLarge { .. }),
        "{error}"
    );
    assert_eq!(
        exposed(&credentials.load("aws", &passphrase()).unwrap()),
        [("KEY", "old")]
    );
    assert_eq!(credentials.names().unwrap(), ["aws"]);
    // One that can be removed is.
    fs::remove_dir(&left).unwrap();
    fs::write(&left, "half").unwrap();
    credentials
        .save("aws", &passphrase(), secrets(&[("KEY", "new")]), false)
        .unwrap();
    assert_eq!(files(), before);
    // A file that cannot be put in its place is not left beside it.
    fs::create_dir(path.join("blocked.age")).unwrap();
    let error = credentials
        .save("blocked", &passphrase(), secrets(&[("KEY", "x")]), true)
        .unwrap_err();
    assert!(matches!(error, CredentialsError::File { .. }), "{error}");
    assert_eq!(files(), before + 1);
}

#[test]
fn several_at_once_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let credentials = credentials(directory.path());
    thread::scope(|scope| {
        for writer in 0..8 {
            let credentials = &credentials;
            scope.spawn(move || {
                let new = secrets(&[(&format!("KEY{writer}"), "x")]);
                credentials.save("aws", &passphrase(), new, false).unwrap();
            });
        }
    });
    assert_eq!(
        credentials
            .load("aws", &passphrase())
            .unwrap()
            .keys()
            .count(),
        8
    );
}

#[test]
fn no_value_is_in_any_debug_output() {
    let debug = format!("{:?}", secrets(&[("KEY", "hunter2")]));
    assert!(
        debug.contains("KEY") && !debug.contains("hunter2"),
        "{debug}"
    );
}
