//! What people see, and what is left for them to look into.

mod artifacts;
mod block;
mod screen;

use std::time::Duration;

pub(crate) use artifacts::{Artifacts, write_report};
pub(crate) use block::{explain_failure, repeat_failure, show_steps};
pub(crate) use screen::{Screen, style};

use crate::catalogue::Case;
use crate::protocol;
use crate::settings::Settings;
use crate::verdict::{Summary, Verdict};

/// The width of the rules around a run.
const RULE: usize = 60;

/// The first lines.
pub(crate) fn begin(screen: &mut Screen, settings: &Settings, cases: &[&Case]) {
    let bold = style::BOLD;
    screen.tell(format_args!(
        "{bold}otto-conformance {}{bold:#} · protocol {} · {} · {} · seed {:#x}",
        env!("CARGO_PKG_VERSION"),
        protocol::VERSION,
        settings.named,
        count(cases.len(), "case"),
        settings.seed,
    ));
    rule(screen);
}

/// The line of a case.
pub(crate) fn case(screen: &mut Screen, case: &Case, verdict: Verdict, elapsed: Duration) {
    let (word, style, reason) = match verdict {
        Verdict::Pass => ("PASS", style::GOOD, String::new()),
        Verdict::Warn(reason) => ("WARN", style::ODD, reason.to_string()),
        Verdict::Fail(reason) => ("FAIL", style::BAD, reason.to_string()),
        Verdict::Harness => ("ERROR", style::BAD, "the suite failed".to_owned()),
    };
    let reason = if reason.is_empty() {
        reason
    } else {
        format!("  {style}{reason}{style:#}")
    };
    screen.tell(format_args!(
        "{style}{word:>12}{style:#} [{:>8.3}s] {} {:<54} {}{reason}",
        elapsed.as_secs_f64(),
        case.id,
        case.title,
        case.rules.join(" "),
    ));
}

/// The last line.
pub(crate) fn end(screen: &mut Screen, summary: &Summary) {
    rule(screen);
    let style = if summary.exit_code() == 0 {
        style::GOOD
    } else {
        style::BAD
    };
    let mut parts = vec![format!("{} passed", summary.passed())];
    for (number, word) in [
        (summary.warned(), "warned"),
        (summary.failed(), "failed"),
        (summary.unknown(), "not judged"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {word}"));
        }
    }
    screen.tell(format_args!(
        "{style}{:>12}{style:#} [{:>8.3}s] {} run: {}",
        "Summary",
        summary.elapsed.as_secs_f64(),
        count(summary.verdicts.len(), "case"),
        parts.join(", "),
    ));
}

fn rule(screen: &mut Screen) {
    screen.tell(format_args!("{}", "─".repeat(RULE)));
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
