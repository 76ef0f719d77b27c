//! What four authors try first, and what the first failure tells them.
//!
//! None of these can be a plugin yet. Each block has to say what the program did, and what to do next.

use super::{Run, executable};

/// Runs a case with a program of a shell's, for not too long.
fn run(script: &str, case: &str) -> Run {
    let tmp = tempfile::tempdir().expect("a directory");
    let script = format!("#!/bin/sh\n{script}\n");
    executable(tmp.path(), "otto-app-first", &script);
    let arguments = ["run", "./otto-app-first", "--case", case];
    Run::with(tmp, &[&arguments[..], &["--timeout-scale", "0.2"]].concat())
}

/// What a field of the first block says, with the lines that belong to it.
fn field(run: &Run, name: &str) -> String {
    let lines = run.stderr.lines();
    let mut lines = lines.skip_while(|line| !line.starts_with(&format!("  {name} ")));
    let first = lines.next().unwrap_or_default();
    let rest = lines.take_while(|line| line.starts_with("            "));
    std::iter::once(first).chain(rest).collect()
}

#[track_caller]
fn tells(run: &Run, told: &[(&str, &str)]) {
    run.exits_with(1);
    for (name, what) in told {
        let field = field(run, name);
        assert!(
            field.contains(what),
            "{name} is {field:?}, without {what:?}, in\n{}",
            run.stderr
        );
    }
}

#[test]
fn a_script_that_does_its_work_and_ends_hears_that_a_plugin_stays() {
    let script = "echo Hello from my plugin; echo 'deploying…' >&2";
    tells(
        &run(script, "MET-01"),
        &[
            ("actual", "the plugin exited with status 0"),
            ("stdout", "Hello from my plugin"),
            ("stderr", "deploying…"),
            ("hint", "it ended in the place of serving"),
            ("hint", "OTTO_PLUGIN_MAGIC_COOKIE"),
            ("hint", "OTTO_PLUGIN_FD until its host is gone"),
        ],
    );
    // The same where the case begins with a control.
    tells(
        &run(script, "LIF-03"),
        &[("hint", "it ended in the place of serving")],
    );
}

#[test]
fn a_program_that_ignores_the_socket_hears_where_the_calls_are() {
    tells(
        &run("while read -r call; do :; done; exec sleep 60", "MET-01"),
        &[
            ("actual", "bootstrap: no answer within 2.0 s"),
            ("wire", "-> bootstrap q0"),
            ("hint", "it runs, and has said nothing on the socket"),
            ("hint", "OTTO_PLUGIN_FD: read the calls of the host"),
            ("hint", "standard input and standard output are nothing"),
        ],
    );
}

#[test]
fn a_program_that_lets_go_of_the_socket_hears_that_it_keeps_it() {
    let script = "eval \"exec $OTTO_PLUGIN_FD>&-\"; exec sleep 60";
    tells(
        &run(script, "MET-01"),
        &[
            ("actual", "the connection ended"),
            ("hint", "it runs, and has closed the socket"),
        ],
    );
}

#[test]
fn a_program_that_answers_garbage_hears_what_goes_over_the_socket() {
    for (garbage, shown) in [
        (
            "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n",
            "HTTP/1.1 200 OK",
        ),
        ("{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{}}\\n", "jsonrpc"),
        ("hi\\n", "\"hi\\n\", no whole message"),
    ] {
        for then in ["exec sleep 60", "exit 0"] {
            let script = format!("printf '{garbage}' >&$OTTO_PLUGIN_FD; {then}");
            tells(
                &run(&script, "MET-01"),
                &[
                    ("wire", shown),
                    (
                        "hint",
                        "what it wrote to the socket is no message of Cap'n Proto",
                    ),
                    ("hint", "no text and no JSON"),
                    ("hint", "spec/"),
                ],
            );
        }
    }
}

#[test]
fn a_program_that_crashes_hears_it() {
    tells(
        &run("echo 'no such module' >&2; kill -ABRT $$", "MET-01"),
        &[
            ("actual", "killed by signal 6"),
            ("stderr", "no such module"),
            ("hint", "it crashed while it started"),
        ],
    );
}

#[test]
fn a_plugin_that_forgets_to_exit_hears_when_it_has_to() {
    for (defect, case, expected, hint) in [
        (
            "stays-after-shutdown",
            "LIF-01",
            "exits with status 0 within",
            "exit with 0",
        ),
        (
            "waits-for-the-next-host",
            "LIF-03",
            "exits with status 0 within",
            "there is one host, and it is gone",
        ),
        (
            "waits-if-the-host-never-calls",
            "FDS-03",
            "exits with status 0 within",
            "there is nothing to wait for",
        ),
    ] {
        let run = Run::of_defect(defect, case);
        run.says("still-running");
        tells(
            &run,
            &[
                ("expected", expected),
                ("actual", "is still running"),
                ("hint", hint),
            ],
        );
    }
}
