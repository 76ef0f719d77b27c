//! What kind of application it is.

use std::io::{self, Write};

use serde::Serialize;

use super::Otto;
use super::application::{About, Application, infrastructure};
use super::explain::Considered;
use crate::failure::Failure;
use crate::project::Project;
use crate::screen::printable;

/// The version of the form in which programs get it.
const FORMAT: u32 = 1;

/// What `otto detect` shows.
#[derive(Debug, Serialize)]
pub(crate) struct Detected {
    format: u32,
    application: Subject,
    tuple: Kind,
    plugin: Plugin,
    /// Every plugin that was considered, if the user asks why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    considered: Vec<Considered>,
}

#[derive(Debug, Serialize)]
struct Subject {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    /// Whether the type was found by looking at the files.
    detected: bool,
    /// None before the first compile.
    id: Option<String>,
    directory: String,
    infrastructure: String,
    dependencies: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Kind {
    app: String,
    infra: String,
    flavor: String,
}

#[derive(Debug, Serialize)]
struct Plugin {
    /// `TYPE-NAME`.
    name: String,
    version: String,
    path: String,
}

impl Otto {
    /// Says what kind of application it is. Nothing is written.
    pub(crate) async fn detect(&self, explain: bool) -> Result<Detected, Failure> {
        let project = self.project()?;
        let catalogue = self.catalogue(None).await?;
        let about = About {
            id: project.id()?,
            ..About::default()
        };
        let application = self.application(&catalogue, &project, about).await?;
        let mut detected = Detected::new(&project, application);
        if !explain {
            detected.considered.clear();
        }
        Ok(detected)
    }
}

impl Detected {
    fn new(project: &Project, application: Application<'_>) -> Self {
        let Application {
            appfile,
            tuple,
            plugin,
            considered,
            ..
        } = application;
        let file = &plugin.ranked.file;
        let version = plugin.description().map(|it| it.info.version.clone());
        let here = infrastructure(&appfile).map(|it| it.name.clone());
        let dependencies = appfile.application.dependencies.into_iter();
        Self {
            format: FORMAT,
            application: Subject {
                name: appfile.application.name,
                kind: appfile.application.r#type,
                detected: appfile.application.detect,
                id: Some(appfile.id).filter(|id| !id.is_empty()),
                directory: project.root().to_string_lossy().into_owned(),
                infrastructure: here.unwrap_or_default(),
                dependencies: dependencies.map(|it| it.source).collect(),
            },
            tuple: Kind {
                app: tuple.app,
                infra: tuple.infra,
                flavor: tuple.flavor,
            },
            plugin: Plugin {
                name: file.name.short(),
                version: version.unwrap_or_default(),
                path: file.path.to_string_lossy().into_owned(),
            },
            considered,
        }
    }

    /// Writes it for people.
    pub(crate) fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self {
            application,
            tuple,
            plugin,
            ..
        } = self;
        let how = match application.detected {
            true => "detected",
            false => "as the Appfile says",
        };
        let mut line = |name: &str, value: String| writeln!(out, "{name:<16}{}", printable(&value));
        line("application", application.name.clone())?;
        line("type", format!("{}, {how}", tuple.app))?;
        line(
            "infrastructure",
            format!(
                "{}: {}, {}",
                application.infrastructure, tuple.infra, tuple.flavor
            ),
        )?;
        for dependency in &application.dependencies {
            line("dependency", dependency.clone())?;
        }
        line("plugin", format!("{} {}", plugin.name, plugin.version))?;
        line("", plugin.path.clone())?;
        for considered in &self.considered {
            line("considered", considered.to_string())?;
        }
        Ok(())
    }

    /// Writes it for programs.
    pub(crate) fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }
}
