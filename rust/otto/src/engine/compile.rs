//! Compiles an application, and what it needs.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use otto_plugin::bindings::app::{CompileResult, Context};
use otto_plugin::bindings::appfile::Infrastructure;
use otto_plugin::host::FileHash;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::application::{About, Application, infrastructure};
use super::error::EngineError;
use super::{Otto, context};
use crate::directory::CallDirectory;
use crate::failure::Failure;
use crate::plugins::{Catalogue, Listed, PluginsError};
use crate::project::{
    Compiled, CompiledApp, Compiling, Directories, Loaded, Node, Plugin, Project, ProjectError,
    graph,
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
        let compiling = project.compile()?;
        let catalogue = self.catalogue(None).await?;
        let mut nodes = self.graph(&catalogue, project, explain).await?;
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
            let id = project.make_id()?;
            let about = About {
                id: Some(id),
                source,
                infrastructure: here.as_ref(),
            };
            let application = self.application(catalogue, project, about).await?;
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
            plugin: recorded(plugin)?,
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
    if let Some(path) = &result.dev_dep_fragment_path {
        let (found, within) = (fs::canonicalize(path).ok(), fs::canonicalize(dir).ok());
        let is_there = found.zip(within).is_some_and(|(found, within)| {
            Path::new(path).is_absolute() && found.is_file() && found.starts_with(within)
        });
        if !is_there {
            return Err(EngineError::Fragment {
                plugin: plugin.to_owned(),
                path: path.clone(),
                dir: dir.to_string_lossy().into_owned(),
            }
            .into());
        }
    }
    Ok(result)
}

/// What later commands know the plugin by.
fn recorded(plugin: &Listed) -> Result<Plugin, Failure> {
    let file = &plugin.ranked.file;
    let changed = || PluginsError::Changed {
        path: file.path.clone(),
    };
    let description = plugin.description().ok_or_else(changed)?;
    let sha256 = match (description.sha256, &file.identity) {
        (Some(hash), _) => hash,
        (None, Ok(identity)) => {
            FileHash::of(&file.path, identity).map_err(|source| PluginsError::Hash {
                path: file.path.clone(),
                source,
            })?
        }
        (None, Err(_)) => return Err(changed().into()),
    };
    Ok(Plugin {
        name: file.name.short(),
        version: description.info.version.clone(),
        path: context::text(&file.path)?,
        sha256: sha256.to_string(),
    })
}

/// What a dependency's part in the development follows from: the Appfile, and what its compile left.
pub(super) fn fingerprint(app: &CompiledApp) -> String {
    let mut digest = Sha256::new();
    digest.update(&app.digest);
    let fragment = app.result.dev_dep_fragment_path.as_ref();
    // One that cannot be read is what the plugin is to say.
    digest.update(
        fragment
            .and_then(|path| fs::read(path).ok())
            .unwrap_or_default(),
    );
    let mut text = String::new();
    for byte in digest.finalize() {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
