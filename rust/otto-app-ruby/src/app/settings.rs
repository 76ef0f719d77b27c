//! Reads what the Appfile says to this plugin.
//!
//! A `customization` of the type `app` has the settings `ruby_version`, `command`, `port`,
//! `deploy_dir` and `dev_environment`; one of the type of a service, such as `postgresql`, asks for
//! the service, and may have `version`. Of several settings of the same name, the last one counts.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::appfile::{Customization, Value};

use super::implicit;
use crate::problem::{Problem, Remark, quoted};
use crate::service;
use crate::settings::Settings;

pub(super) fn read(context: &Context, remarks: &mut Vec<Remark>) -> Result<Settings, Problem> {
    let appfile = &context.appfile;
    // `implicit` is given the Appfile alone.
    let application = match context.application.name.is_empty() {
        true => &appfile.application,
        false => &context.application,
    };
    let path = Path::new(&appfile.path);
    let text = |part: Option<&Path>| part.and_then(Path::to_str).unwrap_or_default().to_owned();
    let mut settings = Settings {
        name: application.name.clone(),
        dir: text(path.parent()),
        appfile: text(path.file_name().map(Path::new)),
        rails: [&application.r#type, &context.tuple.app]
            .into_iter()
            .any(|app| app == "rails"),
        ..Settings::default()
    };
    for Customization { r#type, config } in &appfile.customization {
        match r#type.as_str() {
            "app" | "" => app(&mut settings, config, remarks)?,
            name if service::is_known(name) => {
                let version = service_version(&settings, name, config, remarks)?;
                settings.services.insert(name.to_owned(), version);
            }
            // Somebody else's.
            _ => {}
        }
    }
    Ok(settings)
}

fn app(
    settings: &mut Settings,
    config: &BTreeMap<String, Value>,
    remarks: &mut Vec<Remark>,
) -> Result<(), Problem> {
    for (key, value) in config {
        match (key.as_str(), value) {
            (implicit::RUBY_VERSION, Value::Text(text)) => {
                settings.ruby_version = Some(text.clone());
            }
            (implicit::RUBY_VERSION, _) => {
                let help = "write it as text, such as \"3.4.1\": as a number, 3.10 would be 3.1";
                return Err(wrong(settings, key, help));
            }
            ("command", Value::List(words)) if !words.is_empty() => {
                let words = words.iter().map(|word| match word {
                    Value::Text(text) => Some(text.clone()),
                    _ => None,
                });
                let Some(words) = words.collect() else {
                    return Err(wrong(settings, key, COMMAND_HELP));
                };
                settings.command = Some(words);
            }
            ("command", _) => return Err(wrong(settings, key, COMMAND_HELP)),
            ("port", value) => {
                let port = match value {
                    Value::Int(port) => u16::try_from(*port).ok().filter(|port| *port > 0),
                    _ => None,
                };
                if port.is_none() {
                    return Err(wrong(settings, key, "write a number from 1 to 65535"));
                }
                settings.port = port;
            }
            ("deploy_dir", Value::Text(path)) if is_plain_path(path) => {
                settings.deploy_dir = Some(path.clone());
            }
            ("deploy_dir", _) => {
                let help = "write an absolute path without `..`, such as \"/srv/shop\"";
                return Err(wrong(settings, key, help));
            }
            ("dev_environment", Value::Object(variables)) => {
                let variables = variables.iter().map(variable).collect::<Option<_>>();
                let Some(variables) = variables else {
                    return Err(wrong(settings, key, ENVIRONMENT_HELP));
                };
                settings.dev_environment = variables;
            }
            ("dev_environment", _) => return Err(wrong(settings, key, ENVIRONMENT_HELP)),
            _ => remarks.push(unknown(settings, "app", key)),
        }
    }
    Ok(())
}

/// Whether a path is absolute, and the same whichever links there are.
fn is_plain_path(path: &str) -> bool {
    let path = Path::new(path);
    path.is_absolute()
        && path.parent().is_some()
        && !path.components().any(|part| part == Component::ParentDir)
}

/// An environment variable, if it can be one.
fn variable((name, value): (&String, &Value)) -> Option<(String, String)> {
    let Value::Text(value) = value else {
        return None;
    };
    let is_valid = !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0');
    is_valid.then(|| (name.clone(), value.clone()))
}

const ENVIRONMENT_HELP: &str =
    "write names with texts, such as `{ DATABASE_URL = \"postgresql://localhost/shop\" }`";

const COMMAND_HELP: &str = "write a list of words, such as `[\"ruby\", \"server.rb\"]`";

fn service_version(
    settings: &Settings,
    service: &str,
    config: &BTreeMap<String, Value>,
    remarks: &mut Vec<Remark>,
) -> Result<Option<String>, Problem> {
    let mut version = None;
    for (key, value) in config {
        match (key.as_str(), value) {
            (implicit::VERSION, Value::Text(text)) => version = Some(text.clone()),
            (implicit::VERSION, Value::Int(number)) => version = Some(number.to_string()),
            (implicit::VERSION, _) => {
                return Err(wrong(settings, key, "write it as text, such as \"8.4\""));
            }
            // Where it came from, if it was found.
            (implicit::GEMS, _) => {}
            _ => remarks.push(unknown(settings, service, key)),
        }
    }
    Ok(version)
}

