//! Failures that are known.

use std::fs;

use otto_conformance::exit;

use super::{Run, mutant};

fn run(baseline: &str, defect: &str, arguments: &[&str]) -> Run {
    let tmp = tempfile::tempdir().expect("a directory");
    fs::write(tmp.path().join("conformance.toml"), baseline).expect("a file");
    let mutant = mutant().to_str().expect("a path");
    let defect = format!("OTTO_MUTANT={defect}");
    let mut all = vec!["run", mutant, "--case", "MET-01", "--jobs", "1"];
    if defect != "OTTO_MUTANT=" {
        all.extend(["--env", &defect]);
    }
    all.extend(arguments);
    Run::with(tmp, &all)
}

fn entry(case: &str, reason: &str) -> String {
    format!("[[expected-failure]]\ncase = \"{case}\"\nreason = \"{reason}\"\nissue = \"#7\"\n")
}

#[test]
fn a_failure_that_is_expected_does_not_fail_the_run() {
    let run = run(&entry("MET-01", "no-tuples"), "has-no-tuples", &[]);
    run.exits_with(exit::OK.into())
        .says("XFAIL [")
        .says("note      #7")
        .says("1 case run: 0 passed, 1 failed as expected")
        .says("this is no proof of conformance");
}

#[test]
fn a_stale_entry_fails_with_the_edit_that_mends_it() {
    let run = run(&entry("MET-01", "no-tuples"), "", &[]);
    run.exits_with(exit::NON_CONFORMANT.into())
        .says("XPASS [")
        .says("conformance.toml:2: MET-01 passes, and its entry is stale")
        .says("-case = \"MET-01\"\n");
}

#[test]
fn another_reason_fails_with_the_edit_that_mends_it() {
    let run = run(&entry("MET-01", "empty-field"), "has-no-tuples", &[]);
    run.exits_with(exit::NON_CONFORMANT.into())
        .says("FAIL [")
        .says("it was expected to fail with empty-field")
        .says("-reason = \"empty-field\"\n+reason = \"no-tuples\"\n");
}

#[test]
fn an_entry_for_no_case_fails_with_the_edit_that_mends_it() {
    let run = run(&entry("MET-99", "no-tuples"), "", &[]);
    run.exits_with(exit::NON_CONFORMANT.into())
        .says("1 case run: 1 passed")
        .says("conformance.toml:2: there is no case MET-99")
        .says("-case = \"MET-99\"\n");
}

#[test]
fn an_entry_whose_time_is_over_fails_with_the_edit_that_mends_it() {
    let over = entry("MET-01", "no-tuples") + "expires = 2020-01-31\n";
    run(&over, "has-no-tuples", &[])
        .exits_with(exit::NON_CONFORMANT.into())
        .says("it was expected until 2020-01-31: #7")
        .says("-expires = 2020-01-31\n");
    let skip = "[[skip]]\ncase = \"MET-01\"\nwhy = \"none\"\nexpires = 2020-01-31\n";
    run(skip, "", &[])
        .exits_with(exit::NON_CONFORMANT.into())
        .says("PASS [")
        .says("the time of the entry for MET-01 is over");
}

#[test]
fn an_entry_whose_time_is_over_is_written_anew_if_the_case_fails_still() {
    let over = entry("MET-01", "no-tuples") + "expires = 2020-01-31\n";
    let run = run(&over, "has-no-tuples", &["--write-baseline"]);
    run.exits_with(exit::NON_CONFORMANT.into())
        .says("conformance.toml is written; where an issue is empty");
    let text = fs::read_to_string(run.tmp.path().join("conformance.toml")).expect("a file");
    let asks = "[[expected-failure]]\ncase = \"MET-01\"\nreason = \"no-tuples\"\nissue = \"\"\n";
    assert_eq!(text, asks);
}

#[test]
fn entries_in_one_line_are_mended_with_the_others() {
    let text = "expected-failure = [{case = \"MET-01\", reason = \"no-tuples\", issue = \"#7\"}]\n";
    let run = run(text, "", &["--write-baseline"]);
    run.exits_with(exit::NON_CONFORMANT.into())
        .says("-expected-failure = [{case")
        .says("conformance.toml is written");
    let text = fs::read_to_string(run.tmp.path().join("conformance.toml")).expect("a file");
    assert!(!text.contains("MET-01"), "{text}");
}

#[test]
fn a_run_in_which_all_is_skipped_has_run_nothing() {
    let skip = "[[skip]]\ncase = \"MET-01\"\nwhy = \"it has no meta yet\"\n";
    run(skip, "", &[])
        .exits_with(exit::NOTHING_RAN.into())
        .says("SKIP [")
        .says("it has no meta yet");
}

#[test]
fn a_baseline_that_is_missing_or_makes_no_sense_is_2() {
    run("", "", &["--baseline", "other.toml"])
        .exits_with(exit::USAGE.into())
        .says("other.toml: No such file");
    run("[[expected-failures]]\n", "", &[])
        .exits_with(exit::USAGE.into())
        .says("conformance.toml: ")
        .says("unknown field `expected-failures`");
}

#[test]
fn a_baseline_is_written_and_asks_for_what_only_people_know() {
    let stale = entry("MET-99", "no-tuples");
    let first = run(&stale, "has-no-tuples", &["--write-baseline"]);
    first
        .exits_with(exit::NON_CONFORMANT.into())
        .says("conformance.toml is written");
    let text = fs::read_to_string(first.tmp.path().join("conformance.toml")).expect("a file");
    assert!(!text.contains("MET-99"), "{text}");
    run(&text, "has-no-tuples", &[])
        .exits_with(exit::USAGE.into())
        .says("MET-01: issue is empty");
    let filled = text.replace("issue = \"\"", "issue = \"#8\"");
    run(&filled, "has-no-tuples", &[]).exits_with(exit::OK.into());
}
