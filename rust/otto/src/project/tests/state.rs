//! What is kept of a compile comes back as it was.

use std::collections::BTreeMap;

use otto_plugin::bindings::app::{CompileResult, FoundationConfig, FoundationResult, Tuple};
use otto_plugin::bindings::appfile::{
    Appfile, Application, Customization, Dependency, Foundation, Import, Infrastructure, Project,
    Value,
};

use super::{compiled, plugin};
use crate::project::state;
use crate::project::{Compiled, CompiledApp};

/// An application in which no field is at its default. A field that is added to the protocol does
/// not compile here until it has a value.
fn full() -> CompiledApp {
    let text = |text: &str| text.to_owned();
    let config = |key: &str| BTreeMap::from([(text(key), Value::Text(text("value")))]);
    CompiledApp {
        tuple: Tuple {
            app: text("ruby"),
            infra: text("local"),
            flavor: text("simple"),
        },
        appfile: Appfile {
            id: text("id"),
            path: text("/a/Appfile"),
            source: text("../a"),
            application: Application {
                name: text("name"),
                r#type: text("ruby"),
                detect: true,
                dependencies: vec![Dependency {
                    source: text("../b"),
                }],
            },
            project: Some(Project {
                name: text("project"),
                infrastructure: text("mine"),
            }),
            infrastructure: vec![Infrastructure {
                name: text("mine"),
                r#type: text("local"),
                flavor: text("simple"),
                foundations: vec![Foundation {
                    name: text("consul"),
                    config: config("a"),
                }],
            }],
            customization: vec![Customization {
                r#type: text("app"),
                config: config("b"),
            }],
            imports: vec![Import {
                source: text("../c"),
            }],
        },
        digest: text("digest"),
        dir: text("/a/.otto/compiled/app"),
        result: CompileResult {
            version: u32::MAX,
            foundation_config: FoundationConfig {
                service_name: text("service"),
                service_port: u16::MAX,
                service_tags: vec![text("tag")],
            },
            dev_dep_fragment_path: Some(text("/a/fragment")),
            foundation_results: vec![FoundationResult {
                name: text("consul"),
                version: 7,
                dir: text("/a/foundation"),
            }],
        },
        plugin: plugin("1.0.0"),
    }
}

fn kept(state: &Compiled) -> Compiled {
    let dir = tempfile::tempdir().unwrap();
    state::write(dir.path(), state).unwrap();
    state::read(dir.path()).unwrap().unwrap()
}

#[test]
fn every_field_is_kept() {
    let state = Compiled {
        dependencies: vec![full(), compiled("x").root],
        root: full(),
    };
    assert_eq!(kept(&state), state);
}

#[test]
fn a_value_comes_back_to_the_last_bit() {
    let floats = [
        0.0,
        -0.0,
        0.1,
        1.0,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        f64::MAX,
        f64::MIN,
        f64::EPSILON,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        -f64::NAN,
        f64::from_bits(0x7ff0_0000_0000_0001),
        f64::from_bits(0xffff_ffff_ffff_ffff),
    ];
    let mut deep = Value::Bool(true);
    for _ in 0..7 {
        deep = Value::List(vec![Value::Object(BTreeMap::from([(
            "\u{0} \u{1b} ä \" \\".to_owned(),
            deep,
        )]))]);
    }
    let values = vec![
        Value::Null,
        Value::Bool(false),
        Value::Int(i64::MIN),
        Value::Int(i64::MAX),
        Value::Int((1 << 53) + 1),
        Value::Text("\u{0}\u{feff}\u{1f600}\r\n".into()),
        Value::Data((0..=255).collect()),
        Value::Data(Vec::new()),
        Value::List(Vec::new()),
        Value::Object(BTreeMap::new()),
        deep,
    ];
    let mut state = compiled("values");
    let config = &mut state.root.appfile.customization[0].config;
    config.insert("values".into(), Value::List(values));
    let mut with_floats = state.clone();
    with_floats.root.appfile.customization[0].config.insert(
        "floats".into(),
        Value::List(floats.into_iter().map(Value::Float).collect()),
    );
    assert_eq!(kept(&state), state);
    let back = kept(&with_floats);
    let Value::List(back) = &back.root.appfile.customization[0].config["floats"] else {
        panic!("not a list");
    };
    for (back, float) in back.iter().zip(floats) {
        let Value::Float(back) = back else {
            panic!("not a float");
        };
        assert_eq!(back.to_bits(), float.to_bits(), "{float}");
    }
    assert_eq!(back.len(), floats.len());
}
