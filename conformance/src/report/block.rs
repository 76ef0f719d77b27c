//! A failure, told so that it can be understood and repeated.

use std::fmt;
use std::time::Duration;

use super::screen::{Screen, style};
use crate::catalogue::{self, Connection};
use crate::runner::Outcome;
use crate::settings::{DEFAULT_LIVES, DEFAULT_MUTATIONS, Settings};
use crate::verdict::{Reason, Stop, Verdict};
use crate::wire::{Event, Message, Party};

/// How many messages, lines of output and steps are shown. The artefacts have all of them.
const SHOWN: usize = 8;
/// The longest line, in characters.
const LINE: usize = 400;

/// Writes the block below the line of a failed case.
pub(crate) fn explain_failure(screen: &mut Screen, outcome: &Outcome<'_>, artifacts: Option<&str>) {
    let case = outcome.stage.case;
    let mut block = Block { screen };
    for (index, rule) in case.rules.iter().enumerate() {
        let name = if index == 0 { "spec" } else { "" };
        let sentence = catalogue::sentence(rule).unwrap_or(&case.statement);
        block.field(name, format_args!("{rule} \"{sentence}\""));
    }
    show_steps_in(&mut block, outcome);
    match &outcome.result {
        Err(Stop::Fail(failure)) => {
            block.field("expected", format_args!("{}", failure.expected));
            block.field("actual", format_args!("{}", failure.actual));
        }
        Err(Stop::Start(error)) => block.field("error", format_args!("{error}")),
        Err(Stop::Harness(error)) => {
            block.field("error", format_args!("{error}"));
            block.field(
                "",
                format_args!("nothing is known about the plugin: the suite failed"),
            );
        }
        Ok(()) => {}
    }
    outcome.stage.evidence(|evidence| {
        if let Some(control) = &evidence.control {
            block.field("control", format_args!("{control}"));
        }
        let Some(run) = evidence.runs.last() else {
            return;
        };
        for (name, output) in [("stderr", &run.stderr), ("stdout", &run.stdout)] {
            match output.last_lines(SHOWN) {
                lines if lines.is_empty() => block.field(name, format_args!("(empty)")),
                lines => block.list(name, lines.into_iter().map(at)),
            }
        }
        if let Some(link) = &run.link {
            link.record(|record| {
                let events = record.events();
                let told: Vec<_> = events
                    .iter()
                    .filter(|event| !is_bookkeeping(event))
                    .collect();
                let shown = &told[told.len().saturating_sub(SHOWN)..];
                let earlier = told.len() - shown.len();
                let unfinished = match record.unfinished() {
                    [] => None,
                    bytes => Some(format!(
                        "then \"{}\", no whole message",
                        bytes[..bytes.len().min(64)].escape_ascii()
                    )),
                };
                let lines = (earlier > 0).then(|| format!("… {earlier} earlier"));
                let lines = lines
                    .into_iter()
                    .chain(shown.iter().copied().map(message))
                    .chain(unfinished);
                block.list("wire", lines);
            });
        }
    });
    if let Some(artifacts) = artifacts {
        block.field(
            "record",
            format_args!("{artifacts}/ (wire.ndjson, stdout, stderr)"),
        );
    }
    block.field("hint", format_args!("{}", hint(outcome)));
    block.field(
        "repro",
        format_args!("{}", repro(outcome.stage.settings, &case.id)),
    );
}

/// Writes the block of a case that fails because an ordinary start does, where an earlier block has
/// told all about that.
pub(crate) fn repeat_failure(screen: &mut Screen, outcome: &Outcome<'_>, told: &str) {
    let mut block = Block { screen };
    if let Err(Stop::Fail(failure)) = &outcome.result {
        block.field("actual", format_args!("{}", failure.actual));
    }
    block.field(
        "hint",
        format_args!("an ordinary start fails, as in {told}"),
    );
}

