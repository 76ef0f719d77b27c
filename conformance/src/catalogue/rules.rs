//! The sentences of the specification, which are there once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The specification itself, so that no failure quotes a rule that has been changed since.
const SPECIFICATION: &str = include_str!("../../../spec/README.md");

static SENTENCES: LazyLock<BTreeMap<&'static str, String>> = LazyLock::new(|| parse(SPECIFICATION));

/// The sentence of a rule, such as `LA-1`.
pub fn sentence(rule: &str) -> Option<&'static str> {
    SENTENCES.get(rule).map(String::as_str)
}

/// Finds the paragraphs of the form `**LA-1** (plugin) The sentence.` The line of intent, which
/// begins with `>`, is not part of the sentence.
fn parse(text: &str) -> BTreeMap<&str, String> {
    let mut rules = BTreeMap::new();
    for paragraph in text.split("\n\n") {
        let Some((id, rest)) = paragraph
            .trim_start()
            .strip_prefix("**")
            .and_then(|rest| rest.split_once("** "))
        else {
            continue;
        };
        if !id.contains('-') || id.contains(' ') {
            continue;
        }
        let rest = rest
            .split_once(") ")
            .filter(|_| rest.starts_with('('))
            .map_or(rest, |r| r.1);
        let lines: Vec<_> = rest
            .lines()
            .take_while(|line| !line.starts_with('>'))
            .collect();
        rules.insert(id, lines.join(" "));
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::cases;

    #[test]
    fn a_sentence_ends_before_its_intent() {
        let rules = parse("**How to read it.** A rule\n\n**LA-1** (plugin) One\ntwo.\n> Why.\n");
        assert_eq!(rules, BTreeMap::from([("LA-1", "One two.".to_owned())]));
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
