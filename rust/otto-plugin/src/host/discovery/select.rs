//! Which of several plugins does what is wanted.

use std::cmp::{Ordering, Reverse};

use super::name::PluginName;
use crate::bindings::app::{Meta, Tuple};

/// What stands for anything in a tuple of a plugin's.
const ANY: &str = "*";

/// A plugin that may be chosen.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a caller builds it")]
pub struct Contender<'a, T> {
    /// What the caller knows it by.
    pub plugin: T,
    /// Its name.
    pub name: &'a PluginName,
    /// The position of its directory, as in [`PluginFile`](super::PluginFile).
    pub position: usize,
    /// What it says that it is for.
    pub meta: &'a Meta,
}

/// What came of a choice among plugins.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Selection<'a, T> {
    /// The plugin to use. None if no plugin has a tuple that matches.
    pub chosen: Option<Chosen<'a, T>>,
    /// The others that could do it, the next best first.
    pub passed: Vec<Passed<'a, T>>,
}

/// A plugin, and what it was chosen by.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Chosen<'a, T> {
    /// The plugin.
    pub plugin: T,
    /// The most specific one of its tuples that match.
    pub tuple: &'a Tuple,
}

/// A plugin that was not chosen, though it matches.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Passed<'a, T> {
    /// The plugin.
    pub plugin: T,
    /// The most specific one of its tuples that match.
    pub tuple: &'a Tuple,
    /// What the chosen one has before it.
    pub because: Because,
}

/// Why something that matches was not chosen, compared with what was. In the order in which they
/// decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Because {
    /// Its detector has a lower priority.
    Priority,
    /// Its tuple is less specific.
    LessSpecific,
    /// It was found in an earlier directory.
    EarlierDirectory,
    /// Its name is earlier in the alphabet.
    EarlierName,
    /// It is a later detector of the same plugin's.
    LaterDetector,
}

impl std::fmt::Display for Because {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Priority => "its detector has a lower priority",
            Self::LessSpecific => "its tuple is less specific",
            Self::EarlierDirectory => "it was found in an earlier directory",
            Self::EarlierName => "its name is earlier in the alphabet",
            Self::LaterDetector => "it is a later detector of the same plugin",
        })
    }
}

/// Chooses the plugin for a kind of application on a kind of infrastructure.
///
/// The more specific tuple wins: the one with more fields that are not `*`, and of two with as many,
/// the one with the application in it, then the one with the infrastructure. After that, the plugin
/// from the later directory wins, and then the one with the name that is later in the alphabet. Of
/// several tuples of one plugin, its most specific one counts.
///
/// `wanted` is taken literally: a `*` in it is matched by a `*` alone.
pub fn select<'a, T: Copy>(wanted: &Tuple, contenders: &[Contender<'a, T>]) -> Selection<'a, T> {
    let mut matching: Vec<_> = contenders
        .iter()
        .filter_map(|contender| Some((contender, best(wanted, contender.meta)?)))
        .collect();
    matching.sort_by_key(|(contender, tuple)| {
        Reverse((specificity(tuple), contender.position, contender.name))
    });
    let Some(((winner, tuple), others)) = matching.split_first() else {
        return Selection {
            chosen: None,
            passed: Vec::new(),
        };
    };
    let passed = others.iter().map(|(other, its)| Passed {
        plugin: other.plugin,
        tuple: its,
        because: if specificity(its) == specificity(tuple) {
            because(winner, other)
        } else {
            Because::LessSpecific
        },
    });
    Selection {
        passed: passed.collect(),
        chosen: Some(Chosen {
            plugin: winner.plugin,
            tuple,
        }),
    }
}

/// What decides between two plugins, when nothing that they say does.
pub(in crate::host) fn because<T>(winner: &Contender<'_, T>, loser: &Contender<'_, T>) -> Because {
    match winner.position.cmp(&loser.position) {
        Ordering::Equal => Because::EarlierName,
        _ => Because::EarlierDirectory,
    }
}

fn best<'a>(wanted: &Tuple, meta: &'a Meta) -> Option<&'a Tuple> {
    let matching = meta.tuples.iter().filter(|tuple| matches(wanted, tuple));
    matching.max_by_key(|tuple| specificity(tuple))
}

