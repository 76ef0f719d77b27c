//! What people see: a line for each case, and for each failure all that there is to know.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::event::{CaseEnded, Event, Outcome, RunEnded, RunStarted};
use super::screen::{Screen, style};
use super::text::{count, harmless};
use crate::catalogue;
use crate::verdict::{Reason, Verdict};

/// The width of the rules around a run.
const RULE: usize = 60;

/// Tells people.
pub(super) struct Human<'s> {
    screen: &'s mut Screen,
    verbose: bool,
    progress: ProgressBar,
    running: Vec<String>,
    /// The case whose block has told why an ordinary start fails.
    no_start: Option<String>,
}

impl<'s> Human<'s> {
    pub(super) fn new(screen: &'s mut Screen, verbose: bool, is_asking: bool) -> Self {
        // It hides itself where there is no terminal, and keeps quiet while a person is asked to act.
        let target = match is_asking {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr(),
        };
        Self {
            screen,
            verbose,
            progress: ProgressBar::with_draw_target(Some(0), target),
            running: Vec::new(),
            no_start: None,
        }
    }

    pub(super) fn tell(&mut self, event: &Event) {
        let progress = self.progress.clone();
        match event {
            Event::RunStarted(run) => {
                self.begin(run);
                self.show_progress(run.cases);
            }
            Event::CaseStarted(_) => {}
            Event::CaseEnded(ended) => progress.suspend(|| self.case(ended)),
            Event::RunEnded(ended) => {
                progress.finish_and_clear();
                self.end(ended);
            }
        }
    }

    pub(super) fn complain(&mut self, what: &str) {
        let progress = self.progress.clone();
        progress.suspend(|| self.screen.tell(format_args!("error: {what}")));
    }

    pub(super) fn begins(&mut self, case: &str) {
        self.running.push(case.to_owned());
        self.progress.set_message(self.running.join(" "));
    }

    pub(super) fn ends(&mut self, case: &str) {
        self.running.retain(|running| running != case);
        self.progress.set_message(self.running.join(" "));
        self.progress.inc(1);
    }

    fn show_progress(&mut self, cases: usize) {
        self.progress.set_length(cases as u64);
        let template = "{prefix:>12} [{elapsed:>8}] {pos}/{len} {wide_msg}";
        if let Ok(template) = ProgressStyle::with_template(template) {
            self.progress.set_style(template);
        }
        self.progress.set_prefix("Running");
        if !self.progress.is_hidden() {
            self.progress
                .enable_steady_tick(std::time::Duration::from_millis(250));
        }
    }

    fn begin(&mut self, run: &RunStarted) {
        let bold = style::BOLD;
        let cases = match run.cases {
            cases if cases == run.of => count(cases, "case"),
            cases => format!("{cases} of {}", count(run.of, "case")),
        };
        let baseline = run.baseline.as_deref();
        let baseline = baseline.map_or_else(String::new, |file| {
            format!(" · baseline {}", harmless(file))
        });
        self.screen.tell(format_args!(
            "{bold}otto-conformance {}{bold:#} · protocol {} · {} · {cases} · seed {}{baseline}",
            run.suite,
            run.protocol,
            harmless(&run.plugin.named),
            run.seed,
        ));
        self.rule();
    }

    fn case(&mut self, ended: &CaseEnded) {
        self.line(ended);
        if !ended.last {
            return;
        }
        if let Some(note) = &ended.note {
            self.field("note", note);
        }
        match ended.verdict {
            Verdict::Pass if self.verbose => self.steps(ended),
            Verdict::Pass | Verdict::Skip | Verdict::Xfail | Verdict::Xpass => {}
            Verdict::NotRun => match self.no_start.clone() {
                Some(told) if is_no_start(ended) => {
                    if let Some(actual) = &ended.details.actual {
                        self.field("actual", actual);
                    }
                    let hint = format!("an ordinary start fails, as in {told}");
                    self.field("hint", &hint);
                }
                _ => {
                    if is_no_start(ended) {
                        self.no_start = Some(ended.case.clone());
                    }
                    self.block(ended);
                }
            },
            _ => self.block(ended),
        }
    }

