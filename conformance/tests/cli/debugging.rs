//! Looking closer at a plugin.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use otto_conformance::exit;

use super::{Run, executable, mutant, suite};

#[test]
fn a_plugin_that_is_waited_for_in_vain_is_asked_for_its_stacks() {
    let tmp = tempfile::tempdir().expect("a directory");
    let script = "#!/bin/sh\ntrap 'echo here are the stacks >&2; seq 100 >&2' QUIT\n\
                  echo last words >&2\nwhile :; do sleep 60; done\n";
    executable(tmp.path(), "otto-app-script", script);
    let run = Run::with(
        tmp,
        &[
            "run",
            "./otto-app-script",
            "--case",
            "MET-01",
            "--timeout-scale",
            "0.05",
        ],
    );
    run.exits_with(1)
        .says("no-session")
        .says("last words")
        .says("  stacks    t=")
        .says("here are the stacks")
        .says(" lines in the record");
    let record = run.tmp.path().join("target/otto-conformance/MET-01/stderr");
    let record = fs::read_to_string(record).expect("a record");
    let (before, after) = record.split_once("with SIGQUIT <==\n").expect("a mark");
    assert!(
        before.contains("last words") && after.contains("here are the stacks"),
        "{record}"
    );
}

#[test]
fn a_command_before_the_plugin_runs_it() {
    let mutant = mutant().to_str().expect("a path");
    let wrap = "sh -c 'echo before the plugin >&2; \"$0\"; exit $?'";
    let run = Run::of(&[
        "run",
        mutant,
        "--case",
        "FDS-0[12]",
        "--case",
        "MET-0*",
        "--case",
        "LIF-03",
        "--wrap",
        wrap,
        "--trace",
        "all",
    ]);
    run.exits_with(exit::OK.into());
    let record = run.tmp.path().join("target/otto-conformance/MET-02/stderr");
    let record = fs::read_to_string(record).expect("a record");
    assert_eq!(record.matches("before the plugin").count(), 2, "{record}");
    Run::of(&["run", mutant, "--wrap", "no-such-program-anywhere"])
        .exits_with(exit::USAGE.into())
        .says("no-such-program-anywhere: No such file");
}

#[test]
fn a_person_can_start_the_plugin() {
    let tmp = tempfile::tempdir().expect("a directory");
    let mut suite = suite(tmp.path())
        .args([
            "run",
            "--attach",
            "--case",
            "MET-01",
            "--timeout-scale",
            "0.05",
        ])
        .arg(mutant())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the suite runs");
    let mut lines = BufReader::new(suite.stderr.take().expect("stderr")).lines();
    let mut plugin = Command::new(mutant());
    for line in lines.by_ref().map_while(Result::ok) {
        if let Some(variable) = line.strip_prefix("export ") {
            let (name, value) = variable.split_once('=').expect("a variable");
            plugin.env(name, value);
        } else if line.starts_with("unset ") {
            break;
        }
    }
    let mut plugin = plugin.spawn().expect("the plugin runs");
    let rest: Vec<_> = lines.map_while(Result::ok).collect();
    let code = suite.wait().expect("a status").code();
    assert_eq!(code, Some(exit::OK.into()), "{rest:#?}");
    let left = plugin.wait().expect("a status");
    assert!(left.success(), "it saw the end of the connection: {left}");
}

#[test]
fn what_a_person_cannot_repeat_is_untestable() {
    let mutant = mutant().to_str().expect("a path");
    let run = Run::of(&["run", mutant, "--attach", "--case", "LIF-03"]);
    run.exits_with(exit::NON_CONFORMANT.into())
        .says("UNTESTABLE [")
        .says("LIF-03 looks at the process of the plugin, and so has to start it");
    Run::of(&["run", mutant, "--attach"])
        .exits_with(exit::USAGE.into())
        .says("--attach is for one case");
}

#[test]
fn the_record_of_a_process_has_its_moments() {
    let mutant = mutant().to_str().expect("a path");
    let run = Run::of(&["run", mutant, "--case", "MET-01", "--trace", "all"]);
    run.exits_with(exit::OK.into());
    let record = run
        .tmp
        .path()
        .join("target/otto-conformance/MET-01/process.ndjson");
    let record = fs::read_to_string(record).expect("a record");
    let mut lines = record.lines();
    assert!(
        lines
            .next()
            .is_some_and(|head| head.contains("otto-conformance-process"))
    );
    let connected = lines
        .find(|line| line.contains("connected"))
        .expect("a moment");
    let moment: serde_json::Value = serde_json::from_str(connected).expect("JSON");
    for number in ["pid", "threads", "descriptors", "resident_kib"] {
        assert!(
            moment[number].as_u64().is_some_and(|number| number > 0),
            "{moment}"
        );
    }
}

#[test]
fn no_records_are_left_if_none_are_wanted() {
    let mutant = mutant().to_str().expect("a path");
    let defect = "OTTO_MUTANT=has-no-tuples";
    let run = Run::of(&[
        "run", mutant, "--env", defect, "--case", "MET-01", "--trace", "none",
    ]);
    run.exits_with(exit::NON_CONFORMANT.into());
    assert!(!run.tmp.path().join("target").exists());
}
