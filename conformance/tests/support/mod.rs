//! What the tests share: the suite and the mutant as programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The suite, with a place of its own for temporary files.
pub(crate) fn suite(tmp: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otto-conformance"));
    command.env("TMPDIR", tmp).current_dir(tmp);
    command
}

/// The mutant, which is a program of another package.
///
/// `cargo test --workspace` has made it. If only this package is tested, it may be missing or old.
pub(crate) fn mutant() -> &'static Path {
    static MUTANT: OnceLock<PathBuf> = OnceLock::new();
    MUTANT.get_or_init(|| {
        let directory = Path::new(env!("CARGO_BIN_EXE_otto-conformance")).parent();
        let directory = directory.expect("a program lies in a directory");
        let mutant = directory.join("otto-app-mutant");
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("mutants");
        if modified(&mutant).is_none_or(|made| made < newest(&sources)) {
            build(directory, &["otto-app-mutant"]);
        }
        assert!(
            mutant.exists(),
            "{} is not where cargo was to put it",
            mutant.display()
        );
        mutant
    })
}

/// Has cargo make a program of this workspace.
pub(crate) fn build(directory: &Path, what: &[&str]) {
    let profile = match directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--profile", profile, "--package"]);
    cargo.args(what);
    let status = cargo
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo runs");
    assert!(status.success(), "{what:?} cannot be built");
}

pub(crate) fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

pub(crate) fn newest(path: &Path) -> SystemTime {
    let children = fs::read_dir(path).into_iter().flatten().flatten();
    let newest = children.map(|child| newest(&child.path())).max();
    let own = if path.is_dir() { None } else { modified(path) };
    newest.max(own).unwrap_or(SystemTime::UNIX_EPOCH)
}
