//! The change to the file that mends it.

use std::fs;
use std::io;

use similar::TextDiff;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::{Baseline, Problem, USUAL_FILE};
use crate::verdict::Reason;

const EXPECTED: &str = "expected-failure";
const SKIP: &str = "skip";

/// What is wanted of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// What is wrong in the file is gone.
    Mend,
    /// And each failure has an entry.
    Fill,
}

impl Baseline {
    /// The change that takes away what is stale, unmatched or over, and names the right reasons, as
    /// `diff -u` writes it. None if there is nothing to change.
    pub(crate) fn edit(&self, problems: &[Problem]) -> Option<String> {
        let file = self.file()?.display().to_string();
        let mended = self.mended(problems, Change::Mend)?;
        let diff = TextDiff::from_lines(&self.text, &mended);
        Some(diff.unified_diff().header(&file, &file).to_string())
    }

    /// Makes that change, adds an entry for each failure that has none, and returns the name of the
    /// file. The issue of a new entry is empty, which the next run refuses.
    pub(crate) fn write(&self, problems: &[Problem]) -> io::Result<Option<String>> {
        let Some(mended) = self.mended(problems, Change::Fill) else {
            return Ok(None);
        };
        let file = self.file().unwrap_or_else(|| USUAL_FILE.as_ref());
        fs::write(file, mended)?;
        Ok(Some(file.display().to_string()))
    }

    fn mended(&self, problems: &[Problem], change: Change) -> Option<String> {
        // It has been read before, so that there is no error in it.
        let mut document: DocumentMut = self.text.parse().ok()?;
        for problem in problems {
            match problem {
                Problem::Unmatched { case, .. } | Problem::Stale { case, .. } => {
                    remove(&mut document, case);
                }
                Problem::Expired { case, actual, .. } => {
                    remove(&mut document, case);
                    // The case fails still, and its new entry asks where it is mended now.
                    if let (Some(actual), Change::Fill) = (actual, change) {
                        add(&mut document, case, *actual);
                    }
                }
                Problem::WrongReason { case, actual, .. } => {
                    let mut expected = entries(&mut document, EXPECTED).iter_mut();
                    if let Some(table) = expected.find(|table| is_of(table, case)) {
                        table["reason"] = value(actual.to_string());
                    }
                }
                Problem::Missing { case, actual } => {
                    if change == Change::Fill {
                        add(&mut document, case, *actual);
                    }
                }
            }
        }
        let mended = document.to_string();
        (mended != self.text).then_some(mended)
    }
}

/// Takes away the entry of a case, of whichever kind it is.
fn remove(document: &mut DocumentMut, case: &str) {
    for name in [EXPECTED, SKIP] {
        if document.contains_key(name) {
            entries(document, name).retain(|table| !is_of(table, case));
        }
    }
}

fn add(document: &mut DocumentMut, case: &str, reason: Reason) {
    let mut table = Table::new();
    table["case"] = value(case);
    table["reason"] = value(reason.to_string());
    table["issue"] = value("");
    entries(document, EXPECTED).push(table);
}

/// The entries of a kind. Those that stand in an array in one line get a table each, since only a
/// table can be changed and leave the lines of the others as they are.
fn entries<'d>(document: &'d mut DocumentMut, name: &str) -> &'d mut ArrayOfTables {
    let item = document.entry(name).or_insert(Item::None);
    if !item.is_array_of_tables() {
        let tables = std::mem::take(item).into_array_of_tables();
        *item = Item::ArrayOfTables(tables.unwrap_or_default());
    }
    item.as_array_of_tables_mut()
        .expect("it has just become one")
}

