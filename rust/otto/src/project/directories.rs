//! The directories that a plugin gets beside the one that it compiles into.

use std::path::Path;

use uuid::Uuid;

use super::error::ProjectError;
use super::{Project, disk};
use crate::places::Places;

/// Directories for the calls of one application, as `Context` has them: absolute, and there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directories {
    pub(crate) cache: String,
    pub(crate) global_cache: String,
    pub(crate) local: String,
    pub(crate) global: String,
    pub(crate) install: String,
}

impl Directories {
    /// Makes those of the application in `project`, whose identity is `id`. A dependency has its
    /// own, which are the same whoever needs it.
    pub(crate) fn make(places: &Places, project: &Project, id: Uuid) -> Result<Self, ProjectError> {
        let local = project.make_private()?.join("data");
        disk::make_own_directory(&local)?;
        let made = |path: &Path| {
            disk::make_directory(path)?;
            // The places of a user may be relative, if the environment says so.
            let path = std::path::absolute(path).map_err(disk::failed("read", path))?;
            disk::text(&path).map(str::to_owned)
        };
        Ok(Self {
            cache: made(&places.cache().join("apps").join(id.to_string()))?,
            global_cache: made(&places.cache().join("global"))?,
            local: made(&local)?,
            global: made(&places.data().join("global"))?,
            install: made(&places.data().join("bin"))?,
        })
    }
}
