//! What is read, what is refused, and what comes of both sides.

mod faults;
mod implicit;
mod merge;
mod read;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::Written;

/// Where the files of the tests are.
fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/appfile")
}

/// What an Appfile says, in the directory `shop` of a temporary one.
fn written(appfile: &str) -> (TempDir, Written) {
    let dir = tempfile::tempdir().unwrap();
    let shop = dir.path().join("shop");
    fs::create_dir(&shop).unwrap();
    fs::write(shop.join("Appfile"), appfile).unwrap();
    let written = Written::read(&shop).unwrap();
    (dir, written)
}
