//! The files that a case leaves.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::runner::Outcome;
use crate::settings::Settings;
use crate::stage::{Evidence, Run};
use crate::trace::Line;

/// The version of the formats of these files.
const FORMAT: u32 = 1;

/// The messages, decoded; what the plugin wrote; what its processes were at some moments.
pub(crate) const FILES: [&str; 4] = ["wire.ndjson", "stdout", "stderr", "process.ndjson"];

/// The directory of one case.
#[derive(Debug)]
pub(crate) struct Artifacts {
    directory: PathBuf,
}

impl Artifacts {
    /// The place for a case. What an earlier run has left there goes.
    pub(crate) fn of(settings: &Settings, id: &str) -> Self {
        let directory = settings.artifacts.join(id);
        for name in FILES {
            let _ = fs::remove_file(directory.join(name));
        }
        let _ = fs::remove_dir(&directory);
        Self { directory }
    }

    /// Where it is.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Writes all of [`FILES`].
    pub(crate) fn write(&self, outcome: &Outcome<'_>) -> io::Result<()> {
        fs::create_dir_all(&self.directory)?;
        let case = &outcome.stage.case.id;
        outcome.stage.evidence(|evidence| {
            let [wire, stdout, stderr, process] = FILES.map(|name| self.directory.join(name));
            fs::write(wire, wires(case, evidence)?)?;
            fs::write(stdout, outputs(evidence, |run| &run.stdout))?;
            fs::write(stderr, outputs(evidence, |run| &run.stderr))?;
            fs::write(process, samples(case, evidence))
        })
    }
}

fn wires(case: &str, evidence: &Evidence) -> io::Result<Vec<u8>> {
    let mut wire = Vec::new();
    Line::head(Some(case)).write(&mut wire)?;
    for run in &evidence.runs {
        record(run, &mut wire)?;
    }
    Ok(wire)
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

fn outputs(evidence: &Evidence, which: impl Fn(&Run) -> &crate::process::Output) -> Vec<u8> {
    let mut file = Vec::new();
    for run in &evidence.runs {
        let output = which(run);
        file.extend(format!("==> {} <==\n", run.label).as_bytes());
        file.extend(output.bytes());
        if output.dropped() > 0 {
            let dropped = output.dropped();
            let note = format!("\n({dropped} bytes from its middle left out)\n");
            file.extend(note.as_bytes());
        }
    }
    file
}

fn samples(case: &str, evidence: &Evidence) -> String {
    let head = json!({ "format": "otto-conformance-process", "version": FORMAT, "case": case });
    let mut process = format!("{head}\n");
    for sample in &evidence.samples {
        process.push_str(&format!("{}\n", json!(sample)));
    }
    process
}
