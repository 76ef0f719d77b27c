//! Takes from a case that is over what there is to tell of it.

use std::path::Path;

use super::event::{Details, Lines, Record};
use super::text::{count, harmless, shell_word};
use crate::catalogue::Connection;
use crate::process::Output;
use crate::runner::Outcome;
use crate::settings::{DEFAULT_CALLS, DEFAULT_LIVES, DEFAULT_MUTATIONS, Settings};
use crate::stage::Run;
use crate::verdict::{Reason, Stop, Verdict};
use crate::wire::{Event, Message, Party};

/// How many messages, lines of output and steps are told. The artefacts have all of them.
const TOLD: usize = 8;

impl Details {
    /// What there is to tell of this case.
    pub(crate) fn of(outcome: &Outcome<'_>) -> Self {
        let mut details = Self::default();
        match &outcome.result {
            Ok(()) => {}
            Err(Stop::Fail(failure)) => {
                details.expected = Some(harmless(&failure.expected));
                details.actual = Some(harmless(&failure.actual));
            }
            Err(Stop::Start(error)) => details.error = Some(harmless(&error.to_string())),
            Err(Stop::Untestable(error) | Stop::Harness(error)) => {
                details.error = Some(harmless(error));
            }
        }
        outcome.stage.evidence(|evidence| {
            let steps = evidence.steps.iter();
            let steps = steps.map(|(at, step)| (at.as_secs_f64(), step.clone()));
            details.did = Lines::last(usize::MAX, evidence.steps_dropped, steps);
            details.control = evidence.control.as_deref().map(harmless);
            if let Some(run) = evidence.runs.last() {
                details.stderr = output(&run.stderr);
                details.stdout = output(&run.stdout);
                details.stacks = stacks(&run.stderr);
                details.wire = wire(run);
            }
        });
        if outcome.verdict().0 != Verdict::Pass {
            details.hint = Some(hint(outcome).to_owned());
            details.repro = Some(repro(outcome.stage.settings, &outcome.stage.case.id));
        }
        details
    }

    /// Says where the records are.
    pub(crate) fn recorded(&mut self, directory: &Path, files: &[&str]) {
        self.record = Some(Record {
            directory: directory.display().to_string(),
            files: files.iter().map(|name| (*name).to_owned()).collect(),
        });
    }
}

fn output(output: &Output) -> Lines {
    let lines = output.last_lines(TOLD).into_iter();
    Lines::last(TOLD, 0, lines.map(|(at, line)| (at.as_secs_f64(), line)))
}

/// A runtime tells first of the thread that matters most, and last of registers and memory.
fn stacks(output: &Output) -> Lines {
    let lines = output.lines_after_mark().into_iter();
    let mut lines = lines.filter(|(_, line)| !line.is_empty());
    let mut first: Vec<_> = lines.by_ref().take(TOLD).collect();
    if let (Some((at, _)), more @ 1..) = (first.last(), lines.count()) {
        first.push((*at, format!("… and {} in the record", count(more, "line"))));
    }
    let lines = first.into_iter();
    Lines::last(
        usize::MAX,
        0,
        lines.map(|(at, line)| (at.as_secs_f64(), line)),
    )
}

fn wire(run: &Run) -> Lines {
    let Some(link) = &run.link else {
        return Lines::default();
    };
    link.record(|record| {
        let events = record.events();
        let told = events.iter().filter(|event| !is_bookkeeping(event));
        let mut lines: Vec<_> = told.map(message).collect();
        if let bytes @ [_, ..] = record.unfinished() {
            let start = bytes[..bytes.len().min(64)].escape_ascii();
            let at = lines.last().map_or(0.0, |(at, _)| *at);
            lines.push((at, format!("then \"{start}\", no whole message")));
        }
        Lines::last(TOLD, 0, lines)
    })
}

/// What is said about numbers that are needed no more. The record has it.
fn is_bookkeeping(event: &Event) -> bool {
    matches!(event.message, Message::Finish { .. } | Message::Release)
}

fn message(event: &Event) -> (f64, String) {
    let arrow = match event.from {
        Party::Host => "->",
        Party::Plugin => "<-",
    };
    (event.at.as_secs_f64(), format!("{arrow} {}", event.line))
}

/// Where to look first. What any case builds on has no hint of the case's own.
fn hint<'a>(outcome: &Outcome<'a>) -> &'a str {
    let case = outcome.stage.case;
    match outcome.verdict() {
        (_, Some(Reason::ControlFailed)) if case.connection == Connection::Dialled => {
            "it does not serve a host that it has to dial, as DIA-01 shows"
        }
        (_, Some(Reason::ControlFailed | Reason::NoSession)) => {
            match outcome.stage.evidence(|evidence| evidence.no_session) {
                Some(seen) => seen.hint(),
                // There is a session, but no `meta`.
                None => {
                    "it answers `connect`, and not `Session.app` or `App.meta` after it, as MET-01 \
                     shows"
                }
            }
        }
        (_, Some(Reason::NotAliveAfterwards)) => {
            "what is kept from one process to the next, such as a lock or a port, stops the next one"
        }
        (_, Some(Reason::CaseTimedOut)) => {
            "the steps show how far it came; --timeout-scale helps on a slow machine"
        }
        (Verdict::Harness, _) => "this is a defect of otto-conformance, or of the machine",
        (Verdict::Untestable, _) => "run the case without --attach",
        _ => &case.hint,
    }
}

/// The command that runs this case alone, in the same way.
fn repro(settings: &Settings, id: &str) -> String {
    let mut words = vec!["otto-conformance", "run", &settings.named, "--case", id];
    let variables: Vec<_> = settings
        .environment
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    for variable in &variables {
        words.extend(["--env", variable]);
    }
    let scale = settings.timeout_scale.to_string();
    if settings.timeout_scale != 1.0 {
        words.extend(["--timeout-scale", &scale]);
    }
    let numbers = [
        ("--lives", settings.lives, DEFAULT_LIVES),
        ("--calls", settings.calls, DEFAULT_CALLS),
        ("--mutations", settings.mutations, DEFAULT_MUTATIONS),
    ]
    .map(|(name, number, usual)| (name, (number != usual).then(|| number.to_string())));
    for (name, number) in &numbers {
        words.extend(number.iter().flat_map(|number| [*name, number]));
    }
    if settings.strict {
        words.push("--strict");
    }
    let seed = format!("{:#x}", settings.seed);
    words.extend(["--seed", &seed, "--verbose"]);
    let words: Vec<_> = words.into_iter().map(shell_word).collect();
    words.join(" ")
}
