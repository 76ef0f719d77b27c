//! The plugin that a command is about.

use std::io;
use std::path::{self, PathBuf};

use otto_plugin::host::{FileIdentity, Plugin};

use crate::plugins::args::plugin_name;
use crate::plugins::catalogue::{Opening, launch, resolve};
use crate::plugins::error::PluginsError;

/// A plugin that the user has named.
pub(super) struct Subject {
    pub(super) path: PathBuf,
    /// The one of the file that was found by name. A path is the user's word for whatever lies there.
    identity: Option<FileIdentity>,
}

impl Subject {
    /// Takes a name, such as `app-ruby` or `otto-app-ruby`, or a path, which is what has a `/` in it.
    /// Nothing is started yet.
    pub(super) async fn of(text: &str, opening: &Opening<'_>) -> Result<Self, PluginsError> {
        if text.contains('/') {
            return Ok(Self {
                path: path::absolute(text).map_err(no_path)?,
                identity: None,
            });
        }
        let name = plugin_name(text).map_err(|source| PluginsError::Name {
            name: text.into(),
            source,
        })?;
        let (path, identity) = resolve(&name, opening).await?;
        Ok(Self {
            path,
            identity: Some(identity),
        })
    }

    /// Starts it. The caller ends it.
    pub(super) async fn start(&self, opening: &Opening<'_>) -> Result<Plugin, PluginsError> {
        let launcher = (opening.launching)(&self.path);
        match &self.identity {
            Some(identity) => launch(&self.path, identity, launcher).await,
            None => launcher.start().await.map_err(PluginsError::start),
        }
    }
}

/// There is no current directory.
fn no_path(error: io::Error) -> PluginsError {
    PluginsError::Output(error)
}
