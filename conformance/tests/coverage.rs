//! Every rule of the specification is well-formed, and looked at by a case or exempt for a reason.

use std::collections::BTreeSet;
use std::process::Command;

use otto_conformance::catalogue::{
    CHAPTERS, Chapter, RuleLevel, RuleProfile, cases, is_identity, rule, rules,
};
use otto_conformance::coverage::{self, FORMAT, Status};
use otto_conformance::exit;

/// All identities that were ever given.
const IDENTITIES: &str = include_str!("../../spec/identities.txt");
/// The page before the chapters.
const CONTENTS: &str = include_str!("../../spec/README.md");
/// The words that have a meaning in rules only.
const KEYWORDS: [&str; 8] = [
    "MUST",
    "SHALL",
    "SHOULD",
    "MAY",
    "REQUIRED",
    "RECOMMENDED",
    "OPTIONAL",
    "NOT",
];
/// What stands behind a number that is a time or a size.
const UNITS: [&str; 6] = ["s", "ms", "KiB", "MiB", "GiB", "bytes"];

/// The lines of a chapter that are prose: no rule, no table, no code, nothing that a test makes.
fn prose(chapter: &Chapter) -> Vec<&'static str> {
    let (mut fenced, mut made, mut rule) = (false, false, false);
    let mut lines = Vec::new();
    for line in chapter.text.lines() {
        fenced ^= line.starts_with("```");
        made = (made || line.starts_with("<!-- ")) && !line.starts_with("<!-- /");
        let begins = line.strip_prefix("**").and_then(|it| it.split_once("**"));
        rule = begins.is_some_and(|it| is_identity(it.0)) || rule && !line.is_empty();
        let marked = line.starts_with(['`', '<', '|', '#']);
        if !(fenced || made || rule || marked || line.is_empty()) {
            lines.push(line);
        }
    }
    lines
}

/// The words of a text, without those in back quotes.
fn words(text: &str) -> Vec<&str> {
    let spoken = text.split('`').step_by(2);
    spoken
        .flat_map(|part| {
            part.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
        })
        .filter(|word| !word.is_empty())
        .collect()
}

/// The identities in a list, and those of them that are retired.
fn identities(list: &str) -> (Vec<&str>, BTreeSet<&str>) {
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    let all = lines
        .clone()
        .map(|line| line.trim_start_matches("retired "));
    let retired = lines.filter_map(|line| line.strip_prefix("retired "));
    (all.collect(), retired.collect())
}

#[test]
fn nothing_is_missing_in_a_profile_that_is_to_be_complete() {
    let missing: Vec<_> = coverage::coverage()
        .into_iter()
        .filter(|one| coverage::complete().contains(&one.profile))
        .filter(|one| matches!(one.status, Status::Missing))
        .map(|one| format!("{} ({}) {}", one.rule.id, one.profile, one.rule.sentence))
        .collect();
    assert!(
        missing.is_empty(),
        "no case names these rules, and exempt.toml gives no reason:\n{}",
        missing.join("\n")
    );
}

#[test]
fn at_most_a_fifth_of_what_a_plugin_must_do_is_exempt() {
    let covered = coverage::coverage();
    let must = coverage::count(&covered, RuleProfile::Plugin, Some(RuleLevel::Must));
    assert!(must.rules() > 0);
    assert!(
        must.exempt * 5 <= must.rules(),
        "{} of {} are exempt",
        must.exempt,
        must.rules()
    );
}

#[test]
fn every_case_names_rules_that_are_there_and_bind_a_plugin() {
    for case in cases() {
        assert!(!case.rules.is_empty(), "{} names no rule", case.id);
        for id in &case.rules {
            let rule =
                rule(id).unwrap_or_else(|| panic!("{} names {id}, which is no rule", case.id));
            let profiles = rule.profiles.as_deref().unwrap_or_default();
            assert!(
                profiles.iter().any(|profile| *profile != RuleProfile::Host),
                "{} looks at a plugin, and {id} binds hosts only",
                case.id
            );
        }
    }
}

#[test]
fn an_exemption_has_a_reason_and_is_needed() {
    let covered = coverage::coverage();
    let mut seen = BTreeSet::new();
    for exempt in coverage::exemptions() {
        assert!(seen.insert(&exempt.rule), "{} is exempt twice", exempt.rule);
        assert!(
            words(&exempt.reason).len() >= 8,
            "{}: {:?} convinces nobody",
            exempt.rule,
            exempt.reason
        );
        let used = covered
            .iter()
            .any(|one| one.rule.id == exempt.rule && matches!(one.status, Status::Exempt(_)));
        assert!(
            used,
            "{} is no rule of a complete profile, or a case looks at it",
            exempt.rule
        );
    }
}

#[test]
fn every_rule_has_a_profile_a_level_and_an_intent_and_is_one_sentence() {
    for rule in rules() {
        let (id, chapter) = (rule.id, rule.chapter);
        if let Err(wrong) = &rule.profiles {
            panic!("{chapter}: {id}: {wrong}");
        }
        assert!(
            rule.level.is_some(),
            "{chapter}: {id} binds nobody to anything"
        );
        assert!(!rule.intent.is_empty(), "{chapter}: {id} does not say why");
        assert!(rule.sentence.ends_with('.'), "{chapter}: {id} does not end");
        let ends = rule.sentence.split(". ").skip(1);
        let mut begins = ends.filter_map(|next| next.chars().next());
        assert!(
            !begins.any(char::is_uppercase),
            "{chapter}: {id} has more than one sentence"
        );
    }
}