fn wrong(settings: &Settings, key: &str, help: &str) -> Problem {
    let message = format!(
        "the setting {} in a `customization` makes no sense",
        quoted(key)
    );
    Problem::invalid(message, help).at(settings.place())
}

fn unknown(settings: &Settings, r#type: &str, key: &str) -> Remark {
    let known = match r#type {
        "app" => "`command`, `deploy_dir`, `dev_environment`, `port` and `ruby_version`",
        _ => "`version`",
    };
    Remark::warning(
        format!(
            "there is no setting {} in a `customization` of {type}",
            quoted(key)
        ),
        format!("correct it, or remove it: the settings are {known}"),
    )
    .at(settings.place())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(customization: &[(&str, &[(&str, Value)])]) -> Context {
        let mut context = Context::default();
        context.appfile.path = "/home/user/shop/Appfile".into();
        context.appfile.application.name = "shop".into();
        context.appfile.customization = customization
            .iter()
            .map(|(r#type, config)| Customization {
                r#type: (*r#type).into(),
                config: config
                    .iter()
                    .map(|(key, value)| ((*key).into(), value.clone()))
                    .collect(),
            })
            .collect();
        context
    }

    #[test]
    fn settings_are_taken_from_the_appfile_and_the_last_one_counts() {
        let context = context(&[
            (
                "app",
                &[
                    ("ruby_version", Value::Text("3.3.6".into())),
                    ("port", Value::Int(80)),
                ],
            ),
            ("app", &[("ruby_version", Value::Text("3.4.1".into()))]),
            ("infra", &[("anything", Value::Null)]),
            ("postgresql", &[("version", Value::Int(15))]),
            ("redis", &[]),
            (
                "app",
                &[("command", Value::List(vec![Value::Text("rake".into())]))],
            ),
            (
                "app",
                &[
                    ("deploy_dir", Value::Text("/srv/shop".into())),
                    (
                        "dev_environment",
                        Value::Object(BTreeMap::from([("A".into(), Value::Text("b".into()))])),
                    ),
                ],
            ),
        ]);
        let mut remarks = Vec::new();
        let settings = read(&context, &mut remarks).unwrap();
        assert_eq!(remarks, []);
        let expected = Settings {
            name: "shop".into(),
            dir: "/home/user/shop".into(),
            appfile: "Appfile".into(),
            rails: false,
            ruby_version: Some("3.4.1".into()),
            command: Some(vec!["rake".into()]),
            port: Some(80),
            deploy_dir: Some("/srv/shop".into()),
            dev_environment: BTreeMap::from([("A".into(), "b".into())]),
            services: BTreeMap::from([
                ("postgresql".into(), Some("15".into())),
                ("redis".into(), None),
            ]),
        };
        assert_eq!(settings, expected);
    }

    #[test]
    fn a_setting_that_nobody_reads_is_a_warning() {
        let context = context(&[
            ("app", &[("ruby_verison", Value::Text("3.3.6".into()))]),
            ("redis", &[("port", Value::Int(1))]),
        ]);
        let mut remarks = Vec::new();
        read(&context, &mut remarks).unwrap();
        let summaries: Vec<_> = remarks.into_iter().map(|remark| remark.summary).collect();
        assert_eq!(
            summaries,
            [
                "there is no setting `ruby_verison` in a `customization` of app",
                "there is no setting `port` in a `customization` of redis",
            ]
        );
    }

    #[test]
    fn a_setting_that_makes_no_sense_is_an_error_in_the_appfile() {
        for (r#type, key, value) in [
            ("app", "ruby_version", Value::Float(3.4)),
            ("app", "port", Value::Int(0)),
            ("app", "port", Value::Int(65536)),
            ("app", "port", Value::Text("80".into())),
            ("app", "command", Value::Text("rake".into())),
            ("app", "command", Value::List(vec![])),
            ("app", "command", Value::List(vec![Value::Int(1)])),
            ("app", "deploy_dir", Value::Text("srv/shop".into())),
            ("app", "deploy_dir", Value::Text("/srv/../shop".into())),
            ("app", "deploy_dir", Value::Text("/".into())),
            ("app", "deploy_dir", Value::Null),
            ("app", "dev_environment", Value::List(vec![])),
            (
                "app",
                "dev_environment",
                Value::Object(BTreeMap::from([("A".into(), Value::Int(1))])),
            ),
            (
                "app",
                "dev_environment",
                Value::Object(BTreeMap::from([("A=".into(), Value::Text("".into()))])),
            ),
            ("redis", "version", Value::Bool(true)),
        ] {
            let context = context(&[(r#type, &[(key, value)])]);
            let problem = read(&context, &mut Vec::new()).unwrap_err();
            assert_eq!(problem.place.unwrap().file, "Appfile", "{key}");
        }
    }
}
