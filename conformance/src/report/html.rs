//! `--format html`: one page, with all that people see on a terminal, to keep or to hand on.

use std::io::{self, Write};

use minijinja::value::Serde;
use minijinja::{Environment, context};
use serde::Serialize;

use super::{CaseEnded, Event, Report, RunEnded, RunStarted};
use crate::verdict::Verdict;

/// Escaped where something is put in, since its name ends in `.html`.
const NAME: &str = "report.html";
const TEMPLATE: &str = include_str!("report.html");

/// Writes when the run has ended.
pub(super) struct Html {
    writer: Box<dyn Write>,
    run: Option<RunStarted>,
    cases: Vec<Row>,
}

/// A case, as the page shows it.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    ended: CaseEnded,
    rule_ids: String,
    /// Whether it is open when the page is.
    open: bool,
    accepted: bool,
    fields: Vec<(&'static str, String)>,
}

impl Html {
    pub(super) fn new(writer: Box<dyn Write>) -> Self {
        Self {
            writer,
            run: None,
            cases: Vec::new(),
        }
    }

    fn add(&mut self, ended: &CaseEnded) {
        self.cases.push(Row {
            rule_ids: ended.rule_ids(),
            open: !ended.verdict.is_accepted() && ended.verdict != Verdict::Xpass,
            accepted: ended.verdict.is_accepted(),
            fields: match ended.verdict {
                Verdict::Skip => Vec::new(),
                _ => ended.fields(),
            },
            ended: ended.clone(),
        });
    }

    fn write(&mut self, ended: &RunEnded) -> io::Result<()> {
        let mut environment = Environment::new();
        environment
            .add_template(NAME, TEMPLATE)
            .map_err(io::Error::other)?;
        let page = environment.get_template(NAME).map_err(io::Error::other)?;
        let values = context! {
            run => Serde(&self.run),
            ended => Serde(ended),
            cases => Serde(&self.cases),
        };
        let text = page.render(values).map_err(io::Error::other)?;
        self.writer.write_all(text.as_bytes())?;
        self.writer.flush()
    }
}

impl Report for Html {
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(run) => self.run = Some(run.clone()),
            Event::CaseEnded(ended) if ended.last => self.add(ended),
            Event::CaseStarted(_) | Event::CaseEnded(_) => {}
            Event::RunEnded(ended) => self.write(ended)?,
        }
        Ok(())
    }
}
