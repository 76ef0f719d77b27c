//! `--format github`: annotations on standard output, and a summary of the step.

use std::env;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write};

use super::text::count;
use super::{CaseEnded, Event, Report, RunEnded, RunStarted};
use crate::exit;
use crate::verdict::Verdict;

/// The variable that names the file of the summary.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Writes an annotation for each case that is not as it should be, and at the end the summary.
pub(super) struct GitHub {
    writer: Box<dyn Write>,
    run: Option<RunStarted>,
    told: Vec<CaseEnded>,
}

impl GitHub {
    pub(super) fn new(writer: Box<dyn Write>) -> Self {
        Self {
            writer,
            run: None,
            told: Vec::new(),
        }
    }

    fn annotate(&mut self, level: &str, title: &str, message: &str) -> io::Result<()> {
        writeln!(
            self.writer,
            "::{level} title={}::{}",
            property(title),
            data(message)
        )?;
        self.writer.flush()
    }

    fn end(&mut self, ended: &RunEnded) -> io::Result<()> {
        for problem in &ended.baseline {
            self.annotate("error", "baseline", problem)?;
        }
        if ended.exit_code == exit::INTERRUPTED {
            let told = "the run was interrupted: a case that is not told of has no verdict";
            self.annotate("error", "interrupted", told)?;
        }
        let Some(file) = env::var_os(SUMMARY).filter(|file| !file.is_empty()) else {
            return Ok(());
        };
        let mut file = OpenOptions::new().create(true).append(true).open(file)?;
        file.write_all(self.summary(ended).as_bytes())
    }

    fn summary(&self, ended: &RunEnded) -> String {
        let mut text = String::new();
        let outcome = serde_json::to_value(ended.outcome);
        let outcome = outcome.as_ref().ok().and_then(|word| word.as_str());
        let outcome = outcome.unwrap_or("unknown");
        if let Some(run) = &self.run {
            let _ = writeln!(text, "## {}: {outcome}\n", cell(&run.plugin.named));
            let _ = writeln!(
                text,
                "otto-conformance {} · protocol {} · {} of {} · seed `{}` · SHA-256 `{}`\n",
                run.suite,
                run.protocol,
                run.cases,
                count(run.of, "case"),
                run.seed,
                run.plugin.sha256
            );
        }
        let counts = ended.counts.iter();
        let counts: Vec<_> = counts
            .map(|(verdict, number)| format!("{number} {verdict}"))
            .collect();
        let _ = writeln!(text, "{} in {:.1} s\n", counts.join(", "), ended.seconds);
        if !self.told.is_empty() {
            text.push_str(
                "| verdict | case | a plugin… | why | what to do |\n|---|---|---|---|---|\n",
            );
        }
        for case in &self.told {
            let hint = case.details.hint.as_deref().unwrap_or_default();
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} |",
                case.verdict,
                case.case,
                cell(&case.title),
                cell(&why(case)),
                cell(hint)
            );
        }
        if let Some(edit) = &ended.edit {
            let _ = write!(text, "\nThis mends the baseline:\n\n```diff\n{edit}```\n");
        }
        text
    }
}

impl Report for GitHub {
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(run) => self.run = Some(run.clone()),
            Event::CaseStarted(_) => {}
            Event::CaseEnded(ended) => {
                if ended.last && ended.verdict != Verdict::Pass {
                    let level = match ended.verdict {
                        Verdict::Warn => "warning",
                        verdict if verdict.is_accepted() => "notice",
                        _ => "error",
                    };
                    let title = format!("{}: a plugin {}", ended.case, ended.title);
                    let repro = ended.details.repro.as_deref();
                    let repro = repro.map_or_else(String::new, |repro| format!("\n{repro}"));
                    self.annotate(level, &title, &format!("{}{repro}", why(ended)))?;
                    self.told.push((**ended).clone());
                }
            }
            Event::RunEnded(ended) => self.end(ended)?,
        }
        Ok(())
    }
}

/// The verdict in a few words.
fn why(case: &CaseEnded) -> String {
    let reason = case.reason.map(|reason| reason.to_string());
    let details = &case.details;
    let parts = [&reason, &case.note, &details.actual, &details.error];
    let parts: Vec<_> = parts.into_iter().flatten().map(String::as_str).collect();
    parts.join(": ")
}

/// The text of an annotation.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of an annotation.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// What a plugin says is neither Markdown nor HTML.
fn cell(text: &str) -> String {
    let mut cell = String::new();
    for char in text.chars() {
        match char {
            '&' => cell.push_str("&amp;"),
            '<' => cell.push_str("&lt;"),
            '>' => cell.push_str("&gt;"),
            '\n' | '\r' => cell.push(' '),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '@' | '#' | '~' | '!' => {
                cell.push_str(&format!("&#{};", u32::from(char)));
            }
            char => cell.push(char),
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_ends_where_its_line_does() {
        assert_eq!(data("50%\nnext"), "50%25%0Anext");
        assert_eq!(property("a: b, c"), "a%3A b%2C c");
    }

    #[test]
    fn a_plugin_writes_no_markdown() {
        assert_eq!(cell("<b>|x\n[y](z)"), "&lt;b&gt;&#124;x &#91;y&#93;(z)");
    }
}
