//! Coverage for programs.

use serde::Serialize;

use super::{Count, Covered, Status, complete, count};
use crate::catalogue::{RuleLevel, RuleProfile};

/// The version of the form. Members may be added within a version.
pub const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    profiles: Vec<ProfileEntry>,
    rules: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct ProfileEntry {
    profile: RuleProfile,
    /// Whether nothing may be missing.
    complete: bool,
    all: Counted,
    must: Counted,
}

#[derive(Serialize)]
struct Counted {
    rules: usize,
    tested: usize,
    exempt: usize,
    missing: usize,
}

#[derive(Serialize)]
struct Entry<'a> {
    rule: &'a str,
    profile: RuleProfile,
    level: Option<RuleLevel>,
    chapter: &'a str,
    sentence: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cases: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<&'a str>,
}

/// Writes what is covered as one object.
///
/// With `uncovered`, only the rules that no case looks at are listed.
pub(crate) fn to_json(
    covered: &[Covered],
    profiles: &[RuleProfile],
    uncovered: bool,
) -> serde_json::Result<String> {
    let shown = covered
        .iter()
        .filter(|one| profiles.contains(&one.profile) && !(uncovered && one.is_tested()));
    serde_json::to_string_pretty(&Document {
        format: FORMAT,
        profiles: profiles.iter().map(|it| summary(covered, *it)).collect(),
        rules: shown.map(entry).collect(),
    })
}

fn summary(covered: &[Covered], profile: RuleProfile) -> ProfileEntry {
    ProfileEntry {
        profile,
        complete: complete().contains(&profile),
        all: count(covered, profile, None).into(),
        must: count(covered, profile, Some(RuleLevel::Must)).into(),
    }
}

impl From<Count> for Counted {
    fn from(count: Count) -> Self {
        Self {
            rules: count.rules(),
            tested: count.tested,
            exempt: count.exempt,
            missing: count.missing,
        }
    }
}

fn entry(covered: &Covered) -> Entry<'_> {
    let (status, cases, exempt) = match &covered.status {
        Status::Tested(cases) => {
            let ids = cases.iter().map(|case| case.id.as_str()).collect();
            ("tested", ids, None)
        }
        Status::Exempt(exempt) => ("exempt", Vec::new(), Some(exempt)),
        Status::Missing => ("missing", Vec::new(), None),
    };
    Entry {
        rule: covered.rule.id,
        profile: covered.profile,
        level: covered.rule.level,
        chapter: covered.rule.chapter,
        sentence: &covered.rule.sentence,
        status,
        cases,
        reason: exempt.map(|it| it.reason.as_str()),
        seen: exempt.and_then(|it| it.seen.as_deref()),
    }
}
