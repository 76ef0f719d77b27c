//! What a plugin may say that follows from the sources, and what it may not.

use std::collections::BTreeMap;

use otto_plugin::bindings::appfile::{
    Appfile, Application, Customization, Dependency, Foundation, Import, Infrastructure, Project,
    Value,
};

use super::written;
use crate::appfile::ImplicitError;
use crate::appfile::file::LARGEST;

fn customization(kind: &str, value: Value) -> Customization {
    Customization {
        r#type: kind.into(),
        config: BTreeMap::from([("key".to_owned(), value)]),
    }
}

fn dependency() -> Dependency {
    Dependency {
        source: "../database".into(),
    }
}

fn nested(depth: u32) -> Value {
    (1..depth).fold(Value::Null, |value, _| Value::List(vec![value]))
}

#[test]
fn what_the_user_wrote_wins_and_defaults_do_not() {
    let (_dir, written) = written("customization \"PG\" {\n key = 1\n}\n");
    let asked = written.complete().unwrap();
    assert_eq!(asked.application.name, "shop");
    let answer = Appfile {
        application: Application {
            name: "named by the plugin".into(),
            dependencies: vec![dependency(), dependency()],
            ..Application::default()
        },
        customization: vec![
            customization("pg", Value::Int(2)),
            customization("Redis", Value::Int(3)),
        ],
        ..Appfile::default()
    };
    let written = written.add_implicit(answer, &asked).unwrap();
    let appfile = written.complete().unwrap();
    assert_eq!(appfile.application.name, "named by the plugin");
    assert!(appfile.application.detect);
    assert_eq!(
        appfile.customization,
        [
            customization("pg", Value::Int(1)),
            customization("redis", Value::Int(3))
        ]
    );
    let needs = written.needs();
    assert_eq!(needs.len(), 1);
    assert_eq!(needs[0].source, "../database");
    assert!(needs[0].mark.is_none());
}

#[test]
fn an_answer_that_repeats_the_question_changes_nothing() {
    let (_dir, written) = written("customization {\n key = 1\n}\n");
    let mut asked = written.complete().unwrap();
    asked.application.r#type = "ruby".into();
    asked.id = "id".into();
    let written = written.add_implicit(asked.clone(), &asked).unwrap();
    let mut appfile = written.complete().unwrap();
    appfile.application.r#type = "ruby".into();
    appfile.id = "id".into();
    assert_eq!(appfile, asked);
}

#[test]
fn a_plugin_cannot_say_who_the_application_is_or_where() {
    type Change = fn(&mut Appfile);
    let changes: [(&str, Change); 5] = [
        ("id", |appfile| appfile.id = "x\u{1b}".into()),
        ("path", |appfile| appfile.path = "/etc/Appfile".into()),
        ("source", |appfile| appfile.source = "x".into()),
        ("application.type", |appfile| {
            appfile.application.r#type = "x".into();
        }),
        ("imports", |appfile| {
            appfile.imports = vec![Import { source: "x".into() }];
        }),
    ];
    for (name, change) in changes {
        let (_dir, written) = written("");
        let asked = written.complete().unwrap();
        let mut answer = asked.clone();
        change(&mut answer);
        let error = written.add_implicit(answer, &asked).unwrap_err();
        assert!(
            matches!(&error, ImplicitError::Changed { field, .. } if *field == name),
            "{error}"
        );
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
    }
}

#[test]
fn an_answer_that_makes_no_sense_is_refused() {
    let infrastructure = |name: &str, foundations: &[&str]| Infrastructure {
        name: name.into(),
        foundations: foundations
            .iter()
            .map(|name| Foundation {
                name: (*name).into(),
                ..Foundation::default()
            })
            .collect(),
        ..Infrastructure::default()
    };
    let of = |infrastructure: Vec<Infrastructure>| Appfile {
        infrastructure,
        ..Appfile::default()
    };
    let with = |value: Value| Appfile {
        customization: vec![customization("app", value)],
        ..Appfile::default()
    };
    let large = "x".repeat(usize::try_from(LARGEST).unwrap());
    for (answer, expected) in [
        (of(vec![infrastructure("", &[])]), "is empty"),
        (of(vec![infrastructure("a\nb", &[])]), "control character"),
        (
            of(vec![infrastructure("a", &[]), infrastructure("a", &[])]),
            "two infrastructures",
        ),
        (of(vec![infrastructure("a", &["../b"])]), "something else"),
        (
            of(vec![infrastructure("a", &["b", "b"])]),
            "two foundations",
        ),
        (
            of(vec![Infrastructure {
                r#type: "*".into(),
                ..infrastructure("a", &[])
            }]),
            "something else",
        ),
        (
            Appfile {
                customization: vec![customization("", Value::Null)],
                ..Appfile::default()
            },
            "is empty",
        ),
        (
            Appfile {
                project: Some(Project {
                    name: "\u{7}".into(),
                    ..Project::default()
                }),
                ..Appfile::default()
            },
            "control character",
        ),
        (with(Value::Unknown(9)), "not known"),
        (with(nested(17)), "deeper than 16"),
        (with(Value::Text(large)), "1048576"),
    ] {
        let (_dir, written) = written("");
        let asked = written.complete().unwrap();
        let error = written.add_implicit(answer, &asked).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let (_dir, written) = written("");
    let asked = written.complete().unwrap();
    written.add_implicit(with(nested(16)), &asked).unwrap();
}

#[test]
fn an_infrastructure_that_only_a_plugin_uses_has_to_be_there() {
    let (_dir, written) = written("");
    let asked = written.complete().unwrap();
    let answer = Appfile {
        project: Some(Project {
            name: "x".into(),
            infrastructure: "nowhere".into(),
        }),
        ..Appfile::default()
    };
    let error = written.add_implicit(answer, &asked).unwrap();
    let error = error.complete().unwrap_err();
    assert!(error.to_string().contains("`nowhere`"), "{error}");
}
