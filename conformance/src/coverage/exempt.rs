//! What is said of coverage by hand: `profiles.toml` and `exempt.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::catalogue::RuleProfile;

/// A rule that no case looks at, for a reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Exemption {
    /// The identity of the rule.
    pub rule: String,
    /// Why no case looks at it.
    pub reason: String,
    /// What does in the place of a case, if anything.
    pub seen: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exemptions {
    #[serde(default)]
    exempt: Vec<Exemption>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Profiles {
    complete: Vec<RuleProfile>,
}

static EXEMPTIONS: LazyLock<Vec<Exemption>> = LazyLock::new(|| {
    let exemptions: Exemptions =
        toml::from_str(include_str!("../../exempt.toml")).expect("exempt.toml is well-formed");
    exemptions.exempt
});

static COMPLETE: LazyLock<Vec<RuleProfile>> = LazyLock::new(|| {
    let profiles: Profiles =
        toml::from_str(include_str!("../../profiles.toml")).expect("profiles.toml is well-formed");
    profiles.complete
});

/// All exemptions.
pub fn exemptions() -> &'static [Exemption] {
    &EXEMPTIONS
}

/// The profiles in which nothing may be missing.
pub fn complete() -> &'static [RuleProfile] {
    &COMPLETE
}
