//! What is wrong, as a person sees it, compared with the files in `tests/appfile/faults/`.
//!
//! `UPDATE_GOLDEN=1 cargo test -p otto` rewrites those: look at the difference.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use super::{data, written};
use crate::appfile::file::{LARGEST, SETTINGS};
use crate::appfile::{AppfileError, Written};

/// So wide that no path is wrapped, whose length differs from machine to machine.
const WIDTH: usize = 400;

fn rendered(error: &dyn Diagnostic, directory: &Path) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    let mut text = String::new();
    handler
        .with_width(WIDTH)
        .render_report(&mut text, error)
        .unwrap();
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    lines
        .join("\n")
        .replace(directory.to_str().unwrap(), "/home/user/shop")
        + "\n"
}

/// What is wrong with the Appfile of a directory.
fn fault(directory: &Path) -> AppfileError {
    match Written::read(directory).and_then(|written| written.complete()) {
        Err(error) => error,
        Ok(appfile) => panic!("{} is right: {appfile:#?}", directory.display()),
    }
}

#[test]
fn each_fault_is_shown_with_its_line_and_with_help() {
    let mut count = 0;
    for entry in fs::read_dir(data().join("faults")).unwrap() {
        let directory = entry.unwrap().path();
        let shown = rendered(&fault(&directory), &directory);
        assert!(shown.contains("╭─["), "no line is marked:\n{shown}");
        assert!(shown.contains("help:"), "there is no help:\n{shown}");
        let golden = directory.join("expected.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &shown).unwrap();
        }
        assert!(
            fs::read_to_string(&golden).unwrap() == shown,
            "{} differs from what is shown now:\n{shown}",
            golden.display()
        );
        count += 1;
    }
    assert_eq!(count, 43);
}

#[test]
fn no_control_character_of_a_file_reaches_the_terminal() {
    for name in ["control-characters", "names", "crlf"] {
        let directory = data().join("faults").join(name);
        let shown = rendered(&fault(&directory), &directory);
        assert!(shown.contains('\n'));
        let harmful = shown
            .chars()
            .find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
        assert_eq!(harmful, None, "{shown}");
    }
}

#[test]
fn a_file_above_the_limit_is_refused_and_one_at_the_limit_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("Appfile");
    let most = "#".repeat(usize::try_from(LARGEST).unwrap());
    fs::write(&path, &most).unwrap();
    Written::read(dir.path()).unwrap();
    fs::write(&path, most + "#").unwrap();
    let error = Written::read(dir.path()).unwrap_err();
    assert!(matches!(error, AppfileError::TooLarge { .. }), "{error}");
}

#[test]
fn a_file_that_says_more_than_the_limit_is_refused_and_one_at_the_limit_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("Appfile");
    let keys: String = (1..SETTINGS).map(|key| format!("key{key} = 1\n")).collect();
    let most = format!("customization {{\n a = {{\n{keys}}}\n}}\n");
    fs::write(&path, &most).unwrap();
    Written::read(dir.path()).unwrap();
    fs::write(&path, most + "# :").unwrap();
    let error = Written::read(dir.path()).unwrap_err();
    assert!(matches!(error, AppfileError::TooMany { .. }), "{error}");
}

#[test]
fn what_is_named_like_an_appfile_and_is_none_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("Appfile");
    fs::create_dir(&path).unwrap();
    let error = Written::read(dir.path()).unwrap_err();
    assert!(matches!(error, AppfileError::NotFile { .. }), "{error}");
    fs::remove_dir(&path).unwrap();
    std::os::unix::fs::symlink("nowhere", &path).unwrap();
    let error = Written::read(dir.path()).unwrap_err();
    assert!(matches!(error, AppfileError::Unreadable { .. }), "{error}");
}

#[test]
fn a_directory_that_gives_no_name_is_an_error_that_says_what_to_write() {
    let error = Written::read(Path::new("/"))
        .unwrap()
        .complete()
        .unwrap_err();
    assert!(
        matches!(error, AppfileError::DirectoryName { .. }),
        "{error}"
    );
    assert!(error.help().unwrap().to_string().contains("application {"));
    let dir = tempfile::tempdir().unwrap();
    let odd = dir.path().join("a\nb");
    fs::create_dir(&odd).unwrap();
    let error = fault(&odd);
    assert!(error.to_string().contains("a\\u{a}b"), "{error}");
    let foreign = dir.path().join(std::ffi::OsStr::from_bytes(b"a\xff"));
    fs::create_dir(&foreign).unwrap();
    let error = fault(&foreign);
    assert!(matches!(error, AppfileError::Path { .. }), "{error}");
}

#[test]
fn a_directory_without_a_name_is_fine_if_everything_has_one() {
    let (_dir, written) = written(
        "application {\n name = \"a\"\n}\nproject {\n name = \"b\"\n}\ninfrastructure \"c\" {}\n",
    );
    let mut elsewhere = written;
    elsewhere.appfile.path = "/Appfile".into();
    assert_eq!(
        elsewhere
            .complete()
            .unwrap()
            .project
            .unwrap()
            .infrastructure,
        "c"
    );
}

#[test]
fn a_chain_of_imports_that_doubles_each_time_ends() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..40 {
        let next = number + 1;
        let text = format!("import \"{next}\" {{}}\nimport \"./{next}\" {{}}\n");
        fs::write(dir.path().join(number.to_string()), text).unwrap();
    }
    fs::write(dir.path().join("40"), "").unwrap();
    fs::write(dir.path().join("Appfile"), "import \"0\" {}\n").unwrap();
    let error = fault(dir.path());
    let AppfileError::Faults(faults) = error else {
        panic!("{error}");
    };
    let first = faults.faults[0].to_string();
    assert!(first.contains("100 files were read"), "{first}");
}

#[test]
fn every_cut_of_an_appfile_is_read_or_refused() {
    let text = fs::read_to_string(data().join("good/Appfile")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    for (end, _) in text.char_indices() {
        fs::write(dir.path().join("Appfile"), &text[..end]).unwrap();
        if let Err(error) = Written::read(dir.path()) {
            rendered(&error, dir.path());
        }
    }
}