    fn line(&mut self, ended: &CaseEnded) {
        let style = match ended.verdict {
            Verdict::Pass => style::GOOD,
            verdict if verdict.is_accepted() => style::ODD,
            _ if !ended.last => style::ODD,
            _ => style::BAD,
        };
        let word = ended.verdict.to_string().to_uppercase();
        let word = match ended.last {
            true => word,
            false => format!("TRY 1 {word}"),
        };
        let reason = match ended.reason {
            Some(reason) => format!("  {style}{reason}{style:#}"),
            None => String::new(),
        };
        self.screen.tell(format_args!(
            "{style}{word:>13}{style:#} [{:>8.3}s] {} {:<54} {}{reason}",
            ended.seconds,
            ended.case,
            ended.title,
            ended.rule_ids(),
        ));
    }

    fn block(&mut self, ended: &CaseEnded) {
        for (name, value) in ended.fields() {
            self.field(name, &value);
        }
    }

    fn steps(&mut self, ended: &CaseEnded) {
        for (name, value) in ended.steps() {
            self.field(name, &value);
        }
    }

    fn field(&mut self, name: &str, value: &str) {
        let dim = style::DIM;
        self.screen
            .tell(format_args!("  {dim}{name:<9}{dim:#} {value}"));
    }

    fn end(&mut self, ended: &RunEnded) {
        self.rule();
        let style = match ended.exit_code {
            0 => style::GOOD,
            _ => style::BAD,
        };
        let run = ended.counts.values().sum();
        let words = [
            (Verdict::Pass, "passed"),
            (Verdict::Warn, "warned"),
            (Verdict::Xfail, "failed as expected"),
            (Verdict::Skip, "skipped"),
            (Verdict::Fail, "failed"),
            (Verdict::Xpass, "passed unexpectedly"),
            (Verdict::FlakySuspect, "failed only beside others"),
            (Verdict::NotRun, "not run"),
            (Verdict::Untestable, "untestable"),
            (Verdict::Harness, "not judged"),
        ];
        let mut parts = Vec::new();
        for (verdict, word) in words {
            let number = ended.counts.get(&verdict).copied().unwrap_or(0);
            if number > 0 || verdict == Verdict::Pass {
                parts.push(format!("{number} {word}"));
            }
        }
        for problem in &ended.baseline {
            let bad = style::BAD;
            self.screen
                .tell(format_args!("{bad}baseline{bad:#} {problem}"));
        }
        if let Some(edit) = &ended.edit {
            let edit = edit.trim_end();
            self.screen.tell(format_args!(
                "this mends it, as does --write-baseline:\n{edit}"
            ));
        }
        if ended.outcome == Outcome::Partial {
            let of = catalogue::cases().len();
            self.screen.tell(format_args!(
                "not all of the {} passed, so this is no proof of conformance",
                count(of, "case")
            ));
        }
        if ended.exit_code == crate::exit::INTERRUPTED {
            self.screen.tell(format_args!(
                "interrupted: the plugin was ended, its files removed"
            ));
        }
        self.screen.tell(format_args!(
            "{style}{:>13}{style:#} [{:>8.3}s] {} run: {}",
            "Summary",
            ended.seconds,
            count(run, "case"),
            parts.join(", "),
        ));
    }

    fn rule(&mut self) {
        self.screen.tell(format_args!("{}", "─".repeat(RULE)));
    }
}

/// Whether nothing of the case itself was tried, since an ordinary start fails.
fn is_no_start(ended: &CaseEnded) -> bool {
    let case = catalogue::find(&ended.case);
    let is_ordinary = case.is_some_and(|case| case.connection == catalogue::Connection::Inherited);
    is_ordinary
        && matches!(
            ended.reason,
            Some(Reason::ControlFailed | Reason::NoSession)
        )
}
