//! What a plugin says of itself: as it was kept, or as it says now.

use std::fs;
use std::path::Path;

use otto_plugin::host::{FileHash, FileIdentity, PluginFile};

use super::{Launching, launch};
use crate::plugins::cache::{Cache, Description};
use crate::plugins::error::{PluginsError, PluginsWarning};

pub(super) struct Describer<'a> {
    cache: &'a Cache,
    launching: &'a Launching,
}

impl<'a> Describer<'a> {
    pub(super) fn new(cache: &'a Cache, launching: &'a Launching) -> Self {
        Self { cache, launching }
    }

    /// Says what a plugin says of itself. It is started only if that is not known; then it has ended
    /// when this returns. `hash` is that of the file, if it is known.
    pub(super) async fn describe(
        &self,
        file: &PluginFile,
        hash: Option<FileHash>,
    ) -> Result<(Description, Option<PluginsWarning>), PluginsError> {
        let changed = || PluginsError::Changed {
            path: file.path.clone(),
        };
        let identity = file.identity.as_ref().map_err(|_| changed())?;
        let path = fs::canonicalize(&file.path).map_err(|_| changed())?;
        if let Some(kept) = self.cache.read(&path, identity) {
            if hash.is_none() || hash == kept.sha256 {
                return Ok((kept, None));
            }
            let kept = Description {
                sha256: hash,
                ..kept
            };
            let warning = self.keep(&path, identity, &kept);
            return Ok((kept, warning));
        }
        let plugin = launch(&file.path, identity, (self.launching)(&file.path)).await?;
        let description = Description {
            info: plugin.info().clone(),
            meta: plugin.meta().clone(),
            sha256: hash,
        };
        plugin.shut_down().await;
        let warning = self.keep(&path, identity, &description);
        Ok((description, warning))
    }

    fn keep(
        &self,
        path: &Path,
        identity: &FileIdentity,
        description: &Description,
    ) -> Option<PluginsWarning> {
        let kept = self.cache.write(path, identity, description);
        kept.err().map(|source| PluginsWarning::NotKept {
            path: path.into(),
            source,
        })
    }
}
