//! How far an application is.

use std::collections::BTreeMap;
use std::io::{self, Write};

use otto_plugin::bindings::app::Tuple;
use otto_plugin::bindings::host::{
    BuildRecord, DeployRecord, DeployState, DevRecord, DevState, InfraRecord, InfraState, Stamp,
};
use serde::Serialize;

use super::Otto;
use super::application::infrastructure;
use crate::appfile::Written;
use crate::directory::{Key, Record, Store};
use crate::failure::Failure;
use crate::screen::printable;

/// The version of the form in which programs get it.
const FORMAT: u32 = 1;

/// What `otto status` shows.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    format: u32,
    application: Application,
    infrastructure: Infrastructure,
    /// Whether it is compiled.
    compiled: bool,
    dev: Part,
    infra: Part,
    build: Part,
    deploy: Part,
}

#[derive(Debug, Serialize)]
struct Application {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    /// None before the first compile.
    id: Option<String>,
    directory: String,
    /// The name of the infrastructure that it runs on.
    infrastructure: String,
}

#[derive(Debug, Serialize)]
struct Infrastructure {
    #[serde(rename = "type")]
    kind: String,
    flavor: String,
}

/// One of the four things that are recorded.
#[derive(Debug, Default, Serialize)]
struct Part {
    state: State,
    /// How often it was recorded. None if it is not.
    revision: Option<u64>,
    /// What the plugin has recorded with it.
    record: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    #[default]
    None,
    Ready,
    Failed,
    /// It has begun, and is not complete.
    Partial,
}

impl Otto {
    /// Says how far the application is. No plugin is asked, and nothing of the project is
    /// written.
    pub(crate) async fn status(&self) -> Result<Status, Failure> {
        let project = self.project()?;
        let compiled = project.compiled()?.filter(|it| it.is_of(&project));
        let is_compiled = compiled.is_some();
        let (appfile, tuple) = match compiled {
            Some(compiled) => (compiled.root.appfile, compiled.root.tuple),
            None => {
                let appfile = Written::read(project.root())?.complete()?;
                let here = infrastructure(&appfile);
                let tuple = Tuple {
                    app: appfile.application.r#type.clone(),
                    infra: here.map(|it| it.r#type.clone()).unwrap_or_default(),
                    flavor: here.map(|it| it.flavor.clone()).unwrap_or_default(),
                };
                (appfile, tuple)
            }
        };
        let id = project.id()?.map(|id| id.to_string());
        let mut status = Status {
            format: FORMAT,
            application: Application {
                kind: tuple.app.clone(),
                directory: project.root().to_string_lossy().into_owned(),
                id: id.clone(),
                infrastructure: infrastructure(&appfile)
                    .map(|it| it.name.clone())
                    .unwrap_or_default(),
                name: appfile.application.name,
            },
            infrastructure: Infrastructure {
                kind: tuple.infra.clone(),
                flavor: tuple.flavor.clone(),
            },
            compiled: is_compiled,
            dev: Part::default(),
            infra: Part::default(),
            build: Part::default(),
            deploy: Part::default(),
        };
        let Some(id) = id else {
            // Nothing is recorded of what has no identity.
            return Ok(status);
        };
        for record in self.store().await?.records(&id, &tuple.infra).await? {
            status.take(record, &tuple);
        }
        Ok(status)
    }
}

impl Status {
    /// Takes up a record, if it is about what is looked at.
    fn take(&mut self, record: Record, tuple: &Tuple) {
        match &record.key {
            Key::Dev { .. } => {
                let DevRecord { stamp, state } = record.into();
                let state = match state {
                    DevState::Ready => State::Ready,
                    _ => State::Partial,
                };
                self.dev = Part::new(state, &stamp, BTreeMap::new());
            }
            Key::Infra { foundation, .. } if foundation.is_empty() => {
                let InfraRecord {
                    stamp,
                    state,
                    outputs,
                } = record.into();
                let state = match state {
                    InfraState::Ready => State::Ready,
                    _ => State::Partial,
                };
                self.infra = Part::new(state, &stamp, outputs);
            }
            Key::Build { flavor, .. } if *flavor == tuple.flavor => {
                let BuildRecord { stamp, artifact } = record.into();
                self.build = Part::new(State::Ready, &stamp, artifact);
            }
            Key::Deploy { flavor, .. } if *flavor == tuple.flavor => {
                let DeployRecord {
                    stamp,
                    state,
                    deploy,
                } = record.into();
                let state = match state {
                    DeployState::Success => State::Ready,
                    DeployState::Failed => State::Failed,
                    _ => State::Partial,
                };
                self.deploy = Part::new(state, &stamp, deploy);
            }
            // Those of foundations and of other flavors.
            Key::Infra { .. } | Key::Build { .. } | Key::Deploy { .. } => {}
        }
    }

    /// Writes it for people.
    pub(crate) fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self {
            application,
            infrastructure,
            ..
        } = self;
        let line = |out: &mut dyn Write, name: &str, value: &str| {
            writeln!(out, "{name:<16}{}", printable(value))
        };
        line(out, "application", &application.name)?;
        if !application.kind.is_empty() {
            line(out, "type", &application.kind)?;
        }
        let Infrastructure { kind, flavor } = infrastructure;
        let here = format!("{}: {kind}, {flavor}", application.infrastructure);
        line(out, "infrastructure", &here)?;
        line(out, "compiled", if self.compiled { "yes" } else { "no" })?;
        let parts = [
            ("dev", &self.dev),
            ("infra", &self.infra),
            ("build", &self.build),
            ("deploy", &self.deploy),
        ];
        for (name, part) in parts {
            line(out, name, part.state.name())?;
            for (key, value) in &part.record {
                writeln!(out, "  {:<13} {}", printable(key), printable(value))?;
            }
        }
        Ok(())
    }

    /// Writes it for programs.
    pub(crate) fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }
}

impl Part {
    fn new(state: State, stamp: &Stamp, record: BTreeMap<String, String>) -> Self {
        Self {
            state,
            revision: Some(stamp.revision),
            record,
        }
    }
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Partial => "partial",
        }
    }
}
