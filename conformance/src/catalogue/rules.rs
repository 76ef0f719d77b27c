//! The rules of the specification, which are there once: no failure quotes one that has been changed
//! since.

use std::sync::LazyLock;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::chapters::CHAPTERS;

/// A rule of the specification.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The identity, such as `LA-1`.
    pub id: &'static str,
    /// Whom it binds. A name that no profile has is an error.
    pub profiles: Result<Vec<RuleProfile>, String>,
    /// The strongest word of BCP 14 in it.
    pub level: Option<RuleLevel>,
    /// The rule itself.
    pub sentence: String,
    /// Why it is there. Empty if the specification does not say.
    pub intent: String,
    /// The file of its chapter.
    pub chapter: &'static str,
}

/// Whom a rule binds, and on whom it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RuleProfile {
    /// Every plugin, seen on any.
    Plugin,
    /// Every plugin, seen on one that does what a case asks for.
    Fixture,
    /// Every host.
    Host,
}

/// How binding a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum RuleLevel {
    /// A permission.
    May,
    /// A recommendation.
    Should,
    /// An obligation.
    Must,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let chapters = CHAPTERS.iter();
    chapters
        .flat_map(|chapter| parse(chapter.file, chapter.text))
        .collect()
});

/// All rules, in the order of the chapters.
pub fn rules() -> &'static [Rule] {
    &RULES
}

/// The rule of this identity.
pub fn rule(id: &str) -> Option<&'static Rule> {
    rules().iter().find(|rule| rule.id == id)
}

/// The sentence of a rule, such as `LA-1`.
pub fn sentence(id: &str) -> Option<&'static str> {
    rule(id).map(|rule| rule.sentence.as_str())
}

/// Finds the paragraphs of the form `**LA-1** (plugin) The sentence.`, with lines of intent below
/// that begin with `>`.
fn parse(chapter: &'static str, text: &'static str) -> Vec<Rule> {
    let paragraphs = text.split("\n\n");
    paragraphs
        .filter_map(|paragraph| read(chapter, paragraph.trim()))
        .collect()
}

fn read(chapter: &'static str, paragraph: &'static str) -> Option<Rule> {
    let (id, rest) = paragraph.strip_prefix("**")?.split_once("** ")?;
    if !is_identity(id) {
        return None;
    }
    let (profiles, rest) = match rest.strip_prefix('(').and_then(|it| it.split_once(") ")) {
        Some((profiles, rest)) => (profiles.split(", ").map(profile).collect(), rest),
        None => (Err("it names no profile".to_owned()), rest),
    };
    let lines = || rest.lines();
    let sentence = join(lines().take_while(|line| !line.starts_with('>')));
    let intent = join(lines().filter_map(|line| line.strip_prefix('>')));
    Some(Rule {
        id,
        profiles,
        level: level(&sentence),
        sentence,
        intent,
        chapter,
    })
}

/// Whether this is the form of an identity: two capitals, `-` and a number.
pub fn is_identity(text: &str) -> bool {
    let parts = text.split_once('-');
    parts.is_some_and(|(group, number)| {
        group.len() == 2
            && group.bytes().all(|byte| byte.is_ascii_uppercase())
            && number.parse::<u16>().is_ok_and(|number| number > 0)
    })
}

fn profile(name: &str) -> Result<RuleProfile, String> {
    match name {
        "plugin" => Ok(RuleProfile::Plugin),
        "fixture" => Ok(RuleProfile::Fixture),
        "host" => Ok(RuleProfile::Host),
        other => Err(format!("there is no profile {other}")),
    }
}

fn level(sentence: &str) -> Option<RuleLevel> {
    let mut words = sentence.split(|letter: char| !letter.is_ascii_alphabetic());
    let levels = words.by_ref().filter_map(|word| match word {
        "MUST" => Some(RuleLevel::Must),
        "SHOULD" => Some(RuleLevel::Should),
        "MAY" => Some(RuleLevel::May),
        _ => None,
    });
    levels.max()
}

fn join<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::cases;

    #[test]
    fn a_sentence_ends_before_its_intent() {
        let text = "**How to read it.** A rule\n\n**LA-1** (plugin, host) One MUST,\ntwo MAY.\n> Why.\n> And how.\n";
        let expected = Rule {
            id: "LA-1",
            profiles: Ok(vec![RuleProfile::Plugin, RuleProfile::Host]),
            level: Some(RuleLevel::Must),
            sentence: "One MUST, two MAY.".to_owned(),
            intent: "Why. And how.".to_owned(),
            chapter: "04-launch.md",
        };
        assert_eq!(parse("04-launch.md", text), [expected]);
    }

    #[test]
    fn a_profile_that_is_none_is_seen() {
        let unknown = parse("", "**LA-1** (both) One.");
        assert_eq!(
            unknown[0].profiles,
            Err("there is no profile both".to_owned())
        );
        let missing = parse("", "**LA-1** One.");
        assert_eq!(missing[0].profiles, Err("it names no profile".to_owned()));
    }

    #[test]
    fn every_rule_that_a_case_names_is_in_the_specification() {
        for case in cases() {
            for rule in &case.rules {
                assert!(sentence(rule).is_some(), "{} names {rule}", case.id);
            }
        }
    }
}