#[test]
fn an_identity_is_given_once_and_never_lost() {
    let (given, retired) = identities(IDENTITIES);
    let distinct: BTreeSet<_> = given.iter().copied().collect();
    assert_eq!(
        distinct.len(),
        given.len(),
        "one stands twice in identities.txt"
    );
    let mut seen = BTreeSet::new();
    for rule in rules() {
        let (id, chapter) = (rule.id, rule.chapter);
        assert!(seen.insert(id), "{chapter}: {id} is another rule's");
        assert!(
            distinct.contains(id),
            "{chapter}: {id} is not in identities.txt"
        );
        assert!(!retired.contains(id), "{chapter}: {id} is retired");
    }
    for id in given {
        assert!(is_identity(id), "{id} in identities.txt is no identity");
        assert!(
            seen.contains(id) || retired.contains(id),
            "{id} was given, and is neither a rule nor retired"
        );
    }
}

#[test]
fn the_numbers_of_a_group_have_no_gap() {
    let (given, _) = identities(IDENTITIES);
    let numbers: BTreeSet<_> = given.iter().copied().collect();
    for id in &given {
        let (group, number) = id.split_once('-').expect("an identity has two parts");
        let number: u16 = number.parse().expect("the second one is a number");
        let before = format!("{group}-{}", number - 1);
        assert!(
            number == 1 || numbers.contains(before.as_str()),
            "{before} was left out"
        );
    }
}

#[test]
fn the_words_of_bcp_14_stand_in_rules_only() {
    for chapter in CHAPTERS {
        let lines = chapter.text.lines();
        let sentences: Vec<_> = lines.filter(|line| line.starts_with("**")).collect();
        for line in chapter
            .text
            .lines()
            .filter(|line| !sentences.contains(line))
        {
            let found = words(line).into_iter().find(|word| KEYWORDS.contains(word));
            assert_eq!(found, None, "spec/{}: {line}", chapter.file);
        }
        for line in sentences {
            let id = line.trim_start_matches('*').split("**").next();
            assert!(
                id.is_some_and(is_identity) || !words(line).contains(&"MUST"),
                "spec/{}: {line}",
                chapter.file
            );
        }
    }
}

#[test]
fn a_time_or_a_size_stands_in_a_rule() {
    for chapter in CHAPTERS {
        for line in prose(chapter) {
            let words = words(line);
            let found = words.windows(2).find(|pair| {
                let number = pair[0].chars().all(|letter| letter.is_ascii_digit());
                number && UNITS.contains(&pair[1])
            });
            // How long a word of a message is, is no number of this protocol's.
            let found = found.filter(|pair| **pair != ["8", "bytes"]);
            assert_eq!(found, None, "spec/{}: {line}", chapter.file);
        }
    }
}

#[test]
fn a_line_of_prose_is_one_sentence() {
    for chapter in CHAPTERS {
        for line in prose(chapter) {
            let mut next = line.split(". ").skip(1).filter_map(|it| it.chars().next());
            assert!(
                !next.any(char::is_uppercase),
                "spec/{}: {line}",
                chapter.file
            );
        }
    }
}

#[test]
fn every_rule_that_the_text_speaks_of_is_there() {
    let pages = CHAPTERS.iter().map(|it| (it.file, it.text));
    for (file, text) in pages.chain([("README.md", CONTENTS)]) {
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
        for id in words.filter(|word| is_identity(word)) {
            assert!(rule(id).is_some(), "spec/{file} speaks of {id}");
        }
    }
}

#[test]
fn the_table_of_contents_has_every_chapter() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec");
    let files = std::fs::read_dir(folder).expect("the folder is there");
    let there: BTreeSet<_> = files
        .map(|file| file.expect("it can be read").file_name())
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.starts_with(|letter: char| letter.is_ascii_digit()))
        .collect();
    let known: BTreeSet<_> = CHAPTERS.iter().map(|it| it.file.to_owned()).collect();
    assert_eq!(there, known);
    for chapter in known {
        assert!(CONTENTS.contains(&format!("({chapter})")), "{chapter}");
    }
}

#[test]
fn coverage_is_a_table_for_people_and_an_object_for_programs() {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_otto-conformance"));
        let output = command.arg("coverage").args(arguments).output();
        let output = output.expect("the suite runs");
        let text = String::from_utf8(output.stdout).expect("it writes text");
        (output.status.code(), text)
    };
    let (code, table) = run(&["--profile", "plugin"]);
    assert_eq!(code, Some(exit::OK.into()));
    assert!(
        table.contains("LA-1   MUST   tested   DIR-01 DIR-02"),
        "{table}"
    );
    assert!(!table.contains("profile host"), "{table}");

    let (code, json) = run(&["--format", "json"]);
    assert_eq!(code, Some(exit::OK.into()));
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["format"], FORMAT);
    assert_eq!(json["profiles"][0]["profile"], "plugin");
    assert_eq!(json["profiles"][0]["all"]["missing"], 0);
    let listed = json["rules"].as_array().expect("a list of rules");
    assert_eq!(listed.len(), coverage::coverage().len());
    let (_, uncovered) = run(&["--format", "json", "--uncovered"]);
    assert!(!uncovered.contains("\"tested\","), "{uncovered}");
}

#[test]
fn a_retired_identity_stays_in_the_list() {
    let (all, retired) = identities("# about\nAA-1\nretired AA-2\n");
    assert_eq!(all, ["AA-1", "AA-2"]);
    assert_eq!(retired, BTreeSet::from(["AA-2"]));
}
