//! What a Ruby has to satisfy, in the terms of RubyGems: `"~> 3.3"`, `">= 3.1", "< 3.5"`.

use std::sync::LazyLock;

use regex::Regex;

use super::{DEFAULT, Pin, Release};

/// All of its clauses hold for a release that satisfies it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Requirement {
    clauses: Vec<Clause>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Clause {
    operator: Operator,
    bound: Release,
    /// How many numbers were written, which `~>` counts.
    written: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Pessimistic,
}

/// Newest first. What is not here yet can be asked for by name.
const LINES: [(u32, u32); 12] = [
    (3, 4),
    (3, 3),
    (3, 2),
    (3, 1),
    (3, 0),
    (2, 7),
    (2, 6),
    (2, 5),
    (2, 4),
    (2, 3),
    (2, 2),
    (2, 1),
];

/// Above every patch number that there is.
const NEWEST_PATCH: u32 = 9_999;

impl Requirement {
    /// One release and no other.
    pub(crate) fn exactly(release: Release) -> Self {
        Self {
            clauses: vec![Clause {
                operator: Operator::Equal,
                bound: release,
                written: 3,
            }],
        }
    }

    /// What a version file says: `3.3.6` is a release, `3.3` and `3` are any that begins so.
    pub(crate) fn from_version(text: &str) -> Option<Self> {
        let (bound, written) = release(text)?;
        if written == 3 || bound.preview.is_some() {
            return Some(Self::exactly(bound));
        }
        Some(Self {
            clauses: vec![Clause {
                operator: Operator::Pessimistic,
                bound,
                // `3.3` is `~> 3.3.0`, and `3` is `~> 3.0`.
                written: written + 1,
            }],
        })
    }

    /// What a Gemfile says. There, `3.3` is `3.3.0` and no other.
    pub(crate) fn from_clauses<S: AsRef<str>>(texts: &[S]) -> Option<Self> {
        let clauses = texts
            .iter()
            .flat_map(|text| text.as_ref().split(','))
            .map(|text| Clause::parse(text.trim()))
            .collect::<Option<Vec<_>>>()?;
        (!clauses.is_empty()).then_some(Self { clauses })
    }

    /// What satisfies both.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let clauses = self.clauses.iter().chain(&other.clauses).cloned().collect();
        Self { clauses }
    }

    /// The release that it names, if it names one.
    pub(crate) fn exact(&self) -> Option<&Release> {
        match self.clauses.as_slice() {
            [clause] if clause.operator == Operator::Equal => Some(&clause.bound),
            _ => None,
        }
    }

    /// A Ruby that satisfies it: a release that it names, or else the default line, or else the
    /// newest line, or else a release near to one that it names. `None` if there is none.
    pub(crate) fn pick(&self) -> Option<Pin> {
        let named = self
            .clauses
            .iter()
            .filter(|clause| clause.operator == Operator::Equal)
            .map(|clause| Pin::Release(clause.bound.clone()));
        let lines = LINES
            .into_iter()
            .chain(self.clauses.iter().map(|c| (c.bound.major, c.bound.minor)))
            .map(|(major, minor)| Pin::Line { major, minor });
        let near = self.clauses.iter().flat_map(|clause| {
            let bound = &clause.bound;
            let (major, minor) = (bound.major, bound.minor);
            [
                bound.clone(),
                Release::new(major, minor, bound.patch + 1),
                Release::new(major, minor, bound.patch.saturating_sub(1)),
            ]
            .map(Pin::Release)
        });
        named
            .chain([DEFAULT])
            .chain(lines)
            .chain(near)
            .find(|pin| self.allows(pin))
    }

    fn allows(&self, pin: &Pin) -> bool {
        match pin {
            Pin::Release(release) => self.clauses.iter().all(|clause| clause.allows(release)),
            Pin::Line { major, minor } => {
                let newest = Release::new(*major, *minor, NEWEST_PATCH);
                self.clauses.iter().all(|clause| clause.allows(&newest))
            }
        }
    }
}

impl Clause {
    fn parse(text: &str) -> Option<Self> {
        const OPERATORS: [(&str, Operator); 7] = [
            // The longer ones first: `>` is the beginning of `>=`.
            ("~>", Operator::Pessimistic),
            (">=", Operator::GreaterOrEqual),
            ("<=", Operator::LessOrEqual),
            ("!=", Operator::NotEqual),
            (">", Operator::Greater),
            ("<", Operator::Less),
            ("=", Operator::Equal),
        ];
        let (operator, rest) = OPERATORS
            .into_iter()
            .find_map(|(sign, operator)| Some((operator, text.strip_prefix(sign)?)))
            .unwrap_or((Operator::Equal, text));
        let (bound, written) = release(rest.trim())?;
        Some(Self {
            operator,
            bound,
            written,
        })
    }

