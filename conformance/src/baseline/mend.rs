//! The change to the file that mends it.

use std::fs;
use std::io;

use similar::TextDiff;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::{Baseline, Problem, USUAL_FILE};

const TABLES: [&str; 2] = ["expected-failure", "skip"];

impl Baseline {
    /// The change that takes away what is stale, unmatched or over, and names the right reasons, as
    /// `diff -u` writes it. None if there is nothing to change.
    pub(crate) fn edit(&self, problems: &[Problem]) -> Option<String> {
        let file = self.file()?.display().to_string();
        let mended = self.mended(problems.iter().filter(|problem| problem.is_a_mistake()))?;
        let diff = TextDiff::from_lines(&self.text, &mended);
        Some(diff.unified_diff().header(&file, &file).to_string())
    }

    /// Makes that change, adds an entry for each failure that has none, and returns the name of the
    /// file. The issue of a new entry is empty, which the next run refuses.
    pub(crate) fn write(&self, problems: &[Problem]) -> io::Result<Option<String>> {
        let Some(mended) = self.mended(problems.iter()) else {
            return Ok(None);
        };
        let file = self.file().unwrap_or_else(|| USUAL_FILE.as_ref());
        fs::write(file, mended)?;
        Ok(Some(file.display().to_string()))
    }

    fn mended<'p>(&self, problems: impl Iterator<Item = &'p Problem>) -> Option<String> {
        // It has been read before, so that there is no error in it.
        let mut document: DocumentMut = self.text.parse().ok()?;
        for problem in problems {
            match problem {
                Problem::Unmatched { case, .. }
                | Problem::Stale { case, .. }
                | Problem::Expired { case, .. } => {
                    for name in TABLES {
                        if let Some(tables) = tables(&mut document, name) {
                            tables.retain(|table| !is_of(table, case));
                        }
                    }
                }
                Problem::WrongReason { case, actual, .. } => {
                    let tables = tables(&mut document, TABLES[0])?;
                    let table = tables.iter_mut().find(|table| is_of(table, case))?;
                    table["reason"] = value(actual.to_string());
                }
                Problem::Missing { case, actual } => {
                    let entry = document
                        .entry(TABLES[0])
                        .or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
                    let mut table = Table::new();
                    table["case"] = value(case);
                    table["reason"] = value(actual.to_string());
                    table["issue"] = value("");
                    entry.as_array_of_tables_mut()?.push(table);
                }
            }
        }
        let mended = document.to_string();
        (mended != self.text).then_some(mended)
    }
}

fn tables<'d>(document: &'d mut DocumentMut, name: &str) -> Option<&'d mut ArrayOfTables> {
    document.get_mut(name)?.as_array_of_tables_mut()
}

fn is_of(table: &Table, case: &str) -> bool {
    table.get("case").and_then(Item::as_str) == Some(case)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Reason;

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
        let written = baseline().mended(problems.iter()).expect("a change");
        assert!(written.contains("case = \"MET-01\"\nreason = \"no-tuples\"\nissue = \"\"\n"));
    }

    #[test]
    fn what_is_right_is_not_changed() {
        assert_eq!(baseline().edit(&[]), None);
    }
}