fn is_of(table: &Table, case: &str) -> bool {
    table.get("case").and_then(Item::as_str) == Some(case)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# What is known.

[[expected-failure]]
case = \"LIF-03\" # sometimes
reason = \"still-running\"
issue = \"#7\"

[[expected-failure]]
case = \"MET-02\"
reason = \"not-answered\"
issue = \"#8\"

[[skip]]
case = \"OLD-01\"
why = \"no such thing\"
";

    fn baseline() -> Baseline {
        let mut baseline = Baseline::parse(TEXT.to_owned(), "2030-01-01").expect("a baseline");
        baseline.file = Some("c.toml".into());
        baseline
    }

    #[test]
    fn the_change_mends_the_entries_and_keeps_the_rest() {
        let problems = [
            Problem::Stale {
                case: "LIF-03".to_owned(),
                line: 4,
            },
            Problem::WrongReason {
                case: "MET-02".to_owned(),
                line: 9,
                actual: Reason::DiffersBetweenCalls,
            },
            Problem::Unmatched {
                case: "OLD-01".to_owned(),
                line: 14,
            },
            Problem::Missing {
                case: "MET-01".to_owned(),
                actual: Reason::NoTuples,
            },
        ];
        let edit = baseline().edit(&problems).expect("a change");
        assert!(edit.starts_with("--- c.toml\n+++ c.toml\n"), "{edit}");
        for line in [
            "-case = \"LIF-03\" # sometimes\n",
            "-reason = \"not-answered\"\n",
            "+reason = \"differs-between-calls\"\n",
            "-case = \"OLD-01\"\n",
        ] {
            assert!(edit.contains(line), "no {line:?} in\n{edit}");
        }
        assert!(!edit.contains("MET-01"), "a failure is no mistake\n{edit}");
        assert!(!edit.contains("-issue = \"#8\""), "{edit}");
        let written = baseline()
            .mended(&problems, Change::Fill)
            .expect("a change");
        assert!(written.contains("case = \"MET-01\"\nreason = \"no-tuples\"\nissue = \"\"\n"));
    }

    #[test]
    fn a_failure_whose_time_is_over_gets_an_entry_that_asks_anew() {
        let problems = [Problem::Expired {
            case: "MET-02".to_owned(),
            line: 9,
            actual: Some(Reason::NotAnswered),
        }];
        let edit = baseline().edit(&problems).expect("a change");
        assert!(edit.contains("-issue = \"#8\"\n"), "{edit}");
        assert!(!edit.contains("+issue"), "it takes away only\n{edit}");
        let written = baseline().mended(&problems, Change::Fill);
        let written = written.expect("a change");
        assert_eq!(written.matches("MET-02").count(), 1, "{written}");
        assert!(
            written.contains("case = \"MET-02\"\nreason = \"not-answered\"\nissue = \"\"\n"),
            "{written}"
        );
    }

    #[test]
    fn entries_in_one_line_are_mended_too() {
        let text = "expected-failure = [{case = \"LIF-03\", reason = \"still-running\", issue = \"#7\"}, \
                    {case = \"MET-02\", reason = \"not-answered\", issue = \"#8\"}]\nskip = []\n";
        let mut baseline = Baseline::parse(text.to_owned(), "2030-01-01").expect("a baseline");
        baseline.file = Some("c.toml".into());
        let stale = [Problem::Stale {
            case: "LIF-03".to_owned(),
            line: 1,
        }];
        assert!(baseline.edit(&stale).is_some());
        let written = baseline.mended(&stale, Change::Fill).expect("a change");
        let again = Baseline::parse(written, "2030-01-01").expect("a baseline");
        let left: Vec<_> = again.cases().map(|case| case.get_ref().as_str()).collect();
        assert_eq!(left, ["MET-02"]);
        let missing = [Problem::Missing {
            case: "MET-01".to_owned(),
            actual: Reason::NoTuples,
        }];
        let written = baseline.mended(&missing, Change::Fill).expect("a change");
        assert_eq!(written.matches("case = ").count(), 3, "{written}");
        assert_eq!(baseline.edit(&[]), None, "what is right stays in one line");
    }

    #[test]
    fn what_is_right_is_not_changed() {
        assert_eq!(baseline().edit(&[]), None);
    }
}
