//! What a call of a plugin works on.

use std::path::{Path, PathBuf};

use otto_plugin::bindings::app::{Context, Tuple};
use otto_plugin::bindings::appfile::Appfile;

use super::application::infrastructure;
use crate::directory::Scope;
use crate::failure::Failure;
use crate::places::Places;
use crate::project::{Compiled, CompiledApp, Directories, Project, ProjectError};

/// What every call for one application is about.
pub(super) fn about(
    appfile: &Appfile,
    tuple: &Tuple,
    dir: &Path,
    directories: Directories,
) -> Result<Context, Failure> {
    let Directories {
        cache,
        global_cache,
        local,
        global,
        install,
    } = directories;
    Ok(Context {
        dir: text(dir)?,
        cache_dir: cache,
        global_cache_dir: global_cache,
        local_dir: local,
        global_dir: global,
        install_dir: install,
        tuple: tuple.clone(),
        application: appfile.application.clone(),
        appfile: appfile.clone(),
        ..Context::default()
    })
}

/// What a call is about that follows the compile of an application: the root, or one that it needs.
pub(super) fn compiled(
    places: &Places,
    compiled: &Compiled,
    app: &CompiledApp,
) -> Result<(Project, Context), Failure> {
    let path = PathBuf::from(&app.appfile.path);
    let project = Project::at(path.parent().unwrap_or(&path))?;
    let id = match project.id()? {
        Some(id) if id.to_string() == app.appfile.id => id,
        found => {
            return Err(ProjectError::OtherIdentity {
                path: project.root().to_owned(),
                compiled: app.appfile.id.clone(),
                found: found.map(|id| id.to_string()),
            }
            .into());
        }
    };
    let directories = Directories::make(places, &project, id)?;
    let context = about(&app.appfile, &app.tuple, Path::new(&app.dir), directories)?;
    let context = Context {
        compile_result: Some(app.result.clone()),
        foundation_dirs: foundations(compiled)?,
        ..context
    };
    Ok((project, context))
}

/// Whose records a call may see.
pub(super) fn scope(context: &Context) -> Scope {
    Scope {
        app_id: context.appfile.id.clone(),
        infra: context.tuple.infra.clone(),
        flavor: context.tuple.flavor.clone(),
    }
}

/// The directories of the foundations of the infrastructure, beside that of the root.
fn foundations(compiled: &Compiled) -> Result<Vec<String>, Failure> {
    let root = &compiled.root;
    let foundations = infrastructure(&root.appfile).map(|it| &it.foundations);
    let beside = |name: &str| Path::new(&root.dir).with_file_name(format!("foundation-{name}"));
    let names = foundations.into_iter().flatten();
    names.map(|it| text(&beside(&it.name))).collect()
}

/// A path as text, which is how a plugin gets it.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    match path.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(ProjectError::Path { path: path.into() }.into()),
    }
}
