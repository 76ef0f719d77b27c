//! The tables of errors, which name kinds of the schema.

use std::collections::BTreeSet;

use otto_conformance::catalogue::CHAPTERS;

use crate::schema::error_kinds;

/// The kinds that stand in the column `kind` of the tables of a text.
fn kinds(text: &str) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    let mut column = None;
    for line in text.lines() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        if cells.len() < 3 {
            column = None;
        } else if column.is_none() {
            column = Some(cells.iter().position(|cell| cell.starts_with("kind")));
        } else if let Some(Some(column)) = column {
            let named = cells.get(column).and_then(|cell| cell.split('`').nth(1));
            kinds.extend(named.map(str::to_owned));
        }
    }
    kinds
}

#[test]
fn a_table_of_conditions_names_kinds_of_the_schema_only() {
    for chapter in CHAPTERS {
        for kind in kinds(chapter.text) {
            let known = error_kinds().contains(&kind);
            assert!(known, "spec/{}: {kind} is no ErrorKind", chapter.file);
        }
    }
}

#[test]
fn every_kind_of_the_schema_has_a_condition() {
    let chapter = CHAPTERS.iter().find(|it| it.file == "13-errors.md");
    let named = kinds(chapter.expect("there is a chapter on errors").text);
    for kind in error_kinds() {
        assert!(
            named.contains(kind),
            "spec/13-errors.md has no condition for {kind}"
        );
    }
}

#[test]
fn the_kinds_of_a_table_are_found_below_their_head() {
    let text = "| a | kind | b |\n|---|---|---|\n| x | `denied` (SE-1) | `y` |\n\n| `z` | c |\n";
    assert_eq!(kinds(text), BTreeSet::from(["denied".to_owned()]));
}
