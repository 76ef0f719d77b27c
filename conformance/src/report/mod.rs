//! What a run tells: to people on standard error, to machines where they want it, and in files.
//!
//! All of it is made from one stream of [`Event`]s.

mod artifacts;
mod block;
mod details;
mod event;
mod github;
mod html;
mod human;
mod json;
mod junit;
mod screen;
mod summary_file;
mod target;
mod text;

use std::collections::BTreeSet;
use std::io;

pub(crate) use artifacts::{Artifacts, FILES};
pub(crate) use event::{
    CaseEnded, CaseStarted, Details, Event, Outcome, Plugin, RunEnded, RunStarted, VERSION,
};
pub(crate) use screen::{Screen, style};
pub(crate) use target::Target;
pub(crate) use text::harmless;

use crate::settings::Settings;
use human::Human;
use summary_file::SummaryFile;

/// Somebody who is told what happens.
pub(crate) trait Report {
    /// Takes in an event, and writes what there is to write by then.
    fn tell(&mut self, event: &Event) -> io::Result<()>;
}

/// All who are told.
pub(crate) struct Reports<'s> {
    people: Human<'s>,
    machines: Vec<(String, Box<dyn Report>)>,
    has_failed: bool,
}

impl<'s> Reports<'s> {
    /// Opens every file at once, so that a wrong name is no surprise at the end.
    pub(crate) fn open(
        screen: &'s mut Screen,
        targets: &[Target],
        settings: &Settings,
        verbose: bool,
    ) -> Result<Self, String> {
        if targets.iter().filter(|target| target.is_stdout()).count() > 1 {
            return Err(
                "two formats cannot share standard output: say --format FORMAT=FILE".into(),
            );
        }
        let mut machines: Vec<(String, Box<dyn Report>)> = Vec::new();
        let mut taken = BTreeSet::new();
        for target in targets {
            machines.push((target.to_string(), target.open(&mut taken)?));
        }
        machines.push(("report.json".into(), Box::new(SummaryFile::of(settings))));
        Ok(Self {
            people: Human::new(screen, verbose, settings.attach),
            machines,
            has_failed: false,
        })
    }

    /// Tells everybody.
    pub(crate) fn tell(&mut self, event: &Event) {
        self.people.tell(event);
        let people = &mut self.people;
        let has_failed = &mut self.has_failed;
        self.machines
            .retain_mut(|(name, report)| match report.tell(event) {
                Ok(()) => true,
                // Whoever has stopped reading has seen enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => false,
                Err(error) => {
                    people.complain(&format!("no {name}: {error}"));
                    *has_failed = true;
                    false
                }
            });
    }

    /// Whether a report could not be written.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// A case begins, which is told in its turn: this is for whoever watches.
    pub(crate) fn begins(&mut self, case: &str) {
        self.people.begins(case);
    }

    /// It has ended, which is told in its turn too.
    pub(crate) fn ends(&mut self, case: &str) {
        self.people.ends(case);
    }
}
