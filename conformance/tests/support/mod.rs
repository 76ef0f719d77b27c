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

/// The mutant.
pub(crate) fn mutant() -> &'static Path {
    static MUTANT: OnceLock<PathBuf> = OnceLock::new();
    MUTANT.get_or_init(|| program("otto-app-mutant", &["otto-app-mutant"], "mutants"))
}

/// A program of another package, which is this to cargo, and whose sources lie there.
///
/// `cargo test --workspace` has made it. If only this package is tested, it may be missing or old.
pub(crate) fn program(name: &str, what: &[&str], sources: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_BIN_EXE_otto-conformance")).parent();
    let directory = directory.expect("a program lies in a directory");
    let program = directory.join(name);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join(sources);
    if modified(&program).is_none_or(|made| made < newest(&sources)) {
        build(directory, what);
    }
    let place = program.display();
    assert!(program.exists(), "{place} is not where cargo was to put it");
    program
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
