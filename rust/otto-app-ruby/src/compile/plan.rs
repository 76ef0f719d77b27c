//! What is to be written for an application, in the terms of the templates.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CONTAINERFILE, DEV_SCRIPT, IGNORE_FILE, RESULT_VERSION, RUN_SCRIPT};
use crate::application::{Application, Bundle, Kind};
use crate::gemfile::RubySays;
use crate::package::Packages;
use crate::problem::{Problem, Reason};
use crate::service;

/// What the templates are given.
#[derive(Debug, Serialize)]
pub(super) struct Plan {
    application: String,
    /// The argument that mounts the sources.
    mount: String,
    kind: &'static str,
    ruby: String,
    image: String,
    names: Names,
    packages: Packages,
    bundle: Option<Install>,
    command: Vec<String>,
    /// What is run before the application while it is developed.
    prepare: Vec<&'static str>,
    port: Option<u16>,
    assets: bool,
    development: Environment,
    production: Environment,
    services: Vec<Service>,
    /// The environment variables that the application takes from whoever deploys it.
    variables: Vec<&'static str>,
    secrets: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Names {
    application: String,
    network: String,
    development: String,
    production: String,
}

/// How the gems are installed.
#[derive(Debug, Serialize)]
struct Install {
    /// What Bundler needs to install them, unless it needs all sources.
    files: Vec<String>,
    needs_sources: bool,
    /// Whether the lock file decides.
    frozen: bool,
}

#[derive(Debug, Serialize)]
struct Environment {
    environment: BTreeMap<&'static str, &'static str>,
}

#[derive(Debug, Serialize)]
struct Service {
    name: &'static str,
    version: String,
    image: String,
    container: String,
    port: u16,
    variable: &'static str,
    url: String,
    environment: BTreeMap<&'static str, &'static str>,
    volume: Option<Volume>,
    ready: &'static [&'static str],
}

#[derive(Debug, Serialize)]
struct Volume {
    name: String,
    path: &'static str,
}

/// What a deployment is told: the file `deploy.json`.
#[derive(Debug, Serialize)]
struct Deployment<'a> {
    version: u32,
    name: &'a str,
    kind: &'a str,
    ruby: &'a str,
    command: &'a [String],
    port: Option<u16>,
    environment: &'a BTreeMap<&'static str, &'static str>,
    secrets: &'a [&'static str],
    services: Vec<DeployedService<'a>>,
    target: &'a str,
    files: BTreeMap<&'a str, &'a str>,
}

#[derive(Debug, Serialize)]
struct DeployedService<'a> {
    name: &'a str,
    version: &'a str,
    port: u16,
    variable: &'a str,
}

/// What an application that depends on this one is told: the file `dev-dep.json`.
#[derive(Debug, Serialize)]
struct Dependency<'a> {
    version: u32,
    name: &'a str,
    kind: &'a str,
    port: Option<u16>,
    services: Vec<DeployedService<'a>>,
}

impl Plan {
    pub(super) fn new(application: &Application) -> Self {
        let Application {
            name,
            dir,
            ruby,
            bundle,
            program,
            services,
        } = application;
        let name = name.as_str();
        let gems = bundle.as_ref().map(Bundle::gems).unwrap_or_default();
        let needs_git = bundle.as_ref().is_some_and(Bundle::needs_git);
        let is_rails = program.kind == Kind::Rails;
        let has_database = services.iter().any(|service| service.kind.is_database);
        let secrets = match is_rails {
            true => vec!["RAILS_MASTER_KEY", "SECRET_KEY_BASE"],
            false => Vec::new(),
        };
        let mut variables: Vec<_> = services.iter().map(|service| service.variable).collect();
        variables.extend(&secrets);
        variables.sort_unstable();
        Self {
            application: dir.clone(),
            mount: format!(
                "type=bind,{},target=/app",
                csv_field(&format!("source={dir}"))
            ),
            kind: program.kind.name(),
            ruby: ruby.pin.to_string(),
            image: format!("docker.io/library/ruby:{}-slim", ruby.pin),
            names: Names {
                application: name.to_owned(),
                network: format!("otto-{name}"),
                development: format!("otto-{name}:development"),
                production: format!("otto-{name}:production"),
            },
            packages: Packages::of(&gems, needs_git),
            bundle: bundle.as_ref().map(Install::new),
            command: program.command.clone(),
            prepare: match is_rails && has_database && gems.contains("activerecord") {
                true => vec!["bundle", "exec", "rails", "db:prepare"],
                false => Vec::new(),
            },
            port: program.port,
            assets: is_rails && (gems.contains("propshaft") || gems.contains("sprockets-rails")),
            development: environment(program.kind, "development"),
            production: environment(program.kind, "production"),
            services: services
                .iter()
                .map(|service| Service::new(name, service))
                .collect(),
            variables,
            secrets,
        }
    }

