//! `otto-conformance list`

use crate::catalogue;
use crate::exit;
use crate::report::{Screen, style};

/// Prints a table of the cases.
pub(crate) fn list(screen: &mut Screen) -> u8 {
    let bold = style::BOLD;
    let head = format_args!(
        "{bold}{:<7} {:<5} {:<8} {:<56} RULES{bold:#}",
        "ID", "LEVEL", "PROFILE", "A PLUGIN…"
    );
    let printed = screen.answer(head).and_then(|()| {
        catalogue::cases().iter().try_for_each(|case| {
            let rules = case.rules.join(" ");
            screen.answer(format_args!(
                "{:<7} {:<5} {:<8} {:<56} {rules}",
                case.id, case.level, case.profile, case.title
            ))
        })
    });
    // Whoever has stopped reading has seen enough.
    let _ = printed;
    exit::OK
}
