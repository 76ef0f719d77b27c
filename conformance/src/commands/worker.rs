//! `otto-conformance worker`, which the suite runs for each case.

use crate::exit;
use crate::report::Screen;
use crate::runner;

/// The name of the command.
pub(crate) const NAME: &str = "worker";

/// Runs the case that is described on standard input.
pub(crate) fn worker(screen: &mut Screen) -> u8 {
    match runner::work() {
        Ok(()) => exit::OK,
        Err(error) => {
            screen.tell(format_args!("error: the worker: {error}"));
            exit::HARNESS
        }
    }
}
