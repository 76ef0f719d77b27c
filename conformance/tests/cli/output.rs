//! What people see, and what is left for them.

use std::fs;

use otto_conformance::catalogue;
use serde_json::Value;

use super::{Run, mutant};

#[test]
fn a_failure_tells_everything_that_is_known() {
    let run = Run::of_defect("waits-for-the-next-host", "LIF-03");
    run.exits_with(1)
        .says("FAIL [")
        .says("] LIF-03 exits when the connection is lost")
        .says("still-running")
        .says("LI-2 \"A plugin MUST exit within 5 s of losing its connection")
        .says("ended the connection (end of file)")
        .says("exits with status 0 within 1.5 s")
        .says("listening on tcp port ")
        .says("the same start with the connection left open: answered meta after ")
        .says("-> bootstrap q0")
        .says("-> call q1 Plugin.connect(host = (name = \"otto-conformance\"")
        .says("-> call q1 App.meta() on cap#1")
        .says("an accept loop")
        .says(
            "--case LIF-03 --env 'OTTO_MUTANT=waits-for-the-next-host' --timeout-scale 0.3 --seed 0x",
        );
    let names = run
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("  "));
    let names: Vec<_> = names.filter_map(|line| line.split(' ').next()).collect();
    let fields = [
        "spec", "did", "expected", "actual", "control", "stderr", "wire", "hint", "repro",
    ];
    for field in fields {
        assert!(
            names.contains(&field),
            "no field {field} in\n{}",
            run.stderr
        );
    }
    assert_eq!(run.stdout, "", "stdout is for machines");
}

#[test]
fn a_failure_leaves_its_record() {
    let run = Run::of_defect("has-no-tuples", "MET-01");
    let directory = run.tmp.path().join("target/otto-conformance/MET-01");
    let wire = fs::read_to_string(directory.join("wire.ndjson")).expect("a record");
    let lines: Vec<Value> = wire
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines[0]["format"], "otto-conformance-wire");
    assert_eq!(lines[0]["version"], 1);
    let connect = lines.iter().find(|line| {
        line["line"]
            .as_str()
            .is_some_and(|line| line.starts_with("return q1"))
    });
    let connect = connect.expect("the answer of connect");
    assert_eq!(connect["from"], "plugin");
    assert_eq!(connect["content"]["info"]["name"], "mutant");
    assert!(directory.join("stdout").exists() && directory.join("stderr").exists());
}

#[test]
fn what_an_earlier_run_left_does_not_outlive_a_pass() {
    let Run { tmp, .. } = Run::of_defect("has-no-tuples", "MET-01");
    let mutant = mutant().to_str().expect("a path");
    let run = Run::with(tmp, &["run", mutant, "--case", "MET-01"]);
    run.exits_with(0);
    assert!(
        !run.tmp
            .path()
            .join("target/otto-conformance/MET-01")
            .exists()
    );
}

#[test]
fn a_seed_makes_the_same_choices_again() {
    let mutant = mutant().to_str().expect("a path");
    let numbers = |seed: &str| {
        let run = Run::of(&[
            "run",
            mutant,
            "--case",
            "FDS-01",
            "--seed",
            seed,
            "--verbose",
        ]);
        let words = run.stderr.split_whitespace().collect::<Vec<_>>();
        let numbers = words.windows(2).filter(|pair| pair[0] == "descriptor");
        numbers.map(|pair| pair[1].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(numbers("0x5eed"), numbers("24301"));
    assert_ne!(numbers("1"), numbers("2"));
}

#[test]
fn colours_are_only_where_they_are_wanted() {
    let colour = |arguments: &[&str]| Run::of(arguments).stderr.contains('\x1b');
    let mutant = mutant().to_str().expect("a path");
    assert!(
        !colour(&["run", mutant, "--case", "MET-01"]),
        "not into a pipe"
    );
    assert!(colour(&[
        "run", mutant, "--case", "MET-01", "--color", "always"
    ]));
    assert!(!colour(&[
        "run", mutant, "--case", "MET-01", "--color", "never"
    ]));
}

#[test]
fn the_list_has_every_case_and_each_can_be_explained() {
    let list = Run::of(&["list"]);
    let lines = list.exits_with(0).stdout.lines().count();
    assert_eq!(lines, 1 + catalogue::cases().len());
    for line in list.stdout.lines().skip(1) {
        let id = line.split(' ').next().expect("an id");
        let explained = Run::of(&["explain", id]);
        explained.exits_with(0);
        assert!(explained.stdout.starts_with(id));
        assert!(explained.stdout.contains("OTTO_MUTANT="));
    }
    Run::of(&["explain", "lif-03"]).exits_with(0);
}

#[test]
fn help_documents_the_exit_codes() {
    let help = Run::of(&["--help"]);
    assert!(help.exits_with(0).stdout.contains("4  no case was run"));
}
