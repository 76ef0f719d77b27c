//! Who an application is, whatever becomes of its name and of its directory.

use std::path::Path;

use uuid::Uuid;

use super::disk;
use super::error::ProjectError;

/// The largest file that is looked into, in bytes.
const LARGEST: u64 = 1024;

pub(super) fn read(path: &Path) -> Result<Option<Uuid>, ProjectError> {
    let Some(bytes) = disk::read(path, LARGEST)? else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&bytes);
    // Version control may have changed the end of the line.
    let line = text.trim_end_matches(['\n', '\r']);
    match Uuid::try_parse(line) {
        Ok(id) if id.to_string() == line => Ok(Some(id)),
        _ => Err(ProjectError::Identity {
            path: path.to_owned(),
            found: line.to_owned(),
        }),
    }
}

pub(super) fn make(path: &Path) -> Result<Uuid, ProjectError> {
    if let Some(id) = read(path)? {
        return Ok(id);
    }
    let id = Uuid::new_v4();
    if disk::write_new(path, format!("{id}\n").as_bytes())? {
        return Ok(id);
    }
    read(path)?.ok_or_else(|| ProjectError::Busy {
        path: path.to_owned(),
    })
}
