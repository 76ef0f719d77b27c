//! One Ruby from all that is said about it.
//!
//! The highest authority that says anything decides, and a lower one may only make it more exact.
//! What Bundler would refuse when the application starts, a Ruby that the Gemfile rules out, is an
//! error here already. Any other disagreement is a warning, since what runs is clear.

use super::{Authority, DEFAULT, Pin, Requirement, Statement};
use crate::problem::{Place, Problem, Remark, quoted};

/// The Ruby of an application.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ruby {
    pub(crate) pin: Pin,
    /// Where it was found. `None` for the default.
    pub(crate) place: Option<Place>,
}

/// Decides on a Ruby. The order of the statements does not matter.
pub(crate) fn resolve(
    mut statements: Vec<Statement>,
    remarks: &mut Vec<Remark>,
) -> Result<Ruby, Problem> {
    statements.sort_by_key(|statement| statement.authority);
    let mut agreed: Vec<Statement> = Vec::new();
    let mut requirement = Requirement::default();
    for statement in statements {
        if statement.requirement.pick().is_none() {
            return Err(impossible(&statement));
        }
        let both = requirement.and(&statement.requirement);
        if both.pick().is_some() {
            requirement = both;
            agreed.push(statement);
            continue;
        }
        // Together they may rule out what none of them does alone: then the highest is named.
        let Some(winner) = agreed
            .iter()
            .find(|other| {
                other
                    .requirement
                    .and(&statement.requirement)
                    .pick()
                    .is_none()
            })
            .or_else(|| agreed.first())
        else {
            continue;
        };
        match (winner.authority, statement.authority) {
            (_, Authority::Gemfile) => return Err(ruled_out(winner, &statement)),
            // The setting is there to overrule.
            (Authority::Setting, _) => {}
            _ => remarks.push(overruled(winner, &statement)),
        }
    }
    let Some(pin) = requirement.pick().filter(|_| !agreed.is_empty()) else {
        return Ok(Ruby {
            pin: DEFAULT,
            place: None,
        });
    };
    let place = agreed
        .iter()
        .find(|statement| match &pin {
            Pin::Release(release) => statement.requirement.exact() == Some(release),
            Pin::Line { .. } => false,
        })
        .or_else(|| agreed.first())
        .map(|statement| statement.place.clone());
    Ok(Ruby { pin, place })
}

fn impossible(statement: &Statement) -> Problem {
    Problem::invalid(
        format!(
            "{} asks for Ruby {}, which no Ruby is",
            statement.place,
            quoted(&statement.text)
        ),
        "loosen one of its bounds",
    )
    .at(statement.place.clone())
}

fn ruled_out(winner: &Statement, gemfile: &Statement) -> Problem {
    Problem::invalid(
        format!(
            "{} asks for Ruby {}, but {} allows only {}",
            winner.place,
            quoted(&winner.text),
            gemfile.place,
            quoted(&gemfile.text)
        ),
        "change one of the two: Bundler starts only with a Ruby that the Gemfile allows",
    )
    .at(gemfile.place.clone())
}

fn overruled(winner: &Statement, loser: &Statement) -> Remark {
    let help = match loser.authority {
        Authority::Lock => "run `bundle update --ruby`, and commit what it changes",
        _ => "make them agree, or remove one of the two",
    };
    Remark::warning(
        format!(
            "{} asks for Ruby {}, and is overruled by {} with {}",
            loser.place,
            quoted(&loser.text),
            winner.place,
            quoted(&winner.text)
        ),
        help,
    )
    .at(loser.place.clone())
}

#[cfg(test)]
mod tests {
    use super::super::{gemfile, lock, setting, tool_versions, version_file};
    use super::*;

    fn file(text: &str) -> Statement {
        version_file(text, ".ruby-version").unwrap().unwrap()
    }

    fn tools(text: &str) -> Statement {
        let text = format!("ruby {text}");
        tool_versions(&text, ".tool-versions").unwrap().unwrap()
    }

    fn gems(text: &str) -> Statement {
        gemfile(&[text.to_owned()], Place::new("Gemfile", 2)).unwrap()
    }

    fn locked(text: &str) -> Statement {
        lock(&format!("ruby {text}"), Place::new("Gemfile.lock", 9)).unwrap()
    }

    fn appfile(text: &str) -> Statement {
        setting(text, Place::new("Appfile", 0)).unwrap()
    }

    /// The version, the file it comes from, and the files that were overruled.
    fn resolved(statements: Vec<Statement>) -> (String, String, Vec<String>) {
        let mut remarks = Vec::new();
        let ruby = resolve(statements, &mut remarks).unwrap();
        let place = ruby.place.map_or(String::new(), |place| place.file);
        let overruled = remarks.into_iter().map(|r| r.place.unwrap().file).collect();
        (ruby.pin.to_string(), place, overruled)
    }

    fn agreed(version: &str, place: &str) -> (String, String, Vec<String>) {
        (version.to_owned(), place.to_owned(), Vec::new())
    }

    #[test]
    fn nothing_said_is_the_default() {
        assert_eq!(resolved(vec![]), agreed("3.4", ""));
    }

    #[test]
    fn a_lower_authority_makes_it_more_exact() {
        assert_eq!(
            resolved(vec![locked("3.3.6p108"), gems("~> 3.3.0")]),
            agreed("3.3.6", "Gemfile.lock")
        );
        assert_eq!(
            resolved(vec![gems(">= 3.1"), locked("3.2.2"), file("3.2")]),
            agreed("3.2.2", "Gemfile.lock")
        );
        assert_eq!(
            resolved(vec![file("3.3.6"), gems("~> 3.3"), locked("3.3.6")]),
            agreed("3.3.6", ".ruby-version")
        );
    }

    #[test]
    fn a_ruby_that_the_gemfile_rules_out_is_an_error_at_the_gemfile() {
        let problem = resolve(vec![gems("~> 3.3.0"), file("3.2.2")], &mut vec![]).unwrap_err();
        assert_eq!(problem.place, Some(Place::new("Gemfile", 2)));
        assert_eq!(
            problem.message,
            "`.ruby-version`, line 1 asks for Ruby `3.2.2`, but `Gemfile`, line 2 allows only `~> 3.3.0`"
        );
        assert!(resolve(vec![gems("3.3.6"), appfile("3.4")], &mut vec![]).is_err());
        assert!(resolve(vec![gems("3.3.6"), tools("3.4.1")], &mut vec![]).is_err());
        assert!(resolve(vec![gems(">= 3.4, < 3.2")], &mut vec![]).is_err());
    }

    #[test]
    fn version_managers_that_disagree_are_a_warning() {
        assert_eq!(
            resolved(vec![tools("3.2.2"), file("3.3.6")]),
            (
                "3.3.6".into(),
                ".ruby-version".into(),
                vec![".tool-versions".into()]
            )
        );
    }

    #[test]
    fn a_lock_file_that_lags_behind_is_a_warning() {
        assert_eq!(
            resolved(vec![file("3.3.6"), gems("~> 3.3"), locked("3.2.2")]),
            (
                "3.3.6".into(),
                ".ruby-version".into(),
                vec!["Gemfile.lock".into()]
            )
        );
        assert_eq!(
            resolved(vec![gems("~> 3.3.0"), locked("3.2.2")]),
            ("3.3".into(), "Gemfile".into(), vec!["Gemfile.lock".into()])
        );
    }

    #[test]
    fn a_setting_overrules_without_a_word() {
        assert_eq!(
            resolved(vec![file("3.3.6"), locked("3.3.6"), appfile("3.4.1")]),
            agreed("3.4.1", "Appfile")
        );
    }
}
