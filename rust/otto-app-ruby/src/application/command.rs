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

    /// The environment variable that says whether an application is developed or deployed.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Rails => "RAILS_ENV",
            Self::Rack => "RACK_ENV",
            Self::Script => "APP_ENV",
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

/// Where a program is going to run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Surroundings {
    /// In a container of its own, whose gems Bundler has installed, and which is reached from
    /// outside.
    Container,
    /// On this machine, for nobody else, and on this port unless the user says which.
    Here { port: u16 },
}

impl Surroundings {
    /// The address to listen on.
    fn host(self) -> &'static str {
        match self {
            Self::Container => "0.0.0.0",
            Self::Here { .. } => "127.0.0.1",
        }
    }

    /// The port to listen on, if the user does not say.
    fn port(self, usual: u16) -> u16 {
        match self {
            Self::Container => usual,
            Self::Here { port } => port,
        }
    }

    /// Whether a program is run by Bundler. Without a lock file it would write one.
    fn has_bundler(self, bundle: Option<&Bundle>) -> bool {
        match self {
            Self::Container => bundle.is_some(),
            Self::Here { .. } => bundle.is_some_and(|bundle| bundle.lock.is_some()),
        }
    }
}

/// The servers for Rack, the ones that people choose most first. `HOST` stands for the address,
/// `PORT` for the port.
const SERVERS: [(&str, &[&str]); 8] = [
    ("puma", &["puma", "-b", "tcp://HOST:PORT"]),
    ("falcon", &["falcon", "serve", "--bind", "http://HOST:PORT"]),
    ("unicorn", &["unicorn", "-o", "HOST", "-p", "PORT"]),
    ("pitchfork", &["pitchfork", "-o", "HOST", "-p", "PORT"]),
    (
        "passenger",
        &["passenger", "start", "-a", "HOST", "-p", "PORT"],
    ),
    ("thin", &["thin", "start", "-a", "HOST", "-p", "PORT"]),
    ("iodine", &["iodine", "-b", "HOST", "-p", "PORT"]),
    (
        "webrick",
        &["rackup", "-s", "webrick", "-o", "HOST", "-p", "PORT"],
    ),
];

const RAILS: &[&str] = &["rails", "server", "-b", "HOST", "-p", "PORT"];

const COMMAND_HELP: &str =
    "set `command` in a `customization` of the Appfile, such as `[\"ruby\", \"server.rb\"]`";

impl Program {
    pub(super) fn choose(
        source: &Source,
        bundle: Option<&Bundle>,
        settings: &Settings,
        surroundings: Surroundings,
    ) -> Result<Self, Problem> {
        let kind = kind(source, settings)?;
        let listen = |words: &[&str], usual: u16| {
            let port = settings.port.unwrap_or_else(|| surroundings.port(usual));
            let words = words.iter().map(|word| {
                let word = word.replace("HOST", surroundings.host());
                word.replace("PORT", &port.to_string())
            });
            (words.collect::<Vec<_>>(), Some(port))
        };
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
            (Kind::Script, _) => {
                let script = script(source)?;
                // A program of Sinatra's own style listens on the local host alone, unless it is
                // told.
                match bundle.is_some_and(|bundle| bundle.gems().contains("sinatra")) {
                    true => listen(&["ruby", &script, "-o", "HOST", "-p", "PORT"], 4567),
                    false => (vec!["ruby".to_owned(), script], settings.port),
                }
            }
            (Kind::Rails | Kind::Rack, None) => {
                return Err(Problem::invalid(
                    "the application has no Gemfile",
                    "write one with `bundle init`, and add the gems that the application needs",
                ));
            }
            (Kind::Rails, Some(_)) => listen(RAILS, 3000),
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
                listen(words, 9292)
            }
        };
        let runner: &[&str] = match surroundings.has_bundler(bundle) {
            true => &["bundle", "exec"],
            false => &[],
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

/// The Ruby file to run.
fn script(source: &Source) -> Result<String, Problem> {
    let mut scripts = source.scripts()?;
    scripts.retain(|name| name != "gems.rb");
    let named = ["main.rb", "app.rb"]
        .into_iter()
        .find(|name| scripts.iter().any(|s| s == name));
    match (named, scripts.as_slice()) {
        (Some(name), _) => Ok(name.to_owned()),
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err(Problem::invalid(
            "the application has neither a `config.ru` nor a Ruby file to run",
            format!("write a `config.ru`, or {COMMAND_HELP}"),
        )),
        (None, [first, second, ..]) => Err(Problem::invalid(
            format!(
                "it is not clear which Ruby file to run: {}, {} or another one",
                quoted(first),
                quoted(second)
            ),
            format!("name it main.rb, or {COMMAND_HELP}"),
        )),
    }
}
