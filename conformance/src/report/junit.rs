//! `--format junit`: what build servers read.

use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::{CaseEnded, Event, Report, RunStarted};
use crate::verdict::Verdict;

/// Writes when the run has ended.
pub(super) struct JUnit {
    writer: Box<dyn Write>,
    suite: TestSuite,
}

impl JUnit {
    pub(super) fn new(writer: Box<dyn Write>) -> Self {
        Self {
            writer,
            suite: TestSuite::new("otto-conformance"),
        }
    }

    fn begin(&mut self, run: &RunStarted) {
        let properties = [
            ("suite", run.suite.to_owned()),
            ("protocol", run.protocol.to_string()),
            ("plugin", run.plugin.path.clone()),
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
    }
}

impl Report for JUnit {
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(run) => self.begin(run),
            Event::CaseStarted(_) => {}
            Event::CaseEnded(ended) if ended.last => self.add(ended),
            Event::CaseEnded(_) => {}
            Event::RunEnded(ended) => {
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