/// Where to look first. What any case builds on has no hint of the case's own.
fn hint<'a>(outcome: &Outcome<'a>) -> &'a str {
    let case = outcome.stage.case;
    match outcome.verdict() {
        Verdict::Fail(Reason::ControlFailed) if case.connection == Connection::Dialled => {
            "it does not serve a host that it has to dial, as DIA-01 shows"
        }
        Verdict::Fail(Reason::ControlFailed | Reason::NoSession) => {
            "it does not answer an ordinary start: with the cookie, a plugin stays, and serves \
             Cap'n Proto RPC on the descriptor in OTTO_PLUGIN_FD (LA-4); in Rust, \
             `otto_plugin::serve(…)` in `main` does that"
        }
        Verdict::Fail(Reason::NotAliveAfterwards) => {
            "what is kept from one process to the next, such as a lock or a port, stops the next one"
        }
        Verdict::Fail(Reason::CaseTimedOut) => {
            "the steps show how far it came; --timeout-scale helps on a slow machine"
        }
        Verdict::Harness => "this is a defect of otto-conformance, or of the machine",
        _ => &case.hint,
    }
}

/// Writes what was done in a case that passed.
pub(crate) fn show_steps(screen: &mut Screen, outcome: &Outcome<'_>) {
    show_steps_in(&mut Block { screen }, outcome);
}

fn show_steps_in(block: &mut Block<'_>, outcome: &Outcome<'_>) {
    outcome.stage.evidence(|evidence| {
        let hidden = evidence.steps_dropped;
        let earlier = (hidden > 0).then(|| format!("… {hidden} earlier"));
        let steps = evidence
            .steps
            .iter()
            .map(|(time, step)| at((*time, step.clone())));
        block.list("did", earlier.into_iter().chain(steps));
    });
}

fn at((time, text): (Duration, String)) -> String {
    format!("t={:.3} {text}", time.as_secs_f64())
}

/// What is said about numbers that are needed no more. The record has it.
fn is_bookkeeping(event: &Event) -> bool {
    matches!(event.message, Message::Finish { .. } | Message::Release)
}

fn message(event: &Event) -> String {
    let arrow = match event.from {
        Party::Host => "->",
        Party::Plugin => "<-",
    };
    at((event.at, format!("{arrow} {}", event.line)))
}

struct Block<'a> {
    screen: &'a mut Screen,
}

impl Block<'_> {
    fn field(&mut self, name: &str, value: fmt::Arguments<'_>) {
        let dim = style::DIM;
        self.screen
            .tell(format_args!("  {dim}{name:<9}{dim:#} {value}"));
    }

    fn list(&mut self, name: &str, lines: impl IntoIterator<Item = String>) {
        let mut name = name;
        for line in lines {
            // What a plugin writes is not to move the cursor.
            let mut line: String = line.chars().filter(|char| !char.is_control()).collect();
            if let Some((cut, _)) = line.char_indices().nth(LINE) {
                line.truncate(cut);
                line.push('…');
            }
            self.field(name, format_args!("{line}"));
            name = "";
        }
    }
}

/// The command that runs this case alone, in the same way.
fn repro(settings: &Settings, id: &str) -> String {
    let mut command = format!(
        "otto-conformance run {} --case {id}",
        quote(&settings.named)
    );
    for (name, value) in &settings.environment {
        command.push_str(&format!(" --env {}", quote(&format!("{name}={value}"))));
    }
    if settings.timeout_scale != 1.0 {
        command.push_str(&format!(" --timeout-scale {}", settings.timeout_scale));
    }
    if settings.lives != DEFAULT_LIVES {
        command.push_str(&format!(" --lives {}", settings.lives));
    }
    if settings.mutations != DEFAULT_MUTATIONS {
        command.push_str(&format!(" --mutations {}", settings.mutations));
    }
    if settings.strict {
        command.push_str(" --strict");
    }
    command.push_str(&format!(" --seed {:#x} --verbose", settings.seed));
    command
}

/// A word as a shell takes it.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_to_repeat_survives_a_shell() {
        assert_eq!(quote("./otto-app-ruby"), "./otto-app-ruby");
        assert_eq!(quote("A=it's"), r"'A=it'\''s'");
        assert_eq!(quote(""), "''");
    }
}
