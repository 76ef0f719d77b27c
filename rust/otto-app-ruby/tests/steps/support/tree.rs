//! What lies in a directory.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The files and links of a directory, by their paths, with their permission bits, and what is in
/// them.
pub(crate) type Tree = BTreeMap<PathBuf, (u32, Vec<u8>)>;

pub(crate) fn tree(directory: &Path) -> Tree {
    let mut found = Tree::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let mode = metadata.permissions().mode() & 0o777;
            let name = path.strip_prefix(directory).unwrap().to_owned();
            if metadata.is_dir() {
                directories.push(path);
            } else if metadata.is_symlink() {
                let target = fs::read_link(path).unwrap();
                found.insert(name, (mode, target.into_os_string().into_encoded_bytes()));
            } else {
                found.insert(name, (mode, fs::read(path).unwrap()));
            }
        }
    }
    found
}
