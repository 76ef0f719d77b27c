//! Where an application is deployed to.

use std::path::{Component, Path, PathBuf};

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::error::Error;

use crate::app::{call, settings};
use crate::problem::{Problem, quoted};
use crate::releases::Site;
use crate::settings::Settings;

/// Where it is deployed to in the directory of the Appfile, each flavor on its own.
const DEPLOY: &str = "otto-app-ruby/deploy";

/// What no build packs, so that it may lie in the application.
const OTTO: &str = ".otto";

/// The directory that the Appfile names, or else one of the Appfile's own that is never cleared.
pub(super) fn of(context: &Context) -> Result<Site, Error> {
    // The compile has shown what there is to remark.
    let settings = settings::read(context, &mut Vec::new())?;
    let path = match &settings.deploy_dir {
        Some(path) => outside(Path::new(path), &settings)?,
        None => {
            let flavor = Path::new(&context.tuple.flavor);
            let mut parts = flavor.components();
            let is_name = matches!(parts.next(), Some(Component::Normal(_)));
            if !is_name || parts.next().is_some() {
                return Err(Error::invalid(format!(
                    "the flavor {} of the infrastructure cannot be the name of a directory",
                    quoted(&context.tuple.flavor)
                ))
                .with_help("set another `flavor` in the `infrastructure` of the Appfile"));
            }
            let local = call::directory(&context.local_dir, "localDir")?;
            local.join(DEPLOY).join(flavor)
        }
    };
    Ok(Site::new(path, &context.appfile.id))
}

/// A directory that is no part of the application: each build would hold the ones before.
fn outside(path: &Path, settings: &Settings) -> Result<PathBuf, Problem> {
    let application = resolved(Path::new(&settings.dir));
    match resolved(path).strip_prefix(application) {
        Ok(below) if !below.components().any(|part| part.as_os_str() == OTTO) => {
            Err(Problem::invalid(
                format!(
                    "the directory to deploy to, {}, lies in the application itself",
                    quoted(&path.to_string_lossy())
                ),
                "set `deploy_dir` in a `customization` to a directory outside of the application",
            )
            .at(settings.place()))
        }
        _ => Ok(path.to_owned()),
    }
}

/// Follows the links in a path, as far as there is something.
fn resolved(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(resolved), ..) => resolved,
        (Err(_), Some(parent), Some(name)) => resolved(parent).join(name),
        _ => path.to_owned(),
    }
}
