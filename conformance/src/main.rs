//! `otto-conformance`: drives an Otto plugin through the protocol, and says which rules it breaks.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    otto_conformance::main()
}

#[cfg(not(target_os = "linux"))]
#[expect(
    clippy::print_stderr,
    reason = "there is nothing else to this program here"
)]
fn main() -> ExitCode {
    eprintln!("otto-conformance watches plugins through /proc, and so runs on Linux only");
    ExitCode::from(3)
}
