//! Which case looks at which rule of the specification.

mod exempt;
mod json;

use crate::catalogue::{Case, Profile, Rule, RuleLevel, RuleProfile, cases, rules};

pub use exempt::{Exemption, complete, exemptions};
pub use json::FORMAT;
pub(crate) use json::to_json;

/// What is known of a rule in one of its profiles.
#[derive(Debug)]
#[non_exhaustive]
pub struct Covered {
    /// The rule.
    pub rule: &'static Rule,
    /// One of its profiles.
    pub profile: RuleProfile,
    /// Who looks at it.
    pub status: Status,
}

impl Covered {
    /// Whether a case looks at it.
    pub fn is_tested(&self) -> bool {
        matches!(self.status, Status::Tested(_))
    }
}

/// Who looks at a rule.
#[derive(Debug)]
#[non_exhaustive]
pub enum Status {
    /// These cases.
    Tested(Vec<&'static Case>),
    /// No case, for a reason.
    Exempt(&'static Exemption),
    /// Nobody.
    Missing,
}

/// How much of a profile is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Count {
    /// How many rules a case looks at.
    pub tested: usize,
    /// How many rules have a reason for that no case does.
    pub exempt: usize,
    /// How many rules have neither.
    pub missing: usize,
}

impl Count {
    /// How many rules there are.
    pub fn rules(&self) -> usize {
        self.tested + self.exempt + self.missing
    }
}

/// Every rule in each of its profiles, in the order of the chapters.
pub fn coverage() -> Vec<Covered> {
    let every = rules().iter().flat_map(|rule| {
        let profiles = rule.profiles.iter().flatten();
        profiles.map(move |profile| (rule, *profile))
    });
    every
        .map(|(rule, profile)| Covered {
            rule,
            profile,
            status: status(rule, profile),
        })
        .collect()
}

/// Counts the rules of a profile, of one level or of all.
pub fn count(covered: &[Covered], profile: RuleProfile, level: Option<RuleLevel>) -> Count {
    let mut count = Count::default();
    for one in covered {
        let counts = one.profile == profile && (level.is_none() || one.rule.level == level);
        match (&one.status, counts) {
            (_, false) => {}
            (Status::Tested(_), true) => count.tested += 1,
            (Status::Exempt(_), true) => count.exempt += 1,
            (Status::Missing, true) => count.missing += 1,
        }
    }
    count
}

/// Whether a profile that is to be complete has a rule that nobody looks at.
pub fn is_incomplete(covered: &[Covered]) -> bool {
    let mut profiles = complete().iter();
    profiles.any(|profile| count(covered, *profile, None).missing > 0)
}

fn status(rule: &'static Rule, profile: RuleProfile) -> Status {
    let looking: Vec<_> = cases()
        .iter()
        .filter(|case| looks_at(case, profile) && case.rules.iter().any(|id| id == rule.id))
        .collect();
    if !looking.is_empty() {
        return Status::Tested(looking);
    }
    match exemptions().iter().find(|exempt| exempt.rule == rule.id) {
        Some(exempt) => Status::Exempt(exempt),
        None => Status::Missing,
    }
}

/// Whether a case can see the rules of this profile. A case for any plugin sees what a fixture would
/// show as well, as far as it goes.
fn looks_at(case: &Case, profile: RuleProfile) -> bool {
    match case.profile {
        Profile::Plugin => profile != RuleProfile::Host,
    }
}
