//! `--format junit`: what build servers read.

use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::text::harmless;
use super::{CaseEnded, Event, Report, RunEnded, RunStarted};
use crate::exit;
use crate::verdict::Verdict;

/// Writes when the run has ended.
pub(super) struct JUnit {
    writer: Box<dyn Write>,
    suite: TestSuite,
    /// The cases that are selected, and how many of them have ended.
    selected: usize,
    ended: usize,
    /// The cases that have begun and not ended.
    running: Vec<String>,
}

impl JUnit {
    pub(super) fn new(writer: Box<dyn Write>) -> Self {
        Self {
            writer,
            suite: TestSuite::new("otto-conformance"),
            selected: 0,
            ended: 0,
            running: Vec::new(),
        }
    }

    fn begin(&mut self, run: &RunStarted) {
        self.selected = run.cases;
        let properties = [
            ("suite", run.suite.to_owned()),
            ("protocol", run.protocol.to_string()),
            ("plugin", harmless(&run.plugin.path)),
            ("sha256", run.plugin.sha256.clone()),
            ("seed", run.seed.clone()),
            ("os", run.os.clone()),
        ];
        for (name, value) in properties {
            self.suite.add_property((name, value.as_str()));
        }
    }

    fn add(&mut self, ended: &CaseEnded) {
        let name = format!("{} {}", ended.case, ended.title);
        let mut case = TestCase::new(name, status(ended));
        let group = ended.case.split('-').next().unwrap_or_default();
        case.set_classname(format!("otto-conformance.{group}"));
        case.set_time(Duration::from_secs_f64(ended.seconds));
        self.suite.add_test_case(case);
        self.ended += 1;
    }

    /// The format has no word for a run that has not come to its end, and a build server takes what
    /// is not there for what is well.
    fn end(&mut self, ended: &RunEnded) {
        let (told, selected) = (self.ended, self.selected);
        let message = match ended.exit_code {
            exit::INTERRUPTED => {
                let running = match self.running.is_empty() {
                    true => String::new(),
                    false => format!("; it was in {}", self.running.join(" ")),
                };
                format!("the run was interrupted: {told} of {selected} cases have ended{running}")
            }
            exit::NOTHING_RAN => "no case was run".to_owned(),
            _ => return,
        };
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(message);
        let mut case = TestCase::new("the run", status);
        case.set_classname("otto-conformance.run");
        self.suite.add_test_case(case);
    }
}

impl Report for JUnit {
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(run) => self.begin(run),
            Event::CaseStarted(started) => self.running.push(started.case.clone()),
            Event::CaseEnded(ended) => {
                self.running.retain(|running| *running != ended.case);
                if ended.last {
                    self.add(ended);
                }
            }
            Event::RunEnded(ended) => {
                self.end(ended);
                for problem in &ended.baseline {
                    let status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    let mut case = TestCase::new(problem.as_str(), status);
                    case.set_classname("otto-conformance.baseline");
                    self.suite.add_test_case(case);
                }
                self.suite.set_time(Duration::from_secs_f64(ended.seconds));
                let mut document = Document::new("otto-conformance");
                document.set_time(Duration::from_secs_f64(ended.seconds));
                document.add_test_suite(self.suite.clone());
                document
                    .serialize(&mut self.writer)
                    .map_err(io::Error::other)?;
                self.writer.flush()?;
            }
        }
        Ok(())
    }
}

fn status(ended: &CaseEnded) -> TestCaseStatus {
    let mut status = match ended.verdict {
        // The format has no word for a warning.
        Verdict::Pass | Verdict::Warn => return TestCaseStatus::success(),
        Verdict::Xfail | Verdict::Skip => TestCaseStatus::skipped(),
        Verdict::Harness => TestCaseStatus::non_success(NonSuccessKind::Error),
        _ => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    let reason = ended.reason.map(|reason| reason.to_string());
    status.set_type(reason.unwrap_or_else(|| ended.verdict.to_string()));
    let details = &ended.details;
    let told = [&ended.note, &details.actual, &details.error];
    let message = told.into_iter().flatten().cloned().collect::<Vec<_>>();
    status.set_message(format!("{}: {}", ended.verdict, message.join("; ")));
    status.set_description(ended.in_words());
    status
}
