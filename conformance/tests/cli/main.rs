//! `otto-conformance` as a program.

#![cfg(target_os = "linux")]

mod baseline;
mod cleanup;
mod debugging;
mod exit_codes;
mod first_attempts;
mod formats;
mod golden;
mod hostile;
mod output;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use support::{mutant, suite};

/// A run of the suite that is over.
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
    tmp: tempfile::TempDir,
}

impl Run {
    fn of(arguments: &[&str]) -> Self {
        Self::with(tempfile::tempdir().expect("a directory"), arguments)
    }

    fn with(tmp: tempfile::TempDir, arguments: &[&str]) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = suite(tmp.path())
            .args(arguments)
            .output()
            .expect("the suite runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Self {
            code: status.code(),
            stdout: text(stdout),
            stderr: text(stderr),
            tmp,
        }
    }

    /// The mutant, one of its defects, and one case.
    fn of_defect(defect: &str, case: &str) -> Self {
        let defect = format!("OTTO_MUTANT={defect}");
        let mutant = mutant().to_str().expect("a path");
        Self::of(&[
            "run",
            mutant,
            "--env",
            &defect,
            "--case",
            case,
            "--timeout-scale",
            "0.3",
        ])
    }

    #[track_caller]
    fn exits_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        self
    }

    #[track_caller]
    fn says(&self, what: &str) -> &Self {
        assert!(
            self.stderr.contains(what),
            "no {what:?} in\n{}",
            self.stderr
        );
        self
    }

    /// What the suite has left below its temporary directory, beside the artefacts.
    fn leftovers(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.tmp.path())
            .expect("a directory")
            .flatten();
        entries
            .map(|entry| entry.path())
            .filter(|path| !path.ends_with("target"))
            .collect()
    }
}

/// Writes an executable file.
fn executable(directory: &Path, name: &str, content: &str) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, content).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    path
}
