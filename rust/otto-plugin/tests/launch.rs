//! What a plugin does when it is not started by a host, or by a broken one.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod support;

use std::process::{Command, Output, Stdio};

use support::example;

const COOKIE: &str = "11aab7ff21cb9ff7b0e9975d53f17a8dab571eac9b5ff0191730046698f07b7f";

fn started(variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(example("otto-app-hello"));
    command.env_remove("OTTO_PLUGIN_MAGIC_COOKIE");
    command.envs(variables.iter().copied()).stdin(Stdio::null());
    command.output().unwrap()
}

#[test]
fn a_person_who_starts_a_plugin_is_told_in_three_lines() {
    for variables in [
        &[][..],
        &[("OTTO_PLUGIN_MAGIC_COOKIE", "")],
        &[("OTTO_PLUGIN_MAGIC_COOKIE", "11aab7ff")],
    ] {
        let output = started(variables);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(output.stdout, b"");
        let expected = "This binary is an Otto plugin. These are not meant to be\n\
                        executed directly. Please execute `otto`, which will load\n\
                        any plugins automatically.\n";
        assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    }
}

#[test]
fn a_plugin_without_a_connection_says_so_in_one_line() {
    let output = started(&[("OTTO_PLUGIN_MAGIC_COOKIE", COOKIE)]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), text.lines().count()),
        (Some(1), 1),
        "{text}"
    );
    assert!(text.contains("OTTO_PLUGIN_FD"), "{text}");
}

#[test]
fn a_descriptor_that_is_no_socket_is_named() {
    for (value, why) in [
        ("", "not a number"),
        ("three", "not a number"),
        ("-1", "not a number"),
        ("99999999999", "not a number"),
        ("2", "standard streams"),
        ("977", "os error 9"),
    ] {
        let output = started(&[
            ("OTTO_PLUGIN_MAGIC_COOKIE", COOKIE),
            ("OTTO_PLUGIN_FD", value),
        ]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), text.lines().count()),
            (Some(1), 1),
            "{text}"
        );
        assert!(
            text.contains("OTTO_PLUGIN_FD") && text.contains(why),
            "{value}: {text}"
        );
        assert!(text.contains(&format!("{value:?}")), "{value}: {text}");
    }
}