    /// The text of `deploy.json`.
    pub(super) fn deployment(&self) -> Result<String, Problem> {
        let deployment = Deployment {
            version: RESULT_VERSION,
            name: &self.names.application,
            kind: self.kind,
            ruby: &self.ruby,
            command: &self.command,
            port: self.port,
            environment: &self.production.environment,
            secrets: &self.secrets,
            services: self.deployed_services(),
            target: "production",
            files: BTreeMap::from([
                ("containerfile", CONTAINERFILE),
                ("dev", DEV_SCRIPT),
                ("ignore", IGNORE_FILE),
                ("run", RUN_SCRIPT),
            ]),
        };
        json(&deployment)
    }

    /// The text of `dev-dep.json`, or `None` if nobody has to be told anything.
    pub(super) fn dev_dep(&self) -> Result<Option<String>, Problem> {
        if self.port.is_none() && self.services.is_empty() {
            return Ok(None);
        }
        json(&Dependency {
            version: RESULT_VERSION,
            name: &self.names.application,
            kind: self.kind,
            port: self.port,
            services: self.deployed_services(),
        })
        .map(Some)
    }

    fn deployed_services(&self) -> Vec<DeployedService<'_>> {
        let services = self.services.iter().map(|service| DeployedService {
            name: service.name,
            version: &service.version,
            port: service.port,
            variable: service.variable,
        });
        services.collect()
    }
}

impl Install {
    fn new(bundle: &Bundle) -> Self {
        let mut needs_sources = bundle.needs_sources();
        let mut files = vec![bundle.gemfile_name.to_owned()];
        if bundle.lock.is_some() {
            files.push(bundle.lock_name.to_owned());
        }
        if let Some(RubySays::File(path)) = bundle.gemfile.ruby.as_ref().map(|ruby| &ruby.says) {
            // A plain name can stand in a Containerfile as it is. Anything else comes with the
            // sources.
            let is_plain = !path.starts_with('-')
                && path
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
            match is_plain {
                true => files.push(path.clone()),
                false => needs_sources = true,
            }
        }
        files.sort();
        files.dedup();
        Self {
            files,
            needs_sources,
            frozen: bundle.lock.is_some(),
        }
    }
}

impl Service {
    fn new(application: &str, service: &service::Service) -> Self {
        let container = format!("otto-{application}-{}", service.kind.name);
        Self {
            name: service.kind.name,
            version: service.version.clone(),
            image: service.image(),
            volume: service.kind.volume.map(|path| Volume {
                // A newer version may not understand what an older one wrote.
                name: format!("{container}-{}", service.version),
                path,
            }),
            container,
            port: service.kind.port,
            variable: service.variable,
            url: service.url.clone(),
            environment: service.kind.environment.iter().copied().collect(),
            ready: service.kind.ready,
        }
    }
}

fn json(description: &impl Serialize) -> Result<String, Problem> {
    match serde_json::to_string_pretty(description) {
        Ok(text) => Ok(text + "\n"),
        Err(error) => Err(Problem::new(
            Reason::Internal,
            format!("the description of the application cannot be written: {error}"),
            "report this to those who made the plugin",
        )),
    }
}

fn environment(kind: Kind, stage: &'static str) -> Environment {
    let mut environment = BTreeMap::from([(kind.variable(), stage)]);
    if kind == Kind::Rails && stage == "production" {
        environment.insert("RAILS_LOG_TO_STDOUT", "1");
        environment.insert("RAILS_SERVE_STATIC_FILES", "1");
    }
    Environment { environment }
}

/// A field of the comma-separated values in which container engines take mounts.
fn csv_field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
