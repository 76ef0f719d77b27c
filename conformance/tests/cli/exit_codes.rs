//! Each exit code means what the documentation says.

use std::fs;
use std::path::Path;

use super::{Run, executable, mutant};
use otto_conformance::{catalogue, exit};

fn of_file(content: &str, mode_of_a_program: bool) -> Run {
    let tmp = tempfile::tempdir().expect("a directory");
    let path = tmp.path().join("otto-app-x");
    if mode_of_a_program {
        executable(tmp.path(), "otto-app-x", content);
    } else {
        fs::write(&path, content).expect("a file");
    }
    Run::with(tmp, &["run", "./otto-app-x"])
}

#[test]
fn a_conformant_plugin_is_0() {
    let run = Run::of(&["run", mutant().to_str().expect("a path")]);
    run.exits_with(exit::OK.into());
    let last = run.stderr.lines().last().expect("a line");
    let all = catalogue::cases().len();
    let end = format!("{all} cases run: {all} passed");
    assert!(last.trim_start().starts_with("Summary") && last.ends_with(&end));
    assert!(run.leftovers().is_empty(), "{:?}", run.leftovers());
    assert!(
        !run.tmp.path().join("target").exists(),
        "a run that passes leaves no artefacts"
    );
}

#[test]
fn a_failed_case_is_1() {
    let run = Run::of_defect("silent-without-cookie", "DIR-02");
    run.exits_with(exit::NON_CONFORMANT.into())
        .says("1 case run: 0 passed, 1 failed");
}

#[test]
fn what_a_plugin_should_do_is_a_warning_unless_that_is_not_wanted() {
    let run = Run::of_defect("fails-at-an-unknown-call", "ERR-06");
    run.exits_with(exit::OK.into())
        .says("WARN [")
        .says("exception-type")
        .says("1 case run: 0 passed, 1 warned");
    let mutant = mutant().to_str().expect("a path");
    let defect = "OTTO_MUTANT=fails-at-an-unknown-call";
    let run = Run::of(&[
        "run", mutant, "--env", defect, "--case", "ERR-06", "--strict",
    ]);
    run.exits_with(exit::NON_CONFORMANT.into())
        .says("FAIL [")
        .says("ERR-06 --env 'OTTO_MUTANT=fails-at-an-unknown-call' --strict --seed");
}

#[test]
fn an_unknown_case_is_2() {
    let run = Run::of(&[
        "run",
        mutant().to_str().expect("a path"),
        "--case",
        "DIR-99",
    ]);
    run.exits_with(exit::USAGE.into())
        .says("there is no case DIR-99");
    Run::of(&["explain", "DIR-99"]).exits_with(exit::USAGE.into());
}

#[test]
fn a_pattern_that_matches_nothing_is_2() {
    let mutant = mutant().to_str().expect("a path");
    Run::of(&["run", mutant, "--case", "MET-01", "--case", "XYZ-*"])
        .exits_with(exit::USAGE.into())
        .says("XYZ-* matches no case");
    Run::of(&["run", mutant, "--case", "MET-*"])
        .exits_with(exit::OK.into())
        .says("MET-02");
}

#[test]
fn a_failure_that_is_none_alone_is_1_all_the_same() {
    let tmp = tempfile::tempdir().expect("a directory");
    let (once, mutant) = (tmp.path().join("once"), mutant().display());
    let script = format!(
        "#!/bin/sh\n[ \"$OTTO_PLUGIN_FD\" ] && mkdir {} 2>/dev/null && exit 3\nexec {mutant}\n",
        once.display()
    );
    executable(tmp.path(), "otto-app-mutant", &script);
    let both = [
        "run",
        "./otto-app-mutant",
        "--jobs",
        "2",
        "--case",
        "MET-0[12]",
    ];
    let run = Run::with(tmp, &both);
    run.exits_with(exit::NON_CONFORMANT.into())
        .says("TRY 1 NOT-RUN [")
        .says("FLAKY-SUSPECT [")
        .says("the plugin exited with status 3")
        .says("2 cases run: 1 passed, 1 failed only beside others");
}

#[test]
fn a_plugin_that_dies_by_a_signal_is_1() {
    let tmp = tempfile::tempdir().expect("a directory");
    executable(tmp.path(), "otto-app-x", "#!/bin/sh\nkill -SEGV $$\n");
    let run = Run::with(tmp, &["run", "./otto-app-x"]);
    run.exits_with(exit::NON_CONFORMANT.into())
        .says("NOT-RUN [")
        .says("killed by signal 11 (SIGSEGV)");
}

#[test]
fn a_command_line_without_sense_is_2() {
    Run::of(&["run"]).exits_with(exit::USAGE.into());
    Run::of(&["frobnicate"]).exits_with(exit::USAGE.into());
    let reserved = ["run", "x", "--env", "OTTO_PLUGIN_FD=3"];
    Run::of(&reserved)
        .exits_with(exit::USAGE.into())
        .says("set by them");
    Run::of(&["run", "x", "--timeout-scale", "0"]).exits_with(exit::USAGE.into());
}

#[test]
fn a_plugin_that_is_not_there_is_2() {
    Run::of(&["run", "./otto-app-x"])
        .exits_with(exit::USAGE.into())
        .says("No such file");
    Run::of(&["run", "otto-app-x"])
        .exits_with(exit::USAGE.into())
        .says("no such program on PATH");
    Run::of(&["run", "/"])
        .exits_with(exit::USAGE.into())
        .says("a directory");
}

#[test]
fn a_name_is_looked_up_on_path_and_not_here() {
    let tmp = tempfile::tempdir().expect("a directory");
    executable(tmp.path(), "otto-app-x", "#!/bin/sh\n");
    let run = Run::with(tmp, &["run", "otto-app-x"]);
    run.exits_with(exit::USAGE.into())
        .says("did you mean ./otto-app-x?");
}

#[test]
fn a_plugin_that_cannot_be_executed_is_2() {
    of_file("#!/bin/sh\n", false)
        .exits_with(exit::USAGE.into())
        .says("not executable");
    let run = of_file("#!/nowhere/sh\n", true);
    run.exits_with(exit::USAGE.into())
        .says("its interpreter /nowhere/sh does not exist");
    of_file("no program\n", true)
        .exits_with(exit::USAGE.into())
        .says("Exec format error");
}

#[test]
fn a_suite_that_cannot_work_is_3() {
    let tmp = tempfile::tempdir().expect("a directory");
    let output = super::suite(tmp.path())
        .env("TMPDIR", Path::new("/nowhere"))
        .arg("run")
        .arg(mutant())
        .output()
        .expect("the suite runs");
    assert_eq!(output.status.code(), Some(exit::HARNESS.into()));
}