    fn allows(&self, release: &Release) -> bool {
        let bound = &self.bound;
        match self.operator {
            Operator::Equal => release == bound,
            Operator::NotEqual => release != bound,
            Operator::Greater => release > bound,
            Operator::GreaterOrEqual => release >= bound,
            Operator::Less => release < bound,
            Operator::LessOrEqual => release <= bound,
            Operator::Pessimistic => {
                release >= bound
                    && release.major == bound.major
                    && (self.written < 3 || release.minor == bound.minor)
            }
        }
    }
}

/// Reads a version, and how many numbers it has. This is all that gets from a file to the name of
/// an image, so nothing but numbers and a known word passes.
fn release(text: &str) -> Option<(Release, usize)> {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"(?x)
            ^([0-9]{1,3}) (?:\.([0-9]{1,3}))? (?:\.([0-9]{1,3}))?
            (?: [-.]? (alpha|beta|preview|rc) \.? ([0-9]{1,3}) )?
            (?: -?p-?[0-9]{1,4} )?$";
        Regex::new(pattern).expect("the pattern is constant")
    });
    let found = PATTERN.captures(text)?;
    let number = |index| found.get(index).map(|part| part.as_str().parse::<u32>());
    let major = number(1)?.ok()?;
    let minor = number(2).transpose().ok()?;
    let patch = number(3).transpose().ok()?;
    let preview = match (found.get(4), number(5)) {
        (Some(name), Some(number)) => Some((name.as_str().to_owned(), number.ok()?)),
        _ => None,
    };
    let written = 1 + usize::from(minor.is_some()) + usize::from(patch.is_some());
    let release = Release {
        preview,
        ..Release::new(major, minor.unwrap_or(0), patch.unwrap_or(0))
    };
    Some((release, written))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(clauses: &[&str]) -> Option<String> {
        let requirement = Requirement::from_clauses(clauses).unwrap();
        requirement.pick().map(|pin| pin.to_string())
    }

    #[test]
    fn a_version_file_may_name_a_release_or_a_line() {
        let picked = |text| Some(Requirement::from_version(text)?.pick()?.to_string());
        assert_eq!(picked("3.3.6").as_deref(), Some("3.3.6"));
        assert_eq!(picked("3.3").as_deref(), Some("3.3"));
        assert_eq!(picked("3").as_deref(), Some("3.4"));
        assert_eq!(picked("2").as_deref(), Some("2.7"));
        assert_eq!(picked("2.7.8-p225").as_deref(), Some("2.7.8"));
        assert_eq!(picked("3.5.0-preview1").as_deref(), Some("3.5.0-preview1"));
        assert_eq!(picked("3.5.0.rc2").as_deref(), Some("3.5.0-rc2"));
    }

    #[test]
    fn nothing_but_a_version_is_a_version() {
        for text in [
            "",
            "x",
            "3.",
            "3.3.6\nx",
            "3.3.6;id",
            "$(id)",
            "3.3.6.1",
            "-3",
            "3.3.6-slim",
            "99999.0.0",
            "3.3.6-dev",
            "٣.٣",
            "latest",
        ] {
            assert_eq!(Requirement::from_version(text), None, "{text:?}");
            assert_eq!(Requirement::from_clauses(&[text]), None, "{text:?}");
        }
        assert_eq!(Requirement::from_clauses::<&str>(&[]), None);
    }

    #[test]
    fn a_gemfile_means_what_bundler_means() {
        assert_eq!(picked(&["3.3.6"]).as_deref(), Some("3.3.6"));
        assert_eq!(picked(&["= 3.3.6"]).as_deref(), Some("3.3.6"));
        assert_eq!(picked(&["3.3"]).as_deref(), Some("3.3.0"));
        assert_eq!(picked(&["~> 3.3.1"]).as_deref(), Some("3.3"));
        assert_eq!(picked(&["~> 3.3"]).as_deref(), Some("3.4"));
        assert_eq!(picked(&["~> 2.5"]).as_deref(), Some("2.7"));
        assert_eq!(picked(&[">= 3.1"]).as_deref(), Some("3.4"));
        assert_eq!(picked(&[">= 3.1, < 3.3"]).as_deref(), Some("3.2"));
        assert_eq!(picked(&[">= 3.1", "< 3.3"]).as_deref(), Some("3.2"));
        assert_eq!(picked(&["~> 4.1"]).as_deref(), Some("4.1"));
        assert_eq!(picked(&["< 3"]).as_deref(), Some("2.7"));
    }

    #[test]
    fn a_narrow_requirement_is_met_by_a_release() {
        assert_eq!(picked(&[">= 3.3.1", "< 3.3.5"]).as_deref(), Some("3.3.1"));
        assert_eq!(picked(&["> 3.3.1", "< 3.3.5"]).as_deref(), Some("3.3.2"));
        assert_eq!(picked(&["> 3.3.1", "< 3.3.2"]), None);
        assert_eq!(picked(&[">= 3.4", "< 3.2"]), None);
    }
}
