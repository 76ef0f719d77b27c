//! What is read, and what holds where nothing is written.

use std::collections::BTreeMap;
use std::fs;

use otto_plugin::bindings::appfile::{
    Appfile, Application, Customization, Dependency, Foundation, Import, Infrastructure, Project,
    Value,
};

use super::{data, written};
use crate::appfile::Written;

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn object<const N: usize>(members: [(&str, Value); N]) -> BTreeMap<String, Value> {
    members.map(|(key, value)| (key.into(), value)).into()
}

fn customization(kind: &str, config: BTreeMap<String, Value>) -> Customization {
    Customization {
        r#type: kind.into(),
        config,
    }
}

fn dependency(source: impl Into<String>) -> Dependency {
    Dependency {
        source: source.into(),
    }
}

fn foundation<const N: usize>(name: &str, config: [(&str, Value); N]) -> Foundation {
    Foundation {
        name: name.into(),
        config: object(config),
    }
}

#[test]
fn everything_that_can_be_said_is_read_and_merged_and_completed() {
    let directory = data().join("good");
    let shown = directory.to_str().unwrap();
    let appfile = Written::read(&directory).unwrap().complete().unwrap();
    let free = object([
        ("nothing", Value::Null),
        ("yes", Value::Bool(true)),
        ("no", Value::Bool(false)),
        ("port", Value::Int(3000)),
        ("smallest", Value::Int(i64::MIN)),
        ("largest", Value::Int(i64::MAX)),
        ("spaced", Value::Int(-5)),
        ("zero", Value::Int(0)),
        ("half", Value::Float(0.5)),
        ("whole", Value::Float(1.0)),
        ("large", Value::Float(1e300)),
        ("below", Value::Float(-0.0)),
        (
            "escapes",
            text("tab\t, quote\", backslash\\, ä, 😀, ${x}, %{y}"),
        ),
        ("empty", text("")),
        (
            "list",
            Value::List(vec![
                Value::Int(1),
                text("two"),
                Value::List(vec![Value::Float(3.0)]),
                Value::Object(BTreeMap::new()),
            ]),
        ),
        ("brackets", Value::Int(7)),
        (
            "object",
            Value::Object(object([
                ("plain", Value::Int(1)),
                ("quoted key", Value::Int(2)),
                ("ä", Value::Int(3)),
                (
                    "nested",
                    Value::Object(object([(
                        "a",
                        Value::Object(object([("b", Value::List(vec![Value::Null]))])),
                    )])),
                ),
            ])),
        ),
        ("here", text("first ${kept} \"quoted\" \\n\n  second\n")),
        ("indented", text("first\n  second\n")),
    ]);
    let Value::Float(below) = &appfile.customization[0].config["below"] else {
        panic!("not a float");
    };
    assert!(below.is_sign_negative());
    assert_eq!(
        appfile,
        Appfile {
            path: format!("{shown}/Appfile"),
            application: Application {
                name: "Shop".into(),
                r#type: "ruby".into(),
                detect: false,
                dependencies: vec![
                    dependency("../database"),
                    dependency("/srv/queue"),
                    dependency(format!("{shown}/common/database")),
                    dependency(format!("{shown}/common/more/../cache")),
                    dependency("../beside"),
                ],
            },
            project: Some(Project {
                name: "Market".into(),
                infrastructure: "production".into(),
            }),
            infrastructure: vec![
                Infrastructure {
                    name: "production".into(),
                    r#type: "local".into(),
                    flavor: "simple".into(),
                    foundations: vec![
                        foundation(
                            "consul",
                            [("servers", Value::Int(3)), ("address", text("10.0.0.1"))]
                        ),
                        foundation("vault", []),
                    ],
                },
                Infrastructure {
                    name: "test".into(),
                    r#type: "remote".into(),
                    flavor: "special".into(),
                    foundations: vec![foundation("nomad", [("jobs", Value::Int(1))])],
                },
                Infrastructure {
                    name: "third".into(),
                    r#type: "local".into(),
                    flavor: "simple".into(),
                    foundations: vec![],
                },
            ],
            customization: vec![
                customization("app", free),
                customization("infra", object([("region", text("here"))])),
                customization("postgresql", object([("version", text("16"))])),
                customization("app", object([("second", Value::Bool(true))])),
                customization("redis", object([("version", text("7"))])),
                customization("mysql", object([("version", text("8"))])),
            ],
            imports: vec![
                Import {
                    source: "common".into()
                },
                Import {
                    source: "other.hcl".into()
                },
            ],
            ..Appfile::default()
        }
    );
}

#[test]
fn without_an_appfile_everything_is_named_after_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let shop = dir.path().join("My shop");
    fs::create_dir(&shop).unwrap();
    let appfile = Written::read(&shop).unwrap().complete().unwrap();
    assert_eq!(
        appfile,
        Appfile {
            path: format!("{}/Appfile", shop.to_str().unwrap()),
            application: Application {
                name: "My shop".into(),
                detect: true,
                ..Application::default()
            },
            project: Some(Project {
                name: "My shop".into(),
                infrastructure: "My shop".into(),
            }),
            infrastructure: vec![Infrastructure {
                name: "My shop".into(),
                r#type: "local".into(),
                flavor: "simple".into(),
                foundations: vec![],
            }],
            ..Appfile::default()
        }
    );
}

#[test]
fn the_only_infrastructure_is_the_one_that_the_project_uses() {
    let (_dir, written) = written("infrastructure \"mine\" {}\n");
    let project = written.complete().unwrap().project.unwrap();
    assert_eq!((&*project.name, &*project.infrastructure), ("shop", "mine"));
}

#[test]
fn a_need_has_its_place_wherever_it_is_written() {
    let written = Written::read(&data().join("good")).unwrap();
    let needs = written.needs();
    let place = |need: &crate::appfile::Need| {
        let mark = need.mark.as_ref().unwrap();
        let file = mark.file.inner();
        file[mark.range()].to_owned()
    };
    let places: Vec<_> = needs.iter().map(place).collect();
    assert_eq!(
        places,
        [
            "\"../database\"",
            "\"/srv/queue\"",
            "\"database\"",
            "\"../cache\"",
            "\"../beside\""
        ]
    );
}

#[test]
fn the_digest_changes_with_the_file_and_with_what_it_imports() {
    let dir = tempfile::tempdir().unwrap();
    let digest = |name: &str, text: &str| {
        fs::write(dir.path().join(name), text).unwrap();
        Written::read(dir.path()).unwrap().digest().to_owned()
    };
    let without = Written::read(dir.path()).unwrap().digest().to_owned();
    let empty = digest("Appfile", "");
    fs::write(dir.path().join("common"), "").unwrap();
    let importing = digest("Appfile", "import \"common\" {}\n");
    let changed = digest("common", "# changed\n");
    let back = digest("common", "");
    let all = [&without, &empty, &importing, &changed];
    assert_eq!(
        all.iter().collect::<std::collections::BTreeSet<_>>().len(),
        4
    );
    assert_eq!(back, importing);
    assert_eq!(back.len(), 64);
}
