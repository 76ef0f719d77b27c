//! What kind of program an application is, and how it is started.

use std::sync::LazyLock;

use regex::Regex;

use super::Bundle;
use crate::meta;
use crate::problem::{Place, Problem, quoted};
use crate::settings::Settings;
use crate::source::Source;

/// What an application is made with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Ruby on Rails.
    Rails,
    /// Anything else that has a `config.ru`.
    Rack,
    /// A program of its own.
    Script,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rails => "rails",
            Self::Rack => "rack",
            Self::Script => "script",
        }
    }
}

/// How an application is started.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Program {
    pub(crate) kind: Kind,
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
    /// Where it listens. `None` if it does not.
    pub(crate) port: Option<u16>,
}

/// The servers for Rack, the ones that people choose most first. `PORT` stands for the port.
const SERVERS: [(&str, &[&str]); 8] = [
    ("puma", &["puma", "-b", "tcp://0.0.0.0:PORT"]),
    (
        "falcon",
        &["falcon", "serve", "--bind", "http://0.0.0.0:PORT"],
    ),
    ("unicorn", &["unicorn", "-o", "0.0.0.0", "-p", "PORT"]),
    ("pitchfork", &["pitchfork", "-o", "0.0.0.0", "-p", "PORT"]),
    (
        "passenger",
        &["passenger", "start", "-a", "0.0.0.0", "-p", "PORT"],
    ),
    ("thin", &["thin", "start", "-a", "0.0.0.0", "-p", "PORT"]),
    ("iodine", &["iodine", "-b", "0.0.0.0", "-p", "PORT"]),
    (
        "webrick",
        &["rackup", "-s", "webrick", "-o", "0.0.0.0", "-p", "PORT"],
    ),
];

const RAILS: &[&str] = &["rails", "server", "-b", "0.0.0.0", "-p", "PORT"];

const COMMAND_HELP: &str =
    "set `command` in a `customization` of the Appfile, such as `[\"ruby\", \"server.rb\"]`";

impl Program {
    pub(super) fn choose(
        source: &Source,
        bundle: Option<&Bundle>,
        settings: &Settings,
    ) -> Result<Self, Problem> {
        let kind = kind(source, settings)?;
        let port = |default: u16| settings.port.unwrap_or(default);
        if let Some(command) = &settings.command {
            let default = match kind {
                Kind::Rails => Some(3000),
                Kind::Rack => Some(9292),
                Kind::Script => None,
            };
            return Ok(Self {
                kind,
                command: command.clone(),
                port: settings.port.or(default),
            });
        }
        let (words, port) = match (kind, bundle) {
            (Kind::Script, _) => script(source, bundle, settings)?,
            (Kind::Rails | Kind::Rack, None) => {
                return Err(Problem::invalid(
                    "the application has no Gemfile",
                    "write one with `bundle init`, and add the gems that the application needs",
                ));
            }
            (Kind::Rails, Some(_)) => (with_port(RAILS, port(3000)), Some(port(3000))),
            (Kind::Rack, Some(bundle)) => {
                let gems = bundle.gems();
                let server = SERVERS.iter().find(|(gem, _)| gems.contains(*gem));
                let Some((_, words)) = server else {
                    return Err(Problem::invalid(
                        "the application has a `config.ru`, and no server to run it with",
                        format!("add one with `bundle add puma`, or {COMMAND_HELP}"),
                    )
                    .at(Place::new(bundle.gemfile_name, 0)));
                };
                (with_port(words, port(9292)), Some(port(9292)))
            }
        };
        let runner: &[&str] = if bundle.is_some() {
            &["bundle", "exec"]
        } else {
            &[]
        };
        let command = runner
            .iter()
            .map(|&word| word.to_owned())
            .chain(words)
            .collect();
        Ok(Self {
            kind,
            command,
            port,
        })
    }
}

fn kind(source: &Source, settings: &Settings) -> Result<Kind, Problem> {
    static RAILS_CLASS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(meta::RAILS_PATTERN).expect("the pattern is constant"));
    let rails_file = source.read(meta::RAILS_FILE)?;
    if rails_file.is_some_and(|text| RAILS_CLASS.is_match(&text)) {
        return Ok(Kind::Rails);
    }
    if settings.rails {
        return Err(Problem::invalid(
            format!(
                "the application is said to be of the type rails, and {} defines no Rails \
                 application",
                quoted(meta::RAILS_FILE)
            ),
            "set the type to ruby, or correct the file",
        )
        .at(Place::new(meta::RAILS_FILE, 0)));
    }
    if source.contains("config.ru")? {
        return Ok(Kind::Rack);
    }
    Ok(Kind::Script)
}

/// The Ruby file to run, and where it listens.
fn script(
    source: &Source,
    bundle: Option<&Bundle>,
    settings: &Settings,
) -> Result<(Vec<String>, Option<u16>), Problem> {
    let mut scripts = source.scripts()?;
    scripts.retain(|name| name != "gems.rb");
    let named = ["main.rb", "app.rb"]
        .into_iter()
        .find(|name| scripts.iter().any(|s| s == name));
    let script = match (named, scripts.as_slice()) {
        (Some(name), _) => name.to_owned(),
        (None, [only]) => only.clone(),
        (None, []) => {
            return Err(Problem::invalid(
                "the application has neither a `config.ru` nor a Ruby file to run",
                format!("write a `config.ru`, or {COMMAND_HELP}"),
            ));
        }
        (None, [first, second, ..]) => {
            return Err(Problem::invalid(
                format!(
                    "it is not clear which Ruby file to run: {}, {} or another one",
                    quoted(first),
                    quoted(second)
                ),
                format!("name it main.rb, or {COMMAND_HELP}"),
            ));
        }
    };
    let mut words = vec!["ruby".to_owned(), script];
    // A program of Sinatra's own style listens on the local host alone, unless it is told.
    if bundle.is_some_and(|bundle| bundle.gems().contains("sinatra")) {
        let port = settings.port.unwrap_or(4567);
        words.extend(with_port(&["-o", "0.0.0.0", "-p", "PORT"], port));
        return Ok((words, Some(port)));
    }
    Ok((words, settings.port))
}

fn with_port(words: &[&str], port: u16) -> Vec<String> {
    words
        .iter()
        .map(|word| word.replace("PORT", &port.to_string()))
        .collect()
}
