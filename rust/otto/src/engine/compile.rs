//! Compiles an application, and what it needs.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use otto_plugin::bindings::app::{CompileResult, Context};
use otto_plugin::bindings::appfile::Infrastructure;
use otto_plugin::host::{FileHash, FileIdentity, HashError};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::application::{About, Application, infrastructure};
use super::error::EngineError;
use super::{Otto, context};
use crate::directory::CallDirectory;
use crate::failure::Failure;
use crate::plugins::Catalogue;
use crate::project::{
    Compiled, CompiledApp, Compiling, Directories, Loaded, Node, Project, ProjectError, graph,
};
use crate::screen::Unit;

/// An application that is to be compiled.
struct Subject<'a> {
    id: Uuid,
    application: Application<'a>,
}

impl Otto {
    /// Has the plugins write what the other commands work with: all of it, or, if one of them fails,
    /// nothing, so that the last good compile stays.
    pub(crate) async fn compile(&self, explain: bool) -> Result<(), Failure> {
        let project = self.project()?;
        let catalogue = self.catalogue(None).await?;
        let mut nodes = self.graph(&catalogue, project.clone(), explain).await?;
        // Not before it is known that this is an application: what is made here marks the directory as
        // one, for every command below it.
        let compiling = project.compile()?;
        let Some(root) = nodes.pop() else {
            // The root is always there.
            return Ok(());
        };

        let appfile = &root.app.application.appfile;
        let title = format!("compiling {}", appfile.application.name);
        let total = nodes.len() as u64 + 1;
        let task = self.screen.task(title, Some(total), Unit::Items);
        let here = infrastructure(appfile).cloned();
        let foundations = foundations(&compiling, here.as_ref())?;
        let mut dependencies = Vec::new();
        let mut fragments = Vec::new();
        for (done, node) in nodes.iter().enumerate() {
            task.update(done as u64, &node.app.application.appfile.application.name);
            if node.app.id == root.app.id {
                let id = node.app.id.to_string();
                return Err(ProjectError::SameIdentity { id }.into());
            }
            let dir = compiling.dependency(node.app.id)?;
            let given = Context {
                foundation_dirs: foundations.clone(),
                ..Context::default()
            };
            let compiled = self.compile_one(&catalogue, node, &dir, given).await?;
            fragments.extend(compiled.result.dev_dep_fragment_path.clone());
            dependencies.push(compiled);
        }
        let given = Context {
            foundation_dirs: foundations,
            dev_dep_fragments: fragments,
            ..Context::default()
        };
        task.update(total - 1, &appfile.application.name);
        let dir = compiling.app();
        let root = self.compile_one(&catalogue, &root, &dir, given).await?;
        compiling.commit(&Compiled { dependencies, root })?;
        task.end("");
        Ok(())
    }

    /// Finds out everything about the application and what it needs, dependencies first.
    async fn graph<'a>(
        &self,
        catalogue: &'a Catalogue,
        project: Project,
        explain: bool,
    ) -> Result<Vec<Node<Subject<'a>>>, Failure> {
        let mut here: Option<Infrastructure> = None;
        graph(project, async |project, source| {
            let about = About {
                id: project.id()?,
                source,
                infrastructure: here.as_ref(),
            };
            let mut application = self.application(catalogue, project, about).await?;
            let id = project.make_id()?;
            application.appfile.id = id.to_string();
            if explain {
                let name = &application.appfile.application.name;
                for considered in &application.considered {
                    self.screen.message(format!("{name}: {considered}"));
                }
            }
            if here.is_none() {
                here = infrastructure(&application.appfile).cloned();
            }
            Ok(Loaded {
                needs: application.written.needs(),
                app: Subject { id, application },
            })
        })
        .await
    }

    async fn compile_one(
        &self,
        catalogue: &Catalogue,
        node: &Node<Subject<'_>>,
        dir: &Path,
        given: Context,
    ) -> Result<CompiledApp, Failure> {
        let Node { project, app, .. } = node;
        let Subject { id, application } = app;
        let Application {
            written,
            appfile,
            tuple,
            plugin,
            ..
        } = application;
        let started = self.start(catalogue, plugin).await?;
        self.screen.header(format!(
            "Compiling {} with {}",
            appfile.application.name, started.name
        ));
        let directories = Directories::make(&self.places, project, *id)?;
        let context = Context {
            foundation_dirs: given.foundation_dirs,
            dev_dep_fragments: given.dev_dep_fragments,
            ..context::about(appfile, tuple, dir, directories)?
        };
        let directory = CallDirectory::new(self.store().await?.clone(), context::scope(&context));
        let services = self.services(&started.name, project.root(), directory);
        let result = started.plugin.compile(context, &services).await;
        let result = result.map_err(|error| self.call_failed(&error, project.root()))?;
        let result = check(result, &started.name, dir)?;
        Ok(CompiledApp {
            tuple: tuple.clone(),
            appfile: appfile.clone(),
            digest: written.digest().to_owned(),
            dir: context::text(dir)?,
            result,
            plugin: started.recorded()?,
        })
    }
}

/// Makes the directories of the foundations, and gives their paths.
fn foundations(
    compiling: &Compiling,
    here: Option<&Infrastructure>,
) -> Result<Vec<String>, Failure> {
    let foundations = here.map(|it| &it.foundations).into_iter().flatten();
    foundations
        .map(|it| context::text(&compiling.foundation(&it.name)?))
        .collect()
}

/// Looks at what a plugin has answered. What it says of foundations is the host's to say.
fn check(mut result: CompileResult, plugin: &str, dir: &Path) -> Result<CompileResult, Failure> {
    result.foundation_results.clear();
    if let Some(path) = &result.dev_dep_fragment_path
        && file_within(path, dir).is_none()
    {
        return Err(EngineError::Fragment {
            plugin: plugin.to_owned(),
            path: path.clone(),
            dir: dir.to_string_lossy().into_owned(),
        }
        .into());
    }
    Ok(result)
}

/// The regular file at an absolute path, links resolved, if it is in a directory.
fn file_within(path: &str, dir: &Path) -> Option<PathBuf> {
    let (found, within) = (fs::canonicalize(path).ok()?, fs::canonicalize(dir).ok()?);
    let is_there = Path::new(path).is_absolute() && found.is_file() && found.starts_with(within);
    is_there.then_some(found)
}

/// What a dependency's part in the development follows from: the Appfile, and what its compile left.
pub(super) fn fingerprint(app: &CompiledApp) -> String {
    let mut digest = Sha256::new();
    digest.update(&app.digest);
    let fragment = app.result.dev_dep_fragment_path.as_deref();
    let fragment = fragment.and_then(|path| file_within(path, Path::new(&app.dir)));
    // One that cannot be read is what the plugin is to say.
    if let Some(hash) = fragment.and_then(|path| hash(&path).ok()) {
        digest.update(hash.to_string());
    }
    let mut text = String::new();
    for byte in digest.finalize() {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn hash(path: &Path) -> Result<FileHash, HashError> {
    FileHash::of(path, &FileIdentity::of(path)?)
}
