//! Whatever happens, no process and no directory stays.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

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

#[test]
fn a_signal_ends_the_plugin_and_removes_what_is_its_own() {
    // The second one has its plugin started by a process of its own, which is gone soon.
    let stays = [
        ("stays-after-shutdown", "LIF-01", Signal::INT),
        ("waits-for-the-next-host", "LIF-04", Signal::TERM),
    ];
    for (defect, case, signal) in stays {
        let tmp = tempfile::tempdir().expect("a directory");
        let mut child = suite(tmp.path())
            .args(["run", "--case", case, "--timeout-scale", "20"])
            .arg("--env")
            .arg(format!("OTTO_MUTANT={defect}"))
            .arg(mutant())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the suite runs");
        // The plugin of the case is waited for for 100 s.
        eventually("a plugin", || !processes_of(tmp.path()).is_empty());
        let pid = Pid::from_raw(child.id().try_into().expect("a pid")).expect("a pid");
        kill_process(pid, signal).expect("a process");
        assert_eq!(child.wait().expect("a status").code(), Some(130));
        eventually("no process", || processes_of(tmp.path()).is_empty());
        assert_eq!(fs::read_dir(tmp.path()).expect("a directory").count(), 0);
    }
}
