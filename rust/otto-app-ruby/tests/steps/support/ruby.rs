//! What the tests that run Ruby need of the machine.

use std::env;
use std::path::Path;

const PROGRAMS: [&str; 3] = ["ruby", "puma", "bundle"];

const HELP: &str = "install them, such as with `apt-get install ruby ruby-rack ruby-bundler puma`";

/// Whether Ruby and a server are there. Where a change is checked, they have to be; elsewhere, it
/// says what is missing.
#[expect(clippy::print_stderr, reason = "it is for whoever runs the tests")]
pub(crate) fn is_there() -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let has = |program: &&str| env::split_paths(&path).any(|dir| is_file(&dir.join(program)));
    let missing: Vec<_> = PROGRAMS
        .into_iter()
        .filter(|program| !has(program))
        .collect();
    if missing.is_empty() {
        return true;
    }
    let missing = format!("{} missing on the PATH: {HELP}", missing.join(", "));
    assert!(env::var_os("CI").is_none(), "{missing}");
    eprintln!("not tested: {missing}");
    false
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}
