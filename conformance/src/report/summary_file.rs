//! `report.json` beside the records: the verdicts, for scripts.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Event, Report};
use crate::settings::{Settings, Trace};
use crate::verdict::Verdict;

/// The version of the file.
const FORMAT: u32 = 1;

/// Writes at the end of a run that leaves something, or in which not all pass.
pub(super) struct SummaryFile {
    directory: PathBuf,
    trace: Trace,
    plugin: String,
    cases: Vec<Value>,
    all_passed: bool,
}

impl SummaryFile {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            directory: settings.artifacts.clone(),
            trace: settings.trace,
            plugin: settings.named.clone(),
            cases: Vec::new(),
            all_passed: true,
        }
    }

    fn write(&self, seconds: f64) -> io::Result<()> {
        let report = json!({
            "format": "otto-conformance-report",
            "version": FORMAT,
            "plugin": self.plugin,
            "seconds": seconds,
            "cases": self.cases,
        });
        fs::create_dir_all(&self.directory)?;
        fs::write(self.directory.join("report.json"), format!("{report:#}\n"))
    }
}

impl Report for SummaryFile {
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(_) | Event::CaseStarted(_) => {}
            Event::CaseEnded(ended) if ended.last => {
                self.all_passed &= ended.verdict == Verdict::Pass;
                let mut case = json!({ "id": ended.case, "verdict": ended.verdict });
                if let Some(reason) = ended.reason {
                    case["reason"] = json!(reason);
                }
                self.cases.push(case);
            }
            Event::CaseEnded(_) => {}
            Event::RunEnded(ended) => match self.trace {
                Trace::None => {}
                Trace::Fail if self.all_passed => {}
                Trace::Fail | Trace::All => self.write(ended.seconds)?,
            },
        }
        Ok(())
    }
}
