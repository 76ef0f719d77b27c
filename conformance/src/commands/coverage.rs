//! `otto-conformance coverage`

use std::io;

use clap::{Args, ValueEnum};

use crate::catalogue::{RuleLevel, RuleProfile};
use crate::coverage::{self, Covered, Status};
use crate::exit;
use crate::report::{Screen, style};

/// What `coverage` is told.
#[derive(Debug, Args)]
pub(crate) struct CoverageArgs {
    /// How to write it
    #[arg(long, value_enum, default_value_t = Form::Human, value_name = "FORMAT")]
    format: Form,

    /// Show the rules of this profile only. Can be given more than once
    #[arg(long = "profile", value_enum, value_name = "PROFILE")]
    profiles: Vec<RuleProfile>,

    /// Show only the rules that no case looks at
    #[arg(long)]
    uncovered: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// A table
    Human,
    /// One object, with a member `format`
    Json,
}

/// Says which cases look at which rules. Fails if a profile that is to be complete is not.
pub(crate) fn coverage(screen: &mut Screen, args: &CoverageArgs) -> u8 {
    let covered = coverage::coverage();
    let profiles: Vec<_> = RuleProfile::value_variants()
        .iter()
        .copied()
        .filter(|profile| args.profiles.is_empty() || args.profiles.contains(profile))
        .collect();
    match args.format {
        Form::Human => {
            let printed = profiles
                .iter()
                .try_for_each(|profile| table(screen, &covered, *profile, args.uncovered));
            // Whoever has stopped reading has seen enough.
            let _ = printed;
        }
        Form::Json => match coverage::to_json(&covered, &profiles, args.uncovered) {
            Ok(json) => drop(screen.answer(format_args!("{json}"))),
            Err(error) => {
                screen.tell(format_args!(
                    "error: the coverage cannot be written: {error}"
                ));
                return exit::HARNESS;
            }
        },
    }
    if coverage::is_incomplete(&covered) {
        return exit::NON_CONFORMANT;
    }
    exit::OK
}

fn table(
    screen: &mut Screen,
    covered: &[Covered],
    profile: RuleProfile,
    uncovered: bool,
) -> io::Result<()> {
    let bold = style::BOLD;
    let complete = coverage::complete().contains(&profile);
    screen.answer(format_args!(
        "{bold}profile {profile}{bold:#}, {}",
        match complete {
            true => "in which nothing may be missing",
            false => "which may have rules that no case looks at",
        }
    ))?;
    let rows = covered.iter().filter(|one| one.profile == profile);
    for one in rows.filter(|one| !uncovered || !one.is_tested()) {
        row(screen, one, complete)?;
    }
    let all = coverage::count(covered, profile, None);
    let must = coverage::count(covered, profile, Some(RuleLevel::Must));
    screen.answer(format_args!(
        "  {} rules: {} tested, {} exempt, {} missing; {} of them with MUST: {}, {}, {}",
        all.rules(),
        all.tested,
        all.exempt,
        all.missing,
        must.rules(),
        must.tested,
        must.exempt,
        must.missing
    ))?;
    screen.answer(format_args!(""))
}

fn row(screen: &mut Screen, covered: &Covered, complete: bool) -> io::Result<()> {
    let (dim, bad, odd) = (style::DIM, style::BAD, style::ODD);
    let (id, sentence) = (covered.rule.id, &covered.rule.sentence);
    let level = covered
        .rule
        .level
        .map_or_else(String::new, |it| it.to_string());
    match &covered.status {
        Status::Tested(cases) => {
            let ids: Vec<_> = cases.iter().map(|case| case.id.as_str()).collect();
            let ids = ids.join(" ");
            screen.answer(format_args!("  {id:<6} {level:<6} tested   {ids}"))
        }
        Status::Exempt(exempt) => {
            screen.answer(format_args!(
                "  {id:<6} {level:<6} {odd}exempt{odd:#}   {}",
                exempt.reason
            ))?;
            exempt.seen.iter().try_for_each(|seen| {
                screen.answer(format_args!("{:25}{dim}seen by {seen}{dim:#}", ""))
            })
        }
        Status::Missing => {
            let color = if complete { bad } else { dim };
            screen.answer(format_args!(
                "  {id:<6} {level:<6} {color}missing{color:#}  {dim}{sentence}{dim:#}"
            ))
        }
    }
}
