//! An application that is known completely: what the user says, what was found, and what follows.

use std::path::Path;

use otto_plugin::bindings::app::{Context, Tuple};
use otto_plugin::bindings::appfile::{Appfile, Infrastructure};
use otto_plugin::bindings::error::ErrorKind;
use otto_plugin::bindings::host::Directory;
use otto_plugin::host::PluginError;
use uuid::Uuid;

use super::error::EngineError;
use super::explain::Considered;
use super::{Otto, fault};
use crate::appfile::Written;
use crate::failure::Failure;
use crate::plugins::{Catalogue, Listed};
use crate::project::Project;

/// An application, and the plugin for it.
pub(super) struct Application<'a> {
    pub(super) written: Written,
    /// Merged, and complete.
    pub(super) appfile: Appfile,
    pub(super) tuple: Tuple,
    pub(super) plugin: &'a Listed,
    /// What was considered, for whoever asks why.
    pub(super) considered: Vec<Considered>,
}

/// What an application is looked at for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct About<'a> {
    /// None before the first compile.
    pub(super) id: Option<Uuid>,
    /// As its dependent names it. Empty for the root.
    pub(super) source: &'a str,
    /// Where its dependent runs. None for the root, which says that itself.
    pub(super) infrastructure: Option<&'a Infrastructure>,
}

/// What is lent to `implicit`: it is about the sources, and not about what is recorded.
struct NoDirectory;

impl Directory for NoDirectory {}

impl Otto {
    /// Finds out everything about the application in a directory. Its plugin is started, and asked what
    /// follows from the sources.
    pub(super) async fn application<'a>(
        &self,
        catalogue: &'a Catalogue,
        project: &Project,
        about: About<'_>,
    ) -> Result<Application<'a>, Failure> {
        let written = Written::read(project.root())?;
        let mut considered = Vec::new();
        let mut appfile = complete(&written, about)?;
        let kind = match appfile.application.r#type.is_empty() {
            true => self.detect_kind(catalogue, project.root(), &mut considered)?,
            false => appfile.application.r#type.clone(),
        };
        appfile.application.r#type.clone_from(&kind);
        let mut tuple = tuple(&appfile, about);
        let mut plugin = choose(catalogue, &tuple, &mut considered)?;

        let started = self.start(catalogue, plugin).await?;
        let services = self.services(&started.name, project.root(), NoDirectory);
        let context = Context {
            appfile: appfile.clone(),
            ..Context::default()
        };
        let answer = started.plugin.implicit(context, &services).await;
        let answer = match answer {
            Ok(answer) => answer,
            // It has nothing to say of the sources.
            Err(error) if is_unsupported(&error) => None,
            Err(error) => return Err(self.call_failed(&error, project.root())),
        };
        let Some(answer) = answer else {
            return Ok(Application {
                written,
                appfile,
                tuple,
                plugin,
                considered,
            });
        };
        let merged = written.add_implicit(answer, &appfile);
        let written = merged.map_err(|source| EngineError::Implicit {
            plugin: started.name,
            source,
        })?;
        let mut appfile = complete(&written, about)?;
        appfile.application.r#type = kind;
        let merged = self::tuple(&appfile, about);
        if merged != tuple {
            // It has named an infrastructure, for which another plugin may be the right one.
            tuple = merged;
            plugin = choose(catalogue, &tuple, &mut considered)?;
        }
        Ok(Application {
            written,
            appfile,
            tuple,
            plugin,
            considered,
        })
    }

    /// Tells the kind of an application by its files.
    fn detect_kind(
        &self,
        catalogue: &Catalogue,
        root: &Path,
        considered: &mut Vec<Considered>,
    ) -> Result<String, Failure> {
        let detection = catalogue.detect(root).map_err(EngineError::Undetected)?;
        for (plugin, error) in &detection.problems {
            let path = plugin.ranked.file.path.display();
            self.screen
                .warning(format!("the plugin {path} recognises nothing: {error}"));
        }
        considered.extend(Considered::of_detection(&detection));
        match detection.detected {
            Some(detected) => Ok(detected.detector.r#type.clone()),
            None => Err(EngineError::NoKind {
                directory: root.to_owned(),
                kinds: kinds(catalogue),
            }
            .into()),
        }
    }

    /// What a call that failed means for the command.
    pub(super) fn call_failed(&self, error: &PluginError, root: &Path) -> Failure {
        fault::call(error, root, self.cancel.is_cancelled())
    }
}

fn is_unsupported(error: &PluginError) -> bool {
    let answer = error.error();
    answer.is_some_and(|answer| answer.kind == ErrorKind::Unsupported)
}

/// What is written, with what is known of the application beside it.
fn complete(written: &Written, about: About<'_>) -> Result<Appfile, Failure> {
    let mut appfile = written.complete()?;
    appfile.id = about.id.map(|id| id.to_string()).unwrap_or_default();
    about.source.clone_into(&mut appfile.source);
    Ok(appfile)
}

/// The infrastructure that an application runs on.
pub(super) fn infrastructure(appfile: &Appfile) -> Option<&Infrastructure> {
    let name = &appfile.project.as_ref()?.infrastructure;
    appfile.infrastructure.iter().find(|it| it.name == *name)
}

fn tuple(appfile: &Appfile, about: About<'_>) -> Tuple {
    let here = about.infrastructure.or_else(|| infrastructure(appfile));
    Tuple {
        app: appfile.application.r#type.clone(),
        infra: here.map(|it| it.r#type.clone()).unwrap_or_default(),
        flavor: here.map(|it| it.flavor.clone()).unwrap_or_default(),
    }
}

fn choose<'a>(
    catalogue: &'a Catalogue,
    tuple: &Tuple,
    considered: &mut Vec<Considered>,
) -> Result<&'a Listed, Failure> {
    let selection = catalogue.select(tuple);
    considered.extend(Considered::of_selection(&selection));
    match selection.chosen {
        Some(chosen) => Ok(chosen.plugin),
        None => Err(EngineError::NoPlugin {
            tuple: tuple.clone(),
            kinds: kinds(catalogue),
        }
        .into()),
    }
}

/// The kinds of applications that there are plugins for.
fn kinds(catalogue: &Catalogue) -> Vec<String> {
    let metas = catalogue.plugins.iter().filter_map(Listed::description);
    let mut kinds: Vec<_> = metas
        .flat_map(|description| &description.meta.tuples)
        .map(|tuple| format!("{:?}", tuple.app))
        .collect();
    kinds.sort();
    kinds.dedup();
    kinds
}
