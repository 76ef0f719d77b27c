//! The baseline file: what is known to fail, and what is not run, with the reason for each.

mod judge;
mod mend;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use crate::catalogue;
use crate::verdict::Reason;

pub(crate) use judge::Problem;

/// The file that is used if it is there and none is named.
pub(crate) const USUAL_FILE: &str = "conformance.toml";

/// What is expected of the plugin, other than to pass.
#[derive(Debug, Default)]
pub(crate) struct Baseline {
    file: Option<PathBuf>,
    text: String,
    content: Content,
    /// Today, as an entry writes it.
    today: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Content {
    #[serde(default)]
    expected_failure: Vec<ExpectedFailure>,
    #[serde(default)]
    skip: Vec<Skip>,
}

/// A case that fails, for this reason, until this is mended.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedFailure {
    case: Spanned<String>,
    reason: Reason,
    issue: String,
    expires: Option<Datetime>,
}

/// A case that is not run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Skip {
    case: Spanned<String>,
    why: String,
    expires: Option<Datetime>,
}

impl Baseline {
    /// Reads the file that is named, or [`USUAL_FILE`] if that is there.
    pub(crate) fn load(named: Option<&Path>) -> Result<Self, String> {
        let file = named.unwrap_or_else(|| Path::new(USUAL_FILE));
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => {
                return Ok(Self::default());
            }
            Err(error) => return Err(format!("{}: {error}", file.display())),
        };
        let today = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let today = today.split('T').next().unwrap_or_default();
        let baseline = Self::parse(text, today);
        let mut baseline = baseline.map_err(|error| format!("{}: {error}", file.display()))?;
        baseline.file = Some(file.to_owned());
        Ok(baseline)
    }

    fn parse(text: String, today: &str) -> Result<Self, String> {
        let content: Content = toml::from_str(&text).map_err(|error| error.to_string())?;
        let baseline = Self {
            file: None,
            text,
            content,
            today: today.to_owned(),
        };
        baseline.check()?;
        Ok(baseline)
    }

    /// Entries that say too little, or two things at once, would hide something.
    fn check(&self) -> Result<(), String> {
        for entry in &self.content.expected_failure {
            if entry.issue.trim().is_empty() {
                return Err(self.complaint(&entry.case, "issue is empty: say where this is mended"));
            }
        }
        for entry in &self.content.skip {
            if entry.why.trim().is_empty() {
                return Err(self.complaint(&entry.case, "why is empty"));
            }
        }
        let dates = self.expected().map(|entry| (&entry.case, &entry.expires));
        let dates = dates.chain(self.skips().map(|entry| (&entry.case, &entry.expires)));
        for (case, expires) in dates {
            if expires.is_some_and(|expires| expires.date.is_none()) {
                let what = "expires has no date; write it as expires = 2030-12-31";
                return Err(self.complaint(case, what));
            }
        }
        let mut cases: Vec<_> = self.cases().collect();
        cases.sort_by_key(|case| case.get_ref());
        match cases
            .windows(2)
            .find(|pair| pair[0].get_ref() == pair[1].get_ref())
        {
            Some(pair) => Err(self.complaint(pair[1], "it has two entries")),
            None => Ok(()),
        }
    }

    fn complaint(&self, case: &Spanned<String>, what: &str) -> String {
        format!("line {}: {}: {what}", self.line(case), case.get_ref())
    }

    /// The line of an entry.
    fn line(&self, case: &Spanned<String>) -> usize {
        let before = self.text.get(..case.span().start).unwrap_or_default();
        1 + before.matches('\n').count()
    }

    fn expected(&self) -> impl Iterator<Item = &ExpectedFailure> {
        self.content.expected_failure.iter()
    }

    fn skips(&self) -> impl Iterator<Item = &Skip> {
        self.content.skip.iter()
    }

    fn cases(&self) -> impl Iterator<Item = &Spanned<String>> {
        let expected = self.expected().map(|entry| &entry.case);
        expected.chain(self.skips().map(|entry| &entry.case))
    }

    fn is_over(&self, expires: Option<&Datetime>) -> bool {
        let date = expires.and_then(|expires| expires.date);
        date.is_some_and(|date| date.to_string() < self.today)
    }

    /// Where it was read from.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Why a case is not to be run, if it is not.
    pub(crate) fn skip(&self, case: &str) -> Option<&str> {
        let entry = self.skips().find(|entry| entry.case.get_ref() == case)?;
        (!self.is_over(entry.expires.as_ref())).then_some(entry.why.as_str())
    }

    /// What is wrong with the file whatever the plugin does.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let unmatched = self
            .cases()
            .filter(|case| catalogue::find(case.get_ref()).is_none())
            .map(|case| Problem::Unmatched {
                case: case.get_ref().clone(),
                line: self.line(case),
            });
        let expired = self
            .skips()
            .filter(|entry| self.is_over(entry.expires.as_ref()))
            .map(|entry| Problem::Expired {
                case: entry.case.get_ref().clone(),
                line: self.line(&entry.case),
                // The case was run: a failure of it is a problem of its own.
                actual: None,
            });
        unmatched.chain(expired).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: &str = "2030-06-15";

    #[test]
    fn an_entry_that_says_too_little_is_refused() {
        let entry = |rest: &str| {
            let text = format!("[[expected-failure]]\ncase = \"LIF-03\"\n{rest}");
            Baseline::parse(text, TODAY).expect_err("no baseline")
        };
        assert!(
            entry("reason = \"still-running\"\nissue = \" \"").contains("line 2: LIF-03: issue")
        );
        assert!(entry("reason = \"still-running\"").contains("missing field `issue`"));
        assert!(entry("reason = \"nonsense\"\nissue = \"#7\"").contains("nonsense"));
        let time = "reason = \"still-running\"\nissue = \"#7\"\nexpires = 10:00:00";
        assert!(entry(time).contains("expires has no date"));
        let skip = Baseline::parse("[[skip]]\ncase = \"A\"\nwhy = \"\"".to_owned(), TODAY);
        assert!(skip.expect_err("no baseline").contains("why is empty"));
    }

    #[test]
    fn a_case_has_one_entry() {
        let text = "[[skip]]\ncase = \"A\"\nwhy = \"b\"\n[[skip]]\ncase = \"A\"\nwhy = \"c\"\n";
        let error = Baseline::parse(text.to_owned(), TODAY).expect_err("no baseline");
        assert!(error.contains("line 5: A: it has two entries"), "{error}");
    }
}
