//! MET: what a plugin says that it is for.

use std::fmt;

use super::{Function, seconds, took};
use crate::protocol::LOG;
use crate::stage::{Meta, Session, Stage};
use crate::verdict::{Reason, Stop};
use crate::wire::{Message, Party, method_name};

pub(super) const CASES: &[(&str, Function)] = &[
    ("MET-01", |stage| Box::pin(fits_its_name(stage))),
    ("MET-02", |stage| Box::pin(is_the_same_every_time(stage))),
    ("MET-03", |stage| Box::pin(has_no_side_effects(stage))),
];

async fn fits_its_name(stage: &Stage<'_>) -> Result<(), Stop> {
    let file = stage
        .settings
        .plugin
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let Some((kind, name)) = parse_file_name(&file) else {
        return Err(stage.fail(
            Reason::FileName,
            "a file name otto-TYPE-NAME, with TYPE of a-z 0-9, NAME of a-z 0-9 -, and no extension",
            file,
        ));
    };
    let session = Session::open(stage, "case").await?;
    stage.did(format!(
        "connect answered type {:?}, name {:?}",
        session.info.kind, session.info.name
    ));
    if session.info.kind != kind {
        let actual = format!("type {:?}", session.info.kind);
        return Err(stage.fail(
            Reason::TypeDiffers,
            format!("type {kind:?}, of {file}"),
            actual,
        ));
    }
    if session.info.name != name {
        let actual = format!("name {:?}", session.info.name);
        return Err(stage.fail(
            Reason::NameDiffers,
            format!("name {name:?}, of {file}"),
            actual,
        ));
    }
    let meta = session.meta(&session.app().await?).await?;
    stage.did("meta answered");
    let tuples = meta
        .read()
        .and_then(|meta| meta.get_tuples().map_err(|error| error.to_string()));
    let unreadable = |actual: String| stage.fail(Reason::NotAnswered, "a meta with tuples", actual);
    let tuples = tuples.map_err(unreadable)?;
    if tuples.is_empty() {
        return Err(stage.fail(Reason::NoTuples, "one tuple or more", "none"));
    }
    for (index, tuple) in tuples.iter().enumerate() {
        let fields = [
            ("app", tuple.get_app()),
            ("infra", tuple.get_infra()),
            ("flavor", tuple.get_flavor()),
        ];
        for (field, value) in fields {
            if value
                .map_err(|error| unreadable(error.to_string()))?
                .is_empty()
            {
                let actual = format!("tuple {index} has an empty {field}: {tuple:?}");
                return Err(stage.fail(Reason::EmptyField, "no field of a tuple is empty", actual));
            }
        }
    }
    Ok(())
}

/// `otto-TYPE-NAME`.
fn parse_file_name(file: &str) -> Option<(&str, &str)> {
    let (kind, name) = file.strip_prefix("otto-")?.split_once('-')?;
    let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_kind = kind.starts_with(|c: char| c.is_ascii_lowercase()) && kind.bytes().all(small);
    let is_name =
        !name.starts_with('-') && !name.is_empty() && name.bytes().all(|b| b == b'-' || small(b));
    (is_kind && is_name).then_some((kind, name))
}

async fn is_the_same_every_time(stage: &Stage<'_>) -> Result<(), Stop> {
    let mut first: Option<Answer> = None;
    for process in 1..=2 {
        let session = Session::open(stage, &format!("process {process}")).await?;
        let app = session.app().await?;
        for call in 1..=3 {
            let answer = Answer::of(&session.meta(&app).await?).map_err(Stop::Harness)?;
            stage.did(format!(
                "process {process}, call {call}: {} bytes",
                answer.canonical.len()
            ));
            let Some(first) = &first else {
                first = Some(answer);
                continue;
            };
            if first.canonical != answer.canonical {
                let reason = match process {
                    1 => Reason::DiffersBetweenCalls,
                    _ => Reason::DiffersBetweenProcesses,
                };
                let at = first.differs_at(&answer);
                let expected = format!("as at the first call, {}", first.around(at));
                let actual = format!("in call {call} of process {process}, {}", answer.around(at));
                return Err(stage.fail(reason, expected, actual));
            }
        }
    }
    Ok(())
}

/// An answer of meta, to be compared and to be shown.
struct Answer {
    canonical: Vec<u8>,
    shown: String,
}

impl Answer {
    fn of(meta: &Meta) -> Result<Self, String> {
        let shown = format!("{:?}", meta.read()?);
        Ok(Self {
            canonical: meta.canonical()?,
            shown,
        })
    }

    /// The first byte of the text that differs, on a character's boundary in both.
    fn differs_at(&self, other: &Self) -> usize {
        let mut chars = self.shown.char_indices().zip(other.shown.chars());
        chars
            .find(|((_, a), b)| a != b)
            .map_or(0, |((at, _), _)| at)
    }

    /// The text around a place.
    fn around(&self, at: usize) -> impl fmt::Display {
        let text: Vec<char> = self.shown.chars().collect();
        let at = self
            .shown
            .get(..at)
            .map_or(0, |before| before.chars().count());
        let (from, to) = (at.saturating_sub(24), (at + 72).min(text.len()));
        let before = if from > 0 { "…" } else { "" };
        let after = if to < text.len() { "…" } else { "" };
        format!(
            "{before}{}{after}",
            text[from..to].iter().collect::<String>()
        )
    }
}

async fn has_no_side_effects(stage: &Stage<'_>) -> Result<(), Stop> {
    let session = Session::open(stage, "case").await?;
    let app = session.app().await?;
    let before = stage.sandbox.snapshot();
    let already = session.link.record(|record| record.events().len());
    for call in 1..=3 {
        let time = session.meta(&app).await?.took;
        stage.did(format!("meta answered after {}", took(time)));
        if time > stage.limit() {
            let expected = format!("an answer within {}", seconds(stage.limit()));
            let actual = format!("call {call} was answered after {}", took(time));
            return Err(stage.fail(Reason::TooSlow, expected, actual));
        }
    }
    // What the calls have sent has come when this is answered.
    session.ping().await?;
    let asked = session.link.record(|record| {
        let theirs = record.events()[already..]
            .iter()
            .filter(|event| event.from == Party::Plugin);
        let mut asked = theirs.filter_map(|event| match event.message {
            Message::Bootstrap { .. } => {
                Some((Reason::AskedBootstrap, format!("it sent {}", event.line)))
            }
            Message::Call {
                interface, ordinal, ..
            } if interface != LOG => Some((
                Reason::CalledHost,
                format!("it called {}", method_name(interface, ordinal)),
            )),
            _ => None,
        });
        asked.next()
    });
    if let Some((reason, actual)) = asked {
        return Err(stage.fail(reason, "asks nothing of the host but to log", actual));
    }
    let files = stage.sandbox.snapshot().since(&before);
    if !files.is_empty() {
        return Err(stage.fail(
            Reason::FileLeft,
            "no file made or changed",
            files.join(", "),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_has_a_type_and_a_name() {
        assert_eq!(parse_file_name("otto-app-ruby"), Some(("app", "ruby")));
        assert_eq!(
            parse_file_name("otto-app-my-own-9"),
            Some(("app", "my-own-9"))
        );
        for name in [
            "otto-app",
            "otto-app-",
            "otto-App-x",
            "otto-1-x",
            "otto-app-X",
            "otto-app--x",
        ] {
            assert_eq!(parse_file_name(name), None, "{name}");
        }
    }
}
