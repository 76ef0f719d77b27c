//! What plugins have said of themselves, kept by the identities of their files.
//!
//! There is one small file for each file of a plugin. All of it can be made again, so an entry that
//! cannot be used is one that is not there, and the next one takes its place.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use otto_plugin::bindings::app::Meta;
use otto_plugin::bindings::handshake::PluginInfo;
use otto_plugin::host::{FileHash, FileIdentity};
use otto_plugin::launch::PROTOCOL;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::replace::{Durability, replace};
use super::said::{For, Info};
use crate::places::Places;

/// The format of an entry. One of another format is not read.
const FORMAT: u32 = 1;

/// The most that an entry may have, in bytes. A plugin that says more is asked each time.
const LARGEST: u64 = 1 << 20;

/// How the name of each entry ends.
const EXTENSION: &str = "json";

/// Where it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    directory: PathBuf,
}

/// What a plugin has said of itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Description {
    pub(crate) info: PluginInfo,
    pub(crate) meta: Meta,
    /// The hash of its file, if that was ever needed.
    pub(crate) sha256: Option<FileHash>,
}

#[derive(Deserialize, Serialize)]
struct Entry {
    format: u32,
    protocol: u16,
    /// For people.
    path: String,
    identity: String,
    sha256: Option<String>,
    info: Info,
    meta: For,
}

/// What is read first, since nothing else means anything in another format.
#[derive(Deserialize)]
struct Head {
    format: u32,
    protocol: u16,
    identity: String,
}

impl Cache {
    pub(crate) fn of(places: &Places) -> Self {
        Self {
            directory: places.cache().join("plugins"),
        }
    }

    /// The directory of the entries. It may not be there.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the file with this path, links resolved, and this identity has said. None if that is not
    /// known, for whatever reason.
    pub(crate) fn read(&self, path: &Path, identity: &FileIdentity) -> Option<Description> {
        let json = own_file(&self.entry(path)).ok()?;
        let head: Head = serde_json::from_slice(&json).ok()?;
        if (head.format, head.protocol) != (FORMAT, PROTOCOL)
            || head.identity != identity.to_string()
        {
            return None;
        }
        let entry: Entry = serde_json::from_slice(&json).ok()?;
        let sha256 = entry.sha256.map(|hash| hash.parse()).transpose().ok()?;
        Some(Description {
            info: entry.info.into(),
            meta: entry.meta.into(),
            sha256,
        })
    }

    /// Keeps what a file has said, in the place of what is known of it. What is too large is not kept,
    /// which is no error.
    pub(crate) fn write(
        &self,
        path: &Path,
        identity: &FileIdentity,
        description: &Description,
    ) -> io::Result<()> {
        let json = serde_json::to_vec(&Entry {
            format: FORMAT,
            protocol: PROTOCOL,
            path: path.to_string_lossy().into_owned(),
            identity: identity.to_string(),
            sha256: description.sha256.map(|hash| hash.to_string()),
            info: Info::from(&description.info),
            meta: For::from(&description.meta),
        })?;
        if json.len() as u64 > LARGEST {
            return Ok(());
        }
        replace(&self.entry(path), &json, Durability::Any)
    }

    /// Forgets everything. Files that are no entries stay.
    pub(crate) fn clear(&self) -> io::Result<()> {
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|it| it == EXTENSION) {
                match fs::remove_file(path) {
                    // Another `otto` was quicker.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    removed => removed?,
                }
            }
        }
        Ok(())
    }

    /// A path can be longer than the name of a file, so its hash is the name.
    fn entry(&self, path: &Path) -> PathBuf {
        let name = Sha256::digest(path.as_os_str().as_bytes());
        let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
        self.directory.join(name).with_extension(EXTENSION)
    }
}

/// Reads a file of the user's own that is not too large, and is a file.
fn own_file(path: &Path) -> io::Result<Vec<u8>> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let metadata = file.metadata()?;
    let is_own = metadata.uid() == rustix::process::geteuid().as_raw();
    if !metadata.is_file() || !is_own || metadata.len() > LARGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut contents = Vec::new();
    file.take(LARGEST).read_to_end(&mut contents)?;
    Ok(contents)
}

#[cfg(test)]
mod tests;
