//! The order in which a library is built, in the last chapter.

use std::collections::BTreeMap;

use otto_conformance::catalogue::{CHAPTERS, cases};

/// What stands in the last column of the rows that begin with a number.
fn steps(text: &str) -> Vec<Vec<&str>> {
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, step, _, _, cases, _] = cells[..] else {
            return None;
        };
        step.parse::<u8>().ok()?;
        let named = cases.split(", ").filter(|name| !name.is_empty());
        Some(named.collect())
    });
    rows.collect()
}

#[test]
fn every_case_belongs_to_one_step() {
    let chapter = CHAPTERS.iter().find(|it| it.file == "19-libraries.md");
    let steps = steps(chapter.expect("there is a chapter on libraries").text);
    let mut found = BTreeMap::<&str, usize>::new();
    for name in steps.iter().flatten() {
        let is_of = |id: &str| id == *name || id.split('-').next() == Some(name);
        let mut named = cases().iter().filter(|case| is_of(&case.id)).peekable();
        assert!(named.peek().is_some(), "there is no {name}");
        for case in named {
            *found.entry(&case.id).or_default() += 1;
        }
    }
    for case in cases() {
        let times = found.get(&*case.id).copied().unwrap_or_default();
        assert_eq!(times, 1, "{} stands in so many steps", case.id);
    }
}

#[test]
fn a_step_is_a_row_with_a_number() {
    let text =
        "| step | a | b | cases |\n|---|---|---|---|\n| 1 | x | y | A, B-01 |\n| 2 | x | y | |\n";
    assert_eq!(steps(text), [vec!["A", "B-01"], vec![]]);
}
