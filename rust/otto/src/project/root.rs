//! Finding the directory of an application.

use std::fs;
use std::io;
use std::path::Path;

use super::error::ProjectError;
use super::{Project, disk};
use crate::appfile::FILE_NAME;

/// The directory of what is not for version control.
pub(super) const PRIVATE: &str = ".otto";

pub(super) fn find(start: &Path) -> Result<Project, ProjectError> {
    let start = Project::at(start)?;
    for directory in start.root.ancestors() {
        let has_private = is_there(&directory.join(PRIVATE), true)?;
        let has_appfile = is_there(&directory.join(FILE_NAME), false)?;
        if has_private || has_appfile {
            return Ok(Project {
                root: directory.to_owned(),
            });
        }
    }
    Ok(start)
}

/// Whether there is a directory, or a file, of this name. It fails if it is the other of the two.
fn is_there(path: &Path, is_directory: bool) -> Result<bool, ProjectError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() == is_directory => Ok(true),
        Ok(_) => Err(ProjectError::Kind {
            path: path.to_owned(),
            expected: if is_directory {
                "a directory"
            } else {
                "a file"
            },
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(disk::failed("read", path)(error)),
    }
}
