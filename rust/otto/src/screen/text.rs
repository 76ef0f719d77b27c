//! What is shown, for people.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use miette::{GraphicalReportHandler, GraphicalTheme};
use serde_json::Value;

use super::escape;
use super::event::{Event, Outcome, Source};
use super::problem::Problem;
use super::sgr;

/// How many fields of a log record are shown.
const FIELDS_MAX: usize = 32;

/// As wide as no line is.
const WIDE: usize = 1 << 16;

/// Shows events as text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    /// Whether there are colours.
    pub(super) color: bool,
    /// How wide the terminal is. `None`: there is none, and no line is broken.
    pub(super) width: Option<usize>,
}

impl Text {
    /// Gives the text of an event, with its line ends; nothing, if it is not shown to people.
    pub(super) fn render(self, plugin: Option<&str>, event: &Event) -> String {
        match event {
            Event::Header { text } => format!(
                "{}\n",
                self.bold_green(&format!("==> {}", escape::line(text)))
            ),
            Event::Message { text } | Event::Request { text } => {
                format!("    {}\n", escape::line(text))
            }
            Event::Note { text } => format!("{} {}\n", self.bold("note:"), escape::line(text)),
            Event::Warning { text } => {
                let yellow = AnsiColor::Yellow.on_default().bold();
                format!(
                    "{} {}\n",
                    self.styled(yellow, "warning:"),
                    escape::line(text)
                )
            }
            Event::Raw { text } => text.clone(),
            Event::Diagnostic { problem } | Event::Error { problem } => self.problem(problem),
            Event::Output { line, cut, .. } => self.output(plugin, line, *cut),
            Event::Log {
                level,
                target,
                message,
                fields,
                ..
            } => {
                let mut text = format!("{} {}", plugin.unwrap_or("otto"), level.name());
                if !target.is_empty() {
                    text += &format!(" {target}");
                }
                text += &format!(": {message}");
                for (name, value) in fields.iter().take(FIELDS_MAX) {
                    match value {
                        Value::String(value) => text += &format!(" {name}={value}"),
                        value => text += &format!(" {name}={value}"),
                    }
                }
                if let Some(more @ 1..) = fields.len().checked_sub(FIELDS_MAX) {
                    text += &format!(" and {more} more fields");
                }
                format!("{}\n", self.dim(&escape::line(&text)))
            }
            Event::TaskBegun { title, .. } => format!("    {} …\n", escape::line(title)),
            Event::TaskEnded {
                title,
                message,
                outcome,
                ..
            } => {
                let outcome = match outcome {
                    Outcome::Completed if message.is_empty() => "done".into(),
                    Outcome::Completed => escape::line(message),
                    Outcome::GivenUp => "given up".into(),
                };
                format!("    {}: {outcome}\n", escape::line(title))
            }
            Event::Answered {
                query,
                source,
                variable,
                ..
            } => {
                let from = match (source, variable) {
                    (Source::Environment, Some(variable)) => format!("taken from {variable}"),
                    (Source::Default, _) => "taken by default".into(),
                    _ => return String::new(),
                };
                format!(
                    "    {}\n",
                    self.dim(&format!("{} {}", escape::line(query), escape::line(&from)))
                )
            }
        }
    }

    /// A question, up to where the answer is typed. Give no default that may not be seen.
    pub(super) fn question(self, query: &str, description: &str, default: Option<&str>) -> String {
        let mut text = String::new();
        for line in escape::lines(description, 20) {
            let _ = writeln!(text, "    {line}");
        }
        text += &self.bold(&escape::line(query));
        if let Some(default) = default {
            let _ = write!(text, " [{}]", escape::line(default));
        }
        text + ": "
    }

    fn output(self, plugin: Option<&str>, line: &str, cut: usize) -> String {
        let line = sgr::without_colors(line);
        let mut text = format!(
            "otto-{} | {}",
            plugin.unwrap_or_default(),
            escape::line(&line)
        );
        if cut > 0 {
            let _ = write!(text, "… ({cut} bytes more)");
        }
        format!("{}\n", self.dim(&text))
    }

    fn problem(self, problem: &Problem) -> String {
        let theme = match self.color {
            true => GraphicalTheme::unicode(),
            false => GraphicalTheme::none(),
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_links(false)
            .with_wrap_lines(self.width.is_some())
            .with_width(self.width.unwrap_or(WIDE));
        let mut text = String::new();
        match handler.render_report(&mut text, problem) {
            Ok(()) => text,
            // Whatever is wrong with its labels, what happened is said.
            Err(_) => format!("{problem}\n"),
        }
    }

    fn bold(self, text: &str) -> String {
        self.styled(Style::new().bold(), text)
    }

    fn bold_green(self, text: &str) -> String {
        self.styled(AnsiColor::Green.on_default().bold(), text)
    }

    fn dim(self, text: &str) -> String {
        self.styled(Style::new().dimmed(), text)
    }

    fn styled(self, style: Style, text: &str) -> String {
        match self.color {
            true => format!("{style}{text}{style:#}"),
            false => text.to_owned(),
        }
    }
}
