//! Recordings as files: what is printed of one, and of what is none.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{print, support, text};

/// The session of `otto-app-hello` in the case MET-01.
const HELLO: &str = include_str!("hello.ndjson");

/// What is printed of a file with this in it: the status, the output, and what is said beside it.
fn printed(content: &[u8], options: &[&str]) -> (Option<i32>, String, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("wire.ndjson");
    fs::write(&file, content).expect("a file");
    let output = print(&file, options);
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn a_session_is_printed_for_people() {
    let (code, out, err) = printed(HELLO.as_bytes(), &[]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(out, include_str!("hello.txt"));
}

#[test]
fn colours_are_for_terminals_and_for_whoever_asks() {
    let (_, plain, _) = printed(HELLO.as_bytes(), &[]);
    assert!(!plain.contains('\x1b'));
    let (_, coloured, _) = printed(HELLO.as_bytes(), &["--color", "always"]);
    assert!(coloured.contains("\x1b[1mcall"), "{coloured}");
    let stripped = anstream::adapter::strip_str(&coloured).to_string();
    assert_eq!(stripped, plain);
}

#[test]
fn a_session_is_printed_for_programs() {
    let (code, out, _) = printed(HELLO.as_bytes(), &["--format", "json"]);
    assert_eq!(code, Some(0));
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), HELLO.lines().count() + 1);
    assert!(lines.iter().all(|line| line["format"] == 1), "{out}");
    assert_eq!(lines[0]["type"], "recording");
    assert_eq!(lines[0]["case"], "MET-01");
    let of = |kind: &str, method: &str| {
        let line = lines.iter().find(|line| {
            line["kind"] == kind && [&line["method"], &line["asked"]].contains(&&method.into())
        });
        line.expect(method)
    };
    assert_eq!(
        of("call", "connect")["content"]["host"]["name"],
        "otto-conformance"
    );
    let answer = of("return", "App.meta");
    assert_eq!(answer["content"]["meta"]["tuples"][0]["app"], "hello");
    assert!(
        answer["after"].as_f64().is_some_and(|after| after > 0.0),
        "{answer}"
    );
    let end = lines.last().expect("an end");
    assert_eq!(end["type"], "end");
    assert_eq!(end["unanswered"], Value::Array(Vec::new()));
    assert_eq!(end["held"][0]["interface"], "Log");
}

#[test]
fn a_recording_that_breaks_off_is_printed_as_far_as_it_goes() {
    for end in [HELLO.len() - 30, HELLO.len() * 2 / 3, HELLO.len() / 3] {
        let (code, out, _) = printed(&HELLO.as_bytes()[..end], &[]);
        assert_eq!(code, Some(0));
        let last = HELLO[..end].lines().count();
        assert!(
            out.contains(&format!("line {last} is not one of a recording")),
            "{out}"
        );
        assert!(out.contains("bootstrap     q0"), "{out}");
    }
}

#[test]
fn bytes_of_any_kind_in_a_recording_are_printed_without_a_panic_and_escaped() {
    let mut state = 0x5eed_u64;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap_or_default()
    };
    let head = HELLO.find('\n').expect("a line") + 1;
    for _ in 0..40 {
        let mut bytes = HELLO.as_bytes().to_vec();
        for _ in 0..200 {
            let at = head + random() % (bytes.len() - head);
            bytes[at] = [b'"', b'{', 0x1b, 0xff, b'9', b','][random() % 6];
        }
        let (code, out, err) = printed(&bytes, &[]);
        assert_eq!(code, Some(0), "{err}");
        assert!(!out.contains('\x1b') && err.is_empty(), "{out}{err}");
        let (code, out, err) = printed(&bytes, &["--format", "json"]);
        assert_eq!(code, Some(0), "{err}");
        assert!(!out.contains('\x1b') && err.is_empty(), "{out}{err}");
    }
}

#[test]
fn names_in_a_recording_do_not_reach_a_terminal_as_they_are() {
    let hostile = HELLO
        .replace("\"case\"", r#""\u001b[2Jrun""#)
        .replace("meta", r"\u009b31m");
    let (_, out, _) = printed(hostile.as_bytes(), &[]);
    assert!(
        out.contains("\\u{1b}[2Jrun") && out.contains("\\u{9b}31m"),
        "{out}"
    );
    assert!(!out.contains(['\x1b', '\u{9b}']), "{out}");
}

#[test]
fn what_is_no_recording_is_an_error_of_the_command_line() {
    for (content, why) in [
        ("", "it is empty"),
        ("hello\n", "its first line is not that of a recording"),
        (
            "{\"format\":\"otto-conformance-wire\",\"version\":2}\n",
            "version 2",
        ),
    ] {
        let (code, out, err) = printed(content.as_bytes(), &[]);
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert!(err.contains("wire.ndjson: ") && err.contains(why), "{err}");
    }
    let missing = print(Path::new("/nowhere/wire.ndjson"), &[]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("/nowhere/wire.ndjson: "));
}

#[test]
fn a_launcher_never_takes_the_place_of_its_plugin() {
    let directory = tempfile::tempdir().expect("a directory");
    let plugin = super::executable(directory.path(), "otto-app-x", "exit 0");
    let output = support::suite(directory.path())
        .args(["trace", "record", "--in", "."])
        .arg(&plugin)
        .output()
        .expect("the suite runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("choose another directory"));
    assert_eq!(
        fs::read_to_string(&plugin).expect("a script"),
        "#!/bin/sh\nexit 0\n"
    );
}
