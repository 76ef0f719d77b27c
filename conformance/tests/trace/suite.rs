//! Plugins of any kind have the same verdicts behind a recorder.

use std::fs;
use std::path::Path;

use super::{Recorder, print, recorded, support, text};

/// The recorder keeps the host's socket under the number that it came with, and starts nothing but the
/// plugin, which gets a socket of its own in the place of it.
const EXPECTED: &str = "[[expected-failure]]\ncase = \"FDS-04\"\nreason = \"inheritable\"\n\
                        issue = \"the recorder hands the number on\"\n";

/// The exit code of a run, and what it printed.
fn run(plugin: &Path, options: &[&str]) -> (Option<i32>, String) {
    let tmp = tempfile::tempdir().expect("a directory");
    if options.is_empty() {
        fs::write(tmp.path().join("conformance.toml"), EXPECTED).expect("a file");
    }
    let output = support::suite(tmp.path())
        .arg("run")
        .arg(plugin)
        .args(["--lives", "5"])
        .args(options)
        .output()
        .expect("the suite runs");
    (output.status.code(), text(&output.stderr))
}

#[test]
fn a_good_plugin_passes_behind_a_recorder_all_that_is_its_own() {
    let recorder = Recorder::of(recorded());
    let (code, said) = run(&recorder.program, &[]);
    assert_eq!(code, Some(0), "{said}");
    // Many processes at once have written to it, and every line is whole.
    let printed = recorder.printed();
    assert!(!printed.contains("is not one of a recording"), "{printed}");
    let (started, ended) = (
        recorder.recording().matches("\"started\"").count(),
        printed.matches("    0.0000   /").count(),
    );
    assert!(started > 20 && started == ended, "{started} and {ended}");
}

#[test]
fn a_bad_plugin_fails_behind_a_recorder_as_it_does_without() {
    let recorder = Recorder::of(support::mutant());
    for (defect, case, reason) in [
        ("ignores-sigterm", "LIF-05", "still-running"),
        ("fails-at-shutdown", "LIF-01", "exit-status"),
    ] {
        let variable = format!("OTTO_MUTANT={defect}");
        let options = ["--env", &variable, "--case", case, "--timeout-scale", "0.3"];
        for program in [support::mutant(), &recorder.program] {
            let (code, said) = run(program, &options);
            assert_eq!(code, Some(1), "{said}");
            assert!(said.contains(reason), "no {reason} in {said}");
        }
    }
}

#[test]
fn what_a_failed_case_leaves_can_be_printed() {
    let artifacts = tempfile::tempdir().expect("a directory");
    let place = artifacts.path().to_str().expect("text");
    let options = ["--case", "MET-01", "--verbose", "--artifacts", place];
    let (code, said) = run(recorded(), &options);
    assert_eq!(code, Some(0), "{said}");
    let file = artifacts.path().join("MET-01/wire.ndjson");
    assert!(fs::metadata(&file).is_ok(), "{said}");
    let output = print(&file, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    assert!(printed.starts_with("case MET-01\n"), "{printed}");
    assert!(printed.contains("App.meta"), "{printed}");
    assert!(
        printed.contains("[(app = \"recorded\", infra = \"*\", flavor = \"*\")]"),
        "{printed}"
    );
}
