//! What an application needs as a dependency while another is developed: kept for as long as its
//! files are there.

use std::path::{Path, PathBuf};

use miette::Diagnostic;
use otto_plugin::bindings::app::DevDep;
use serde::{Deserialize, Serialize};

use super::ProjectError;
use super::disk;
use super::state::Plugin;
use crate::appfile::quoted;

/// What the file with the answer has after the name of the directory, beside which it lies: what is
/// in the directory is the plugin's.
const SUFFIX: &str = ".dev-dep.json";

/// The largest answer that is kept, in bytes.
const LARGEST: u64 = 16 << 20;

/// What an answer follows from: with another one, the plugin is asked anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DevDepKey {
    pub(crate) plugin: Plugin,
    /// [`crate::appfile::Written::digest`] of the dependency.
    pub(crate) digest: String,
}

/// The answer of `devDep` for one application, beside its cache directory.
#[derive(Clone, Debug)]
pub(crate) struct DevDepCache {
    directory: PathBuf,
}

/// An answer that cannot be used. The plugin is at fault, unless it is the disk.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum DevDepError {
    /// A file is named that cannot be in the directory.
    #[error(
        "the file {} is said to be in {}, and is not a relative path within it",
        quoted(file),
        quoted(directory)
    )]
    #[diagnostic(help("tell the author of the plugin: `DevDep.files` are relative to `cacheDir`"))]
    Outside { file: String, directory: String },
    /// A file is named that is not there.
    #[error(
        "the file {} is said to be in {}, and there is no such regular file",
        quoted(file),
        quoted(directory)
    )]
    #[diagnostic(help("tell the author of the plugin: `DevDep.files` have to be there"))]
    Missing { file: String, directory: String },
    /// The answer cannot be kept.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Disk(#[from] ProjectError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    key: DevDepKey,
    files: Vec<String>,
}

impl DevDepCache {
    /// That for `directory`, which is `Context.cacheDir` of the dependency.
    pub(crate) fn of_directory(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// The answer that was kept. `None` if there is none for this key, if one of its files is gone,
    /// or if what is there makes no sense: the plugin has to be asked.
    pub(crate) fn kept(&self, key: &DevDepKey) -> Option<DevDep> {
        let bytes = disk::read(&self.file(), LARGEST).ok()??;
        let kept: Kept = serde_json::from_slice(&bytes).ok()?;
        let dev_dep = DevDep { files: kept.files };
        (kept.key == *key && self.check(&dev_dep).is_ok()).then_some(dev_dep)
    }

    /// Keeps an answer, after a check: each file is, links resolved, a regular file in the
    /// directory.
    pub(crate) fn keep(&self, key: &DevDepKey, dev_dep: &DevDep) -> Result<(), DevDepError> {
        self.check(dev_dep)?;
        let kept = Kept {
            key: key.clone(),
            files: dev_dep.files.clone(),
        };
        // It has texts for keys, and writes to memory, so that nothing can fail.
        let mut json = serde_json::to_vec_pretty(&kept).unwrap_or_default();
        json.push(b'\n');
        Ok(disk::write(&self.file(), &json)?)
    }

    fn file(&self) -> PathBuf {
        let mut file = self.directory.clone().into_os_string();
        file.push(SUFFIX);
        file.into()
    }

    fn check(&self, dev_dep: &DevDep) -> Result<(), DevDepError> {
        let directory = self.directory.canonicalize();
        let directory = directory.map_err(disk::failed("read", &self.directory))?;
        for file in &dev_dep.files {
            let shown = || (file.clone(), directory.to_string_lossy().into_owned());
            let path = Path::new(file);
            let found = directory.join(path).canonicalize();
            let is_file = found.as_ref().is_ok_and(|found| found.is_file());
            let is_within = found.is_ok_and(|found| found.starts_with(&directory));
            if path.is_absolute() || is_file && !is_within {
                let (file, directory) = shown();
                return Err(DevDepError::Outside { file, directory });
            }
            if !is_file {
                let (file, directory) = shown();
                return Err(DevDepError::Missing { file, directory });
            }
        }
        Ok(())
    }
}
