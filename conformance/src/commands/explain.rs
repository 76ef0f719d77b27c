//! `otto-conformance explain`

use std::io;

use crate::catalogue::{self, COMMON_REASONS, Case};
use crate::exit;
use crate::report::{Screen, style};
use crate::verdict::Reason;

/// Prints all that is known of a case.
pub(crate) fn explain(screen: &mut Screen, id: &str) -> u8 {
    let Some(case) = catalogue::find(&id.to_ascii_uppercase()) else {
        screen.tell(format_args!(
            "error: there is no case {id}; otto-conformance list shows all"
        ));
        return exit::USAGE;
    };
    let _ = print(screen, case);
    exit::OK
}

fn print(screen: &mut Screen, case: &Case) -> io::Result<()> {
    let (bold, dim) = (style::BOLD, style::DIM);
    screen.answer(format_args!(
        "{bold}{}{bold:#} a plugin {}",
        case.id, case.title
    ))?;
    screen.answer(format_args!(""))?;
    screen.answer(format_args!("{}", case.statement))?;
    screen.answer(format_args!(""))?;
    let observation = case
        .observation
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let reasons = |reasons: &[Reason]| {
        reasons
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut fields = vec![("level", format!("{}, for any plugin", case.level))];
    for rule in &case.rules {
        fields.push((
            "rule",
            match catalogue::sentence(rule) {
                Some(sentence) => format!("{rule}  {sentence}"),
                None => rule.clone(),
            },
        ));
    }
    fields.push(("looks at", observation));
    fields.push((
        "limit",
        format!(
            "{} s (all that is done with one process: {} s), times --timeout-scale",
            case.limit, case.timeout
        ),
    ));
    if let Some(control) = &case.control {
        fields.push(("control", format!("{control}, which has to work")));
    }
    fields.push(("fails as", reasons(&case.reasons)));
    fields.push((
        "",
        format!("{dim}or, as any case: {}{dim:#}", reasons(&COMMON_REASONS)),
    ));
    for (index, mutant) in case.mutants.iter().enumerate() {
        let name = if index == 0 { "mutants" } else { "" };
        fields.push((
            name,
            format!("OTTO_MUTANT={} fails as {}", mutant.name, mutant.reason),
        ));
    }
    fields.push(("hint", case.hint.clone()));
    for (name, value) in fields {
        screen.answer(format_args!("  {dim}{name:<9}{dim:#} {value}"))?;
    }
    Ok(())
}
