//! What an unfinished merge leaves in a file.

use crate::problem::{Place, Problem, quoted};

/// Refuses a file that somebody has yet to merge.
pub(crate) fn check(text: &str, file: &str, help: &str) -> Result<(), Problem> {
    for (line, number) in text.lines().zip(1..) {
        if line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") {
            return Err(
                Problem::invalid(format!("{} has a merge conflict", quoted(file)), help)
                    .at(Place::new(file, number)),
            );
        }
    }
    Ok(())
}