fn matches(wanted: &Tuple, tuple: &Tuple) -> bool {
    let field = |wanted: &str, offered: &str| offered == ANY || offered == wanted;
    field(&wanted.app, &tuple.app)
        && field(&wanted.infra, &tuple.infra)
        && field(&wanted.flavor, &tuple.flavor)
}

/// The number of exact fields, then which they are: the greater one is the more specific.
fn specificity(tuple: &Tuple) -> (usize, [bool; 3]) {
    let exact = [&tuple.app, &tuple.infra, &tuple.flavor].map(|field| field != ANY);
    (exact.iter().filter(|exact| **exact).count(), exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuple(text: &str) -> Tuple {
        let mut fields = text.split('/').map(str::to_owned);
        let mut next = || fields.next().unwrap();
        Tuple {
            app: next(),
            infra: next(),
            flavor: next(),
        }
    }

    /// Chooses among plugins given as name, position and tuples, and shows names and reasons.
    fn chosen(
        wanted: &str,
        plugins: &[(&str, usize, &[&str])],
    ) -> (String, Vec<(String, Because)>) {
        let plugins: Vec<(PluginName, usize, Meta)> = plugins
            .iter()
            .map(|(name, position, tuples)| {
                let meta = Meta {
                    tuples: tuples.iter().map(|text| tuple(text)).collect(),
                    ..Meta::default()
                };
                (format!("otto-app-{name}").parse().unwrap(), *position, meta)
            })
            .collect();
        let contenders: Vec<_> = plugins
            .iter()
            .map(|(name, position, meta)| Contender {
                plugin: name.name(),
                name,
                position: *position,
                meta,
            })
            .collect();
        let selection = select(&tuple(wanted), &contenders);
        let winner = selection.chosen.map_or("", |chosen| chosen.plugin);
        let passed = selection.passed.iter();
        (
            winner.to_owned(),
            passed
                .map(|passed| (passed.plugin.to_owned(), passed.because))
                .collect(),
        )
    }

    #[test]
    fn the_more_specific_tuple_wins_in_a_full_order() {
        let order = [
            "*/*/*",
            "*/*/simple",
            "*/local/*",
            "ruby/*/*",
            "*/local/simple",
            "ruby/*/simple",
            "ruby/local/*",
            "ruby/local/simple",
        ];
        for (less, rest) in order.iter().zip((1..).map(|from| &order[from..])) {
            for more in rest {
                // Nothing else decides, though all of it speaks for the other.
                let plugins: [(&str, usize, &[&str]); 2] = [("z", 9, &[less]), ("a", 0, &[more])];
                let (winner, passed) = chosen("ruby/local/simple", &plugins);
                assert_eq!(winner, "a", "{more} before {less}");
                assert_eq!(passed, [("z".to_owned(), Because::LessSpecific)]);
            }
        }
    }

    #[test]
    fn then_the_later_directory_wins_and_then_the_later_name() {
        let same: &[&str] = &["ruby/*/*"];
        let plugins = [("b", 1, same), ("z", 0, same), ("c", 1, same)];
        let (winner, passed) = chosen("ruby/local/simple", &plugins);
        assert_eq!(winner, "c");
        let expected = [
            ("b".to_owned(), Because::EarlierName),
            ("z".to_owned(), Because::EarlierDirectory),
        ];
        assert_eq!(passed, expected);
    }

    #[test]
    fn a_plugin_counts_with_its_most_specific_tuple() {
        let (winner, _) = chosen(
            "ruby/local/simple",
            &[
                ("a", 0, &["*/*/*", "ruby/local/*", "php/local/simple"]),
                ("b", 1, &["ruby/*/*"]),
            ],
        );
        assert_eq!(winner, "a");
    }

    #[test]
    fn nothing_is_chosen_that_does_not_match() {
        let plugins: [(&str, usize, &[&str]); 2] =
            [("a", 0, &["php/*/*", "ruby/aws/*"]), ("b", 0, &[])];
        assert_eq!(
            chosen("ruby/local/simple", &plugins),
            (String::new(), vec![])
        );
        // A wish for anything is a wish for what says that it does anything.
        let plugins: [(&str, usize, &[&str]); 2] = [("a", 0, &["ruby/*/*"]), ("b", 0, &["*/*/*"])];
        assert_eq!(chosen("*/*/*", &plugins).0, "b");
    }
}
