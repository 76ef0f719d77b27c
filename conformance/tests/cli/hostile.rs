//! Programs that are no plugins at all.

use super::{Run, executable};

fn run(script: &str, case: &str) -> Run {
    let tmp = tempfile::tempdir().expect("a directory");
    executable(
        tmp.path(),
        "otto-app-script",
        &format!("#!/bin/sh\n{script}\n"),
    );
    Run::with(
        tmp,
        &[
            "run",
            "./otto-app-script",
            "--case",
            case,
            "--timeout-scale",
            "0.2",
        ],
    )
}

#[test]
fn a_program_that_prints_and_exits_is_no_session() {
    let run = run("echo hello; echo trouble >&2; exit 7", "MET-01");
    run.exits_with(1)
        .says("no-session")
        .says("the plugin exited with status 7")
        .says("trouble")
        .says("hello");
}

#[test]
fn junk_on_the_socket_is_shown_escaped() {
    let run = run(
        "printf 'Welcome!\\033[2J to the server' >&$OTTO_PLUGIN_FD; sleep 60",
        "BST-01",
    );
    run.exits_with(1)
        .says("not-answered")
        .says("not Cap'n Proto: \"Welcome!\\x1b[2J to");
}

#[test]
fn a_message_that_never_ends_is_shown_as_far_as_it_came() {
    let run = run(
        "printf '\\0\\0\\0\\0\\7\\0\\0\\0abc' >&$OTTO_PLUGIN_FD; sleep 60",
        "MET-02",
    );
    run.exits_with(1)
        .says("no-session")
        .says("abc\", no whole message");
}

#[test]
fn death_by_a_signal_is_named() {
    run("kill -SEGV $$", "MET-01")
        .exits_with(1)
        .says("killed by signal 11");
}

#[test]
fn a_flood_on_both_streams_is_read_and_cut() {
    let run = run("yes flood >&2 & yes; sleep 60", "MET-01");
    run.exits_with(1).says("no-session").says("flood");
    let record = run.tmp.path().join("target/otto-conformance/MET-01/stdout");
    let size = std::fs::metadata(record).expect("a record").len();
    assert!(size < 1 << 20, "{size} bytes were kept");
}
