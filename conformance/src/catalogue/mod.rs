//! The rows of `cases.toml`, and the rules of `spec/` that they name.

mod chapters;
mod rules;

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::verdict::Reason;

pub use chapters::{CHAPTERS, Chapter};
pub use rules::{Rule, RuleLevel, RuleProfile, is_identity, rule, rules, sentence};

/// The reasons for which any case may fail.
pub const COMMON_REASONS: [Reason; 4] = [
    Reason::ControlFailed,
    Reason::NotAliveAfterwards,
    Reason::NoSession,
    Reason::CaseTimedOut,
];

/// What is known of a case without running it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Case {
    /// The group and the number, such as `DIR-01`.
    pub id: String,
    /// What the plugin does, after its name.
    pub title: String,
    /// How much it matters.
    pub level: Level,
    /// The kind of plugin that it is for.
    pub profile: Profile,
    /// The rules of the specification that it tests.
    pub rules: Vec<String>,
    /// What a plugin does that passes.
    pub statement: String,
    /// What the suite looks at.
    pub observation: Vec<Observation>,
    /// The time limit of the rule, in seconds.
    pub limit: f64,
    /// The time for what the case does with one process of the plugin, in seconds: each start begins
    /// it anew.
    pub timeout: f64,
    /// Whether it is run alone, since others would disturb its times.
    #[serde(default)]
    pub serial: bool,
    /// What is run first and has to work, lest a failure of something else counts as a refusal.
    pub control: Option<String>,
    /// How the plugin of the control gets to its host.
    #[serde(default)]
    pub connection: Connection,
    /// The reasons for which it may fail, beside [`COMMON_REASONS`].
    pub reasons: Vec<Reason>,
    /// The broken plugins that fail it.
    pub mutants: Vec<Mutant>,
    /// Where to look first.
    pub hint: String,
}

/// How much a case matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum Level {
    /// A plugin that fails it is not conformant.
    Must,
    /// A plugin that fails it is conformant, and could be better.
    Should,
}

/// Which plugins a case is for.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Profile {
    /// Any plugin.
    Plugin,
}

/// How a plugin gets to its host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Connection {
    /// It inherits a socket.
    #[default]
    Inherited,
    /// It dials an address.
    Dialled,
}

/// What the suite looks at.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Observation {
    /// The process, its descendants, and how it ends.
    Process,
    /// What it writes to stdout and stderr.
    Output,
    /// Its home, temporary and working directories.
    Files,
    /// The messages on its socket.
    Wire,
    /// How long it takes.
    Time,
}

/// A value of `OTTO_MUTANT`, and how the case fails with it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Mutant {
    /// What the plugin does wrong.
    pub name: String,
    /// The reason with which the case has to fail.
    pub reason: Reason,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    case: Vec<Case>,
}

static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let catalogue: Catalogue =
        toml::from_str(include_str!("../../cases.toml")).expect("cases.toml is well-formed");
    catalogue.case
});

/// All cases, in the order in which they are run.
pub fn cases() -> &'static [Case] {
    &CASES
}

/// The case of this id.
pub fn find(id: &str) -> Option<&'static Case> {
    cases().iter().find(|case| case.id == id)
}

macro_rules! written_as_in_the_file {
    ($($kind:ident)*) => {$(
        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.serialize(f)
            }
        }
    )*};
}

written_as_in_the_file! { Level Profile Observation RuleLevel RuleProfile }

impl Case {
    /// Whether it may fail with this reason.
    pub fn may_fail_with(&self, reason: Reason) -> bool {
        self.reasons.contains(&reason) || COMMON_REASONS.contains(&reason)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_cases_share_an_id() {
        let ids: BTreeSet<_> = cases().iter().map(|case| &case.id).collect();
        assert_eq!(ids.len(), cases().len());
    }

    #[test]
    fn every_case_names_a_rule_and_a_mutant_that_breaks_it_for_a_reason_it_can_have() {
        for case in cases() {
            assert!(!case.rules.is_empty(), "{} names no rule", case.id);
            assert!(!case.mutants.is_empty(), "{} has no mutant", case.id);
            for mutant in &case.mutants {
                assert!(
                    case.may_fail_with(mutant.reason),
                    "{} {}",
                    case.id,
                    mutant.name
                );
            }
        }
    }

    #[test]
    fn a_limit_leaves_the_case_time_to_notice() {
        for case in cases() {
            assert!(case.timeout >= 2.0 * case.limit, "{}", case.id);
        }
    }
}
