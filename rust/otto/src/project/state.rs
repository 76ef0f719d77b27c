//! What a compile has made, for the commands that follow it.

use std::path::Path;

use otto_plugin::bindings::app::{CompileResult, Tuple};
use otto_plugin::bindings::appfile::Appfile;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::ProjectError;
use super::record::{AppfileRecord, CompileResultRecord, Mirror, TupleRecord};
use super::{Project, disk};
use crate::appfile::FILE_NAME;

/// The form of the files, counted up when another `otto` could not read them.
const FORMAT: u32 = 1;

/// The largest file that is read, in bytes. A message can have 16 MiB, and so can an Appfile.
const LARGEST: u64 = 1 << 30;

/// What a compile has made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Compiled {
    /// In the order in which they were compiled.
    pub(crate) dependencies: Vec<CompiledApp>,
    pub(crate) root: CompiledApp,
}

/// An application that was compiled.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CompiledApp {
    pub(crate) tuple: Tuple,
    /// Merged and complete, with the identity, the name and the path of the application.
    pub(crate) appfile: Appfile,
    /// [`crate::appfile::Written::digest`] of what it was made of.
    pub(crate) digest: String,
    /// Where it was compiled into.
    pub(crate) dir: String,
    pub(crate) result: CompileResult,
    pub(crate) plugin: Plugin,
}

/// The plugin that compiled an application.
///
/// It says which one to look for, and is no reason to trust it: the file that it is read from may
/// come with the project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plugin {
    /// `TYPE-NAME`.
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) path: String,
    /// Of the file, in lower-case hexadecimal digits.
    pub(crate) sha256: String,
}

impl Compiled {
    /// Whether it was compiled in this project, where the project is now. One that was moved or copied
    /// since, or that somebody else has put here, has paths that lead elsewhere.
    pub(crate) fn is_of(&self, project: &Project) -> bool {
        let current = project.current();
        let lies = |app: &CompiledApp, name: &str| Path::new(&app.dir) == current.join(name);
        Path::new(&self.root.appfile.path) == project.root().join(FILE_NAME)
            && lies(&self.root, "app")
            && self.dependencies.iter().all(|dependency| {
                let id = &dependency.appfile.id;
                Uuid::try_parse(id).is_ok() && lies(dependency, &format!("dep-{id}"))
            })
    }
}

/// Whether a compile has ended.
pub(super) fn exists(compiled: &Path) -> Result<bool, ProjectError> {
    disk::exists(&compiled.join(FILE))
}

/// Reads what a compile has made. `None` if it has not ended, or is not there.
pub(super) fn read(compiled: &Path) -> Result<Option<Compiled>, ProjectError> {
    let path = compiled.join(FILE);
    let Some(bytes) = disk::read(&path, LARGEST)? else {
        return Ok(None);
    };
    let damaged = |error: serde_json::Error| ProjectError::Damaged {
        path: path.clone(),
        reason: error.to_string(),
    };
    let Format { format } = serde_json::from_slice(&bytes).map_err(damaged)?;
    if format != FORMAT {
        return Err(ProjectError::Format {
            path,
            found: format,
            known: FORMAT,
        });
    }
    let record: CompiledRecord = serde_json::from_slice(&bytes).map_err(damaged)?;
    Ok(Some(Compiled {
        dependencies: record.dependencies.into_iter().map(app).collect(),
        root: app(record.root),
    }))
}

/// Has a compile have ended.
pub(super) fn write(compiled: &Path, state: &Compiled) -> Result<(), ProjectError> {
    let record = CompiledRecord {
        format: FORMAT,
        root: record(&state.root),
        dependencies: state.dependencies.iter().map(record).collect(),
    };
    disk::write(&compiled.join(FILE), &json(&record))
}

/// The Appfile of an application, for people.
pub(super) fn appfile(app: &CompiledApp) -> Vec<u8> {
    json(&AppfileFile {
        format: FORMAT,
        appfile: Mirror::keep(app.appfile.clone()),
    })
}

const FILE: &str = "state.json";

#[derive(Deserialize)]
struct Format {
    format: u32,
}

#[derive(Serialize)]
struct AppfileFile {
    format: u32,
    appfile: AppfileRecord,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CompiledRecord {
    format: u32,
    root: AppRecord,
    dependencies: Vec<AppRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AppRecord {
    tuple: TupleRecord,
    appfile: AppfileRecord,
    digest: String,
    dir: String,
    result: CompileResultRecord,
    plugin: Plugin,
}

fn record(app: &CompiledApp) -> AppRecord {
    let CompiledApp {
        tuple,
        appfile,
        digest,
        dir,
        result,
        plugin,
    } = app.clone();
    AppRecord {
        tuple: Mirror::keep(tuple),
        appfile: Mirror::keep(appfile),
        digest,
        dir,
        result: Mirror::keep(result),
        plugin,
    }
}

fn app(record: AppRecord) -> CompiledApp {
    let AppRecord {
        tuple,
        appfile,
        digest,
        dir,
        result,
        plugin,
    } = record;
    CompiledApp {
        tuple: tuple.owned(),
        appfile: appfile.owned(),
        digest,
        dir,
        result: result.owned(),
        plugin,
    }
}

fn json(record: &impl Serialize) -> Vec<u8> {
    // It has texts for keys, and writes to memory, so that nothing can fail.
    let mut json = serde_json::to_vec_pretty(record).unwrap_or_default();
    json.push(b'\n');
    json
}
