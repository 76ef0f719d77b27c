//! The host that people run.

use std::process::ExitCode;

fn main() -> ExitCode {
    otto::main()
}
