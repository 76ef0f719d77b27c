//! Whatever happens, no process and no directory stays.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use quick_junit::{Report, TestCaseStatus};
use rustix::process::{Pid, Signal, kill_process};

use super::{Run, mutant, suite};

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The processes that have a place in this directory for their temporary files.
fn processes_of(directory: &Path) -> Vec<String> {
    let needle = format!("TMPDIR={}/otto-conformance-", directory.display());
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    entries
        .filter_map(|entry| {
            let environment = fs::read(entry.path().join("environ")).ok()?;
            let found = environment
                .split(|byte| *byte == 0)
                .any(|v| v.starts_with(needle.as_bytes()));
            found.then(|| entry.file_name().to_string_lossy().into_owned())
        })
        .collect()
}

#[track_caller]
fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < deadline, "{what} does not come true");
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn plugins_that_do_not_end_or_leave_something_are_gone_with_it() {
    let defects = [
        ("stays-after-shutdown", "LIF-01"),
        ("leaves-a-process", "LIF-01"),
        ("leaves-a-file", "LIF-01"),
        ("waits-if-the-host-never-calls", "FDS-03"),
        ("makes-a-socket-before-the-cookie", "DIR-04"),
        ("waits-for-the-next-host", "LIF-04"),
        ("keeps-its-children", "LIF-04"),
        ("stays-when-it-has-dialled", "DIA-01"),
    ];
    for (defect, case) in defects {
        let run = Run::of_defect(defect, case);
        run.exits_with(1);
        assert!(
            run.leftovers().is_empty(),
            "{defect} left {:?}",
            run.leftovers()
        );
        let processes = processes_of(run.tmp.path());
        assert!(processes.is_empty(), "{defect} left {processes:?}");
    }
}

/// Starts a run that waits for its plugin for 100 s, and sees the plugin.
fn waiting(tmp: &Path, defect: &str, case: &str) -> Child {
    fs::write(tmp.join("conformance.toml"), BASELINE).expect("a file");
    let child = suite(tmp)
        .args(["run", "--case", case, "--timeout-scale", "20"])
        .args(["--format", "json=events.ndjson"])
        .args(["--format", "junit=report.xml", "--write-baseline"])
        .arg("--env")
        .arg(format!("OTTO_MUTANT={defect}"))
        .arg(mutant())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the suite runs");
    // One process runs the case.
    eventually("a plugin", || processes_of(tmp).len() > 1);
    child
}

fn send(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(child.id().try_into().expect("a pid")).expect("a pid");
    kill_process(pid, signal).expect("a process");
}

/// A baseline that a run to the end would mend.
const BASELINE: &str = "[[skip]]\ncase = \"OLD-01\"\nwhy = \"there was such a case once\"\n";

/// Nothing is there any more but the reports.
#[track_caller]
fn all_is_gone(tmp: &Path) {
    eventually("no process", || processes_of(tmp).is_empty());
    eventually("no directory", || {
        let left = fs::read_dir(tmp).expect("a directory").flatten();
        left.map(|entry| entry.file_name()).all(|name| {
            let ours = ["events.ndjson", "report.xml", "conformance.toml", "target"];
            ours.iter().any(|our| name == *our)
        })
    });
    let baseline = fs::read_to_string(tmp.join("conformance.toml")).expect("a file");
    assert_eq!(baseline, BASELINE, "half a run says nothing of it");
}

#[test]
fn a_signal_ends_the_plugin_and_removes_what_is_its_own() {
    // The second plugin is started by a process of its own, which is gone soon.
    let stays = [
        ("stays-after-shutdown", "LIF-01", Signal::INT),
        ("waits-for-the-next-host", "LIF-04", Signal::TERM),
    ];
    for (defect, case, signal) in stays {
        let tmp = tempfile::tempdir().expect("a directory");
        let mut child = waiting(tmp.path(), defect, case);
        send(&child, signal);
        assert_eq!(child.wait().expect("a status").code(), Some(130));
        all_is_gone(tmp.path());
        let events = fs::read_to_string(tmp.path().join("events.ndjson")).expect("a report");
        let last = events.lines().last().expect("an event");
        assert!(
            last.contains("\"run-ended\"") && last.contains("\"exit_code\":130"),
            "{last}"
        );
        let begun = format!("\"case-started\",\"case\":\"{case}\"");
        assert!(events.contains(&begun), "it does not say where it was");
        let report = fs::read_to_string(tmp.path().join("report.xml")).expect("a report");
        let report = Report::deserialize_from_str(&report).expect("JUnit");
        assert_eq!(report.errors, 1, "it is not all green");
        let TestCaseStatus::NonSuccess { message, .. } =
            &report.test_suites[0].test_cases[0].status
        else {
            panic!("it is an error");
        };
        let told = format!("the run was interrupted: 0 of 1 cases have ended; it was in {case}");
        assert_eq!(message.as_deref(), Some(&*told));
    }
}

#[test]
fn a_second_signal_leaves_no_more_than_the_first() {
    let tmp = tempfile::tempdir().expect("a directory");
    let mut child = waiting(tmp.path(), "stays-after-shutdown", "LIF-01");
    send(&child, Signal::INT);
    send(&child, Signal::INT);
    send(&child, Signal::TERM);
    assert_eq!(child.wait().expect("a status").code(), Some(130));
    all_is_gone(tmp.path());
}

#[test]
fn a_suite_that_is_killed_leaves_nothing_either() {
    let tmp = tempfile::tempdir().expect("a directory");
    let mut child = waiting(tmp.path(), "stays-after-shutdown", "LIF-01");
    child.kill().expect("a process");
    child.wait().expect("a status");
    all_is_gone(tmp.path());
}
