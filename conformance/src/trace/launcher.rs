//! A program that any host can start in the place of a plugin, to have its sessions recorded.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf, absolute};

use super::Between;

/// Why there is no such program.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LauncherError {
    #[error("{path}: the plugin itself is here: choose another directory with --in", path = .0.display())]
    Itself(PathBuf),
    #[error("{path}: {error}", path = path.display())]
    File {
        path: PathBuf,
        #[source]
        error: io::Error,
    },
}

/// Writes a script with the name of the plugin into a directory, which is made if need be. Gives
/// its path.
pub(crate) fn write(directory: &Path, between: &Between) -> Result<PathBuf, LauncherError> {
    let name = between.plugin.file_name().unwrap_or_default();
    let path = directory.join(name);
    let fail = |error| LauncherError::File {
        path: path.clone(),
        error,
    };
    fs::create_dir_all(directory).map_err(fail)?;
    let path = absolute(&path).map_err(fail)?;
    let same = |one: &Path, other: &Path| match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    };
    if same(&path, &between.plugin) {
        return Err(LauncherError::Itself(path));
    }
    let script = script(between).map_err(fail)?;
    // A file of this name may be running: it is replaced, and not written to.
    let mut part = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o755))
        .tempfile_in(directory)
        .map_err(fail)?;
    part.write_all(&script).map_err(fail)?;
    part.persist(&path).map_err(|error| fail(error.error))?;
    Ok(path)
}

fn script(between: &Between) -> io::Result<Vec<u8>> {
    let program = std::env::current_exe()?;
    let mut words = vec![quote(program.as_os_str())];
    words.extend([b"trace", &b"between"[..]].map(<[u8]>::to_vec));
    if between.raw {
        words.push(b"--raw".to_vec());
    }
    words.push(b"--to".to_vec());
    words.push(quote(absolute(&between.to)?.as_os_str()));
    words.push(b"--".to_vec());
    words.push(quote(absolute(&between.plugin)?.as_os_str()));
    let mut script =
        b"#!/bin/sh\n# Starts a plugin, and records what it and its host say.\nexec ".to_vec();
    script.extend(words.join(&b' '));
    script.push(b'\n');
    Ok(script)
}

/// A word as a shell takes it, whatever bytes are in it.
fn quote(word: &OsStr) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for byte in word.as_bytes() {
        match byte {
            b'\'' => quoted.extend(br"'\''"),
            byte => quoted.push(*byte),
        }
    }
    quoted.push(b'\'');
    quoted
}
