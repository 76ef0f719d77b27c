//! Programs that are no plugins at all.

use capnp::message::Builder;
use capnp::serialize;
use capnp_rpc::rpc_capnp::message;

use super::{Run, executable, mutant};

/// Runs a case that waits for the script in vain, for not too long.
fn run(script: &str, case: &str) -> Run {
    run_in(
        tempfile::tempdir().expect("a directory"),
        script,
        case,
        "0.2",
    )
}

fn run_in(tmp: tempfile::TempDir, script: &str, case: &str, scale: &str) -> Run {
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
            scale,
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
fn a_program_that_says_nothing_is_waited_for_once() {
    let tmp = tempfile::tempdir().expect("a directory");
    let script = "#!/bin/sh\nexec sleep 60\n";
    executable(tmp.path(), "otto-app-script", script);
    let run = Run::with(
        tmp,
        &[
            "run",
            "./otto-app-script",
            "--timeout-scale",
            "0.05",
            "--jobs",
            "1",
        ],
    );
    run.exits_with(1)
        .says("DIR-02 tells a person what it is")
        .says("the control, the same start with the cookie, answers meta")
        .says("an ordinary start fails, as in DIR-02");
    let told = "not tried: in LNC-04, an ordinary start was not answered within 0.5 s";
    let skipped = run.stderr.matches(told).count();
    assert!(skipped > 20, "{skipped} cases did not wait\n{}", run.stderr);
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

#[test]
fn a_child_that_writes_for_ever_does_not_hold_the_suite() {
    let run = run("yes & exit 0", "MET-01");
    run.exits_with(1).says("the plugin exited with status 0");
}

#[test]
fn a_flood_of_questions_ends_the_connection() {
    let mut frames = Vec::new();
    for question in 1..30_000 {
        let mut message = Builder::new_default();
        let bootstrap = message.init_root::<message::Builder<'_>>().init_bootstrap();
        { bootstrap }.set_question_id(question);
        frames.extend(serialize::write_message_to_words(&message));
    }
    let tmp = tempfile::tempdir().expect("a directory");
    let path = tmp.path().join("frames");
    std::fs::write(&path, frames).expect("a file");
    let script = format!("cat '{}' >&$OTTO_PLUGIN_FD; sleep 60", path.display());
    // It is the flood that ends the case.
    let run = run_in(tmp, &script, "MET-01", "10");
    run.exits_with(1)
        .says("no-session")
        .says("than anybody asked for");
}

/// The mutant, behind a script.
fn mutant_after(tmp: &tempfile::TempDir, script: &str) {
    let mutant = mutant().display();
    let script = format!("#!/bin/sh\n{script}\nexec '{mutant}'\n");
    executable(tmp.path(), "otto-app-mutant", &script);
}

#[test]
fn a_start_that_is_missed_once_costs_its_own_case_alone() {
    let tmp = tempfile::tempdir().expect("a directory");
    let stalled = tmp.path().join("stalled");
    let script = format!(
        "test -n \"$OTTO_PLUGIN_MAGIC_COOKIE\" && mkdir '{}' 2> /dev/null && exec sleep 60",
        stalled.display()
    );
    mutant_after(&tmp, &script);
    let cases = ["MET-01", "MET-02", "MET-03", "BST-02"].map(|case| ["--case", case]);
    let mut arguments = vec!["run", "./otto-app-mutant", "--jobs", "1"];
    arguments.extend(["--timeout-scale", "0.3"]);
    arguments.extend(cases.as_flattened());
    let run = Run::with(tmp, &arguments);
    run.exits_with(1).says("4 cases run: 3 passed, 1 not run");
}

#[test]
fn how_much_there_is_to_do_fails_nothing() {
    let tmp = tempfile::tempdir().expect("a directory");
    mutant_after(&tmp, "sleep 0.1");
    // 60 lives take longer than the row gives to one, which is 6 s here.
    let run = Run::with(
        tmp,
        &[
            "run",
            "./otto-app-mutant",
            "--case",
            "LIF-01",
            "--lives",
            "60",
            "--timeout-scale",
            "0.1",
        ],
    );
    run.exits_with(0).says("1 case run: 1 passed");
}
