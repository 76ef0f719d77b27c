//! Where `otto` keeps what belongs to a user.

use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, HomeDirError, choose_base_strategy};
use miette::Diagnostic;

/// The directories of the user who runs `otto`. They follow the XDG base directory specification, so
/// `XDG_CONFIG_HOME`, `XDG_DATA_HOME` and `XDG_CACHE_HOME` move them. None needs to be there yet.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    home: PathBuf,
    config: PathBuf,
    data: PathBuf,
    cache: PathBuf,
}

/// The user has no home directory.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("it cannot be told where this user keeps things")]
#[diagnostic(help("set HOME"))]
pub(crate) struct NoHome(#[source] HomeDirError);

impl Places {
    /// Finds them.
    pub(crate) fn of_user() -> Result<Self, NoHome> {
        let base = choose_base_strategy().map_err(NoHome)?;
        Ok(Self {
            home: base.home_dir().to_owned(),
            config: base.config_dir().join("otto"),
            data: base.data_dir().join("otto"),
            cache: base.cache_dir().join("otto"),
        })
    }

    /// What the user decided: which plugins are trusted, and the credentials.
    pub(crate) fn config(&self) -> &Path {
        &self.config
    }

    /// What cannot be made again: the directory of records and blobs, and what plugins keep.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// What can be made again.
    pub(crate) fn cache(&self) -> &Path {
        &self.cache
    }

    /// Where plugins are installed for this user alone.
    pub(crate) fn plugins(&self) -> PathBuf {
        self.home.join(".otto.d/plugins")
    }

    /// Those of a user whose home is `home`, and who has not moved any.
    #[cfg(test)]
    pub(crate) fn below(home: &Path) -> Self {
        Self {
            home: home.into(),
            config: home.join(".config/otto"),
            data: home.join(".local/share/otto"),
            cache: home.join(".cache/otto"),
        }
    }
}
