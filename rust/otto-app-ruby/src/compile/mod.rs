//! Writes what later steps build, run and deploy an application with.
//!
//! [`Plan`] is what is to be written, [`template`] makes text of it, [`output`] puts the text into
//! the directory of the compile. The same application gives the same bytes: everything is sorted,
//! and nothing is said of the time or the machine.

mod output;
mod plan;
mod template;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use crate::application::Application;
use crate::problem::Problem;

/// The number for the form of what is written. It changes when what later steps read does.
pub(crate) const RESULT_VERSION: u32 = 2;

pub(crate) const CONTAINERFILE: &str = "Containerfile";
/// Container engines look for this name beside the Containerfile.
pub(crate) const IGNORE_FILE: &str = "Containerfile.dockerignore";
pub(crate) const DEPLOY_FILE: &str = "deploy.json";
/// What an application that depends on this one may want to know.
pub(crate) const DEV_DEP_FILE: &str = "dev-dep.json";
pub(crate) const DEV_SCRIPT: &str = "dev";
pub(crate) const RUN_SCRIPT: &str = "run";

/// A file to be written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct File {
    pub(crate) name: &'static str,
    pub(crate) contents: String,
    pub(crate) executable: bool,
}

/// Checks that a directory is one to compile into, before anything is read.
pub(crate) fn check_dir(dir: &str) -> Result<&Path, Problem> {
    output::check(dir)
}

/// Writes all files for an application into a directory. Gives the path of the one for those that
/// depend on it, if there is anything to say to them.
pub(crate) fn compile(application: &Application, dir: &Path) -> Result<Option<PathBuf>, Problem> {
    let files = files(application)?;
    output::write(dir, &files)?;
    let dev_dep = files.iter().find(|file| file.name == DEV_DEP_FILE);
    Ok(dev_dep.map(|file| dir.join(file.name)))
}

/// The files for an application, in the order of their names.
pub(crate) fn files(application: &Application) -> Result<Vec<File>, Problem> {
    let plan = plan::Plan::new(application);
    let file = |name, contents, executable| File {
        name,
        contents,
        executable,
    };
    let mut files = vec![
        file(
            CONTAINERFILE,
            template::render(CONTAINERFILE, &plan)?,
            false,
        ),
        file(IGNORE_FILE, template::render(IGNORE_FILE, &plan)?, false),
        file(DEPLOY_FILE, plan.deployment()?, false),
        file(DEV_SCRIPT, template::render(DEV_SCRIPT, &plan)?, true),
    ];
    if let Some(contents) = plan.dev_dep()? {
        files.push(file(DEV_DEP_FILE, contents, false));
    }
    files.push(file(RUN_SCRIPT, template::render(RUN_SCRIPT, &plan)?, true));
    Ok(files)
}
