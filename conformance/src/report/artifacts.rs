//! The files that a failure leaves.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::runner::Outcome;
use crate::settings::Settings;
use crate::stage::Run;
use crate::trace::Line;
use crate::verdict::{Summary, Verdict};

/// The version of the formats of these files.
const FORMAT: u32 = 1;

/// The directory of one case.
#[derive(Debug)]
pub(crate) struct Artifacts {
    directory: PathBuf,
}

impl Artifacts {
    /// The place for a case. What an earlier run has left there goes.
    pub(crate) fn of(settings: &Settings, id: &str) -> Self {
        let directory = settings.artifacts.join(id);
        for name in ["wire.ndjson", "stdout", "stderr"] {
            let _ = fs::remove_file(directory.join(name));
        }
        let _ = fs::remove_dir(&directory);
        Self { directory }
    }

    /// The place, for people.
    pub(crate) fn display(&self) -> String {
        self.directory.display().to_string()
    }

    /// Writes the decoded record, and all output.
    pub(crate) fn write(&self, outcome: &Outcome<'_>) -> io::Result<()> {
        fs::create_dir_all(&self.directory)?;
        let case = &outcome.stage.case.id;
        let mut wire = Vec::new();
        Line::head(Some(case)).write(&mut wire)?;
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        outcome.stage.evidence(|evidence| {
            for run in &evidence.runs {
                record(run, &mut wire)?;
                let title = format!("==> {} <==\n", run.label);
                for (file, output) in [(&mut stdout, &run.stdout), (&mut stderr, &run.stderr)] {
                    file.extend(title.as_bytes());
                    file.extend(output.bytes());
                    if output.dropped() > 0 {
                        let note =
                            format!("\n({} bytes from its middle left out)\n", output.dropped());
                        file.extend(note.as_bytes());
                    }
                }
            }
            io::Result::Ok(())
        })?;
        fs::write(self.directory.join("wire.ndjson"), wire)?;
        fs::write(self.directory.join("stdout"), stdout)?;
        fs::write(self.directory.join("stderr"), stderr)
    }
}

fn record(run: &Run, wire: &mut Vec<u8>) -> io::Result<()> {
    let Some(link) = &run.link else { return Ok(()) };
    link.record(|record| {
        for event in record.events() {
            Line::of_event(&run.label, event).write(&mut *wire)?;
        }
        match record.dropped() {
            0 => Ok(()),
            dropped => Line::of_dropped(&run.label, dropped).write(&mut *wire),
        }
    })
}

/// Writes what came of the run as a whole.
pub(crate) fn write_report(directory: &Path, plugin: &str, summary: &Summary) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let cases: Vec<_> = summary
        .verdicts
        .iter()
        .map(|(id, verdict)| match verdict {
            Verdict::Pass => json!({ "id": id, "verdict": "pass" }),
            Verdict::Warn(reason) => json!({ "id": id, "verdict": "warn", "reason": reason }),
            Verdict::Fail(reason) => json!({ "id": id, "verdict": "fail", "reason": reason }),
            Verdict::Harness => json!({ "id": id, "verdict": "harness" }),
        })
        .collect();
    let report = json!({
        "format": "otto-conformance-report",
        "version": FORMAT,
        "plugin": plugin,
        "seconds": summary.elapsed.as_secs_f64(),
        "cases": cases,
    });
    fs::write(directory.join("report.json"), format!("{report:#}\n"))
}
