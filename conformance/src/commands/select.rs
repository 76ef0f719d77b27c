//! Which cases `--case` means.

use globset::{Glob, GlobMatcher};

use crate::catalogue::{self, Case};

/// The cases of these ids and patterns, in the order of the catalogue. All, if there are none.
pub(super) fn select(patterns: &[String]) -> Result<Vec<&'static Case>, String> {
    let matchers: Vec<_> = patterns
        .iter()
        .map(|pattern| matcher(pattern))
        .collect::<Result<_, _>>()?;
    let cases = catalogue::cases().iter();
    Ok(cases
        .filter(|case| {
            matchers.is_empty() || matchers.iter().any(|matcher| matcher.is_match(&case.id))
        })
        .collect())
}

/// What matches the ids that are meant, of which there has to be one.
fn matcher(pattern: &str) -> Result<GlobMatcher, String> {
    let matcher = Glob::new(pattern)
        .map_err(|error| format!("--case {pattern}: {}", error.kind()))?
        .compile_matcher();
    if catalogue::cases()
        .iter()
        .any(|case| matcher.is_match(&case.id))
    {
        return Ok(matcher);
    }
    let upper = pattern.to_ascii_uppercase();
    Err(match catalogue::find(&upper) {
        Some(_) => format!("there is no case {pattern}; did you mean {upper}?"),
        None if pattern.contains(['*', '?', '[', '{']) => {
            format!("{pattern} matches no case; otto-conformance list shows all")
        }
        None => format!("there is no case {pattern}; otto-conformance list shows all"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(patterns: &[&str]) -> Result<Vec<&'static str>, String> {
        let patterns: Vec<_> = patterns.iter().map(ToString::to_string).collect();
        Ok(select(&patterns)?
            .iter()
            .map(|case| case.id.as_str())
            .collect())
    }

    #[test]
    fn a_pattern_stands_for_all_that_it_matches() {
        let group = ids(&["MET-*"]).expect("cases");
        assert!(group.len() >= 3 && group.iter().all(|id| id.starts_with("MET-")));
        assert_eq!(
            ids(&["MET-02", "DIR-0[12]"]).expect("cases"),
            ["DIR-01", "DIR-02", "MET-02"]
        );
        assert_eq!(ids(&[]).expect("cases").len(), catalogue::cases().len());
    }

    #[test]
    fn what_matches_nothing_is_an_error_even_beside_what_does() {
        let error = ids(&["MET-02", "XYZ-*"]).expect_err("an error");
        assert!(error.starts_with("XYZ-* matches no case"), "{error}");
        assert!(
            ids(&["met-02"])
                .expect_err("an error")
                .contains("did you mean MET-02?")
        );
        assert!(
            ids(&["MET-[0"])
                .expect_err("an error")
                .starts_with("--case MET-[0: ")
        );
    }
}
