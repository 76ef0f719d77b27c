//! The plugins that a command uses: found, started, and lent what a call may use.

use std::collections::BTreeSet;
use std::env;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};
use miette::Report;
use otto_plugin::bindings::host::{Directory, DirectoryClient, TerminalClient, UiClient};
use otto_plugin::host::{
    Discovery, FileHash, HashError, Launcher, Plugin, PluginFile, PluginName, Services, Standing,
};

use super::error::EngineError;
use super::{Otto, context};
use crate::failure::Failure;
use crate::plugins::{
    self, Catalogue, Launching, Listed, Opening, PluginsCommand, PluginsError, State, TrustQuestion,
};
use crate::project::{CompiledApp, Plugin as Recorded};
use crate::screen::{Screen, printable};

/// A variable with directories to look for plugins in, after the standard ones.
const PLUGIN_PATH: &str = "OTTO_PLUGIN_PATH";

/// Who the host is, to every plugin.
pub(super) const NAME: &str = env!("CARGO_PKG_NAME");
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A plugin that is running, and what people call it.
#[derive(Clone, Debug)]
pub(super) struct Started {
    /// `TYPE-NAME`.
    pub(super) name: String,
    pub(super) plugin: Plugin,
    file: PluginFile,
}

impl Started {
    /// What later commands know it by. It fails if the file is another one by now.
    pub(super) fn recorded(&self) -> Result<Recorded, Failure> {
        let path = &self.file.path;
        let changed = || PluginsError::Changed { path: path.clone() };
        let identity = self.file.identity.as_ref().map_err(|_| changed())?;
        let sha256 = FileHash::of(path, identity).map_err(|error| match error {
            HashError::Changed => changed(),
            source => PluginsError::Hash {
                path: path.clone(),
                source,
            },
        })?;
        Ok(Recorded {
            name: self.name.clone(),
            version: self.plugin.info().version.clone(),
            path: context::text(path)?,
            sha256: sha256.to_string(),
        })
    }
}

impl Otto {
    /// Does a command about plugins.
    pub(crate) async fn plugins(
        &self,
        command: &PluginsCommand,
        out: &mut (dyn Write + Send),
    ) -> Result<(), Failure> {
        let opening = self.opening()?;
        let done = async { Ok(plugins::run(command, opening, out).await?) };
        self.unless_cancelled(done).await
    }

    /// What every look for plugins begins with. Nobody is asked anything.
    pub(super) fn opening(&self) -> Result<Opening<'_>, Failure> {
        let program =
            env::current_exe().map_err(Failure::system("the program of otto cannot be found"))?;
        let mut discovery = Discovery::new()
            .executable(program)
            .user(self.places.plugins())
            .current(&self.directory);
        if let Some(list) = env::var_os(PLUGIN_PATH) {
            discovery = discovery.extra(list);
        }
        Ok(Opening {
            discovery,
            names: None,
            places: &self.places,
            policy: self.settings.plugins.trust,
            ask: None,
            launching: launching(self.screen.clone()),
        })
    }

    /// Finds the plugins, or only those of some names, and shows what there is to say of them. On a
    /// terminal, the user is asked about those that need trust.
    pub(super) async fn catalogue(
        &self,
        names: Option<&BTreeSet<PluginName>>,
    ) -> Result<Catalogue, Failure> {
        let screen = self.screen.clone();
        let ask = move |question| trusts(screen.clone(), question).boxed();
        let opening = Opening {
            names,
            ask: self.screen.can_ask().then_some(&ask),
            ..self.opening()?
        };
        let mut catalogue = self
            .unless_cancelled(async { Ok(Catalogue::open(opening).await?) })
            .await?;
        for warning in catalogue.warnings.drain(..) {
            self.screen.remark(&Report::new(warning));
        }
        for Listed { ranked, state } in &catalogue.plugins {
            if let State::Broken(_) = state {
                self.screen.warning(format!(
                    "the plugin {} does not start, and is left out; `otto plugins check {}` says more",
                    ranked.file.path.display(),
                    ranked.file.name.short()
                ));
            }
        }
        Ok(catalogue)
    }

    /// Starts a plugin, unless it is running already.
    pub(super) async fn start(
        &self,
        catalogue: &Catalogue,
        listed: &Listed,
    ) -> Result<Started, Failure> {
        let file = &listed.ranked.file;
        let started = |plugin| Started {
            name: file.name.short(),
            plugin,
            file: file.clone(),
        };
        if let Some(plugin) = self.running.find(&file.path) {
            return Ok(started(plugin));
        }
        let start = async {
            match &self.attach {
                Some(attach) if attach.name == file.name => attach.plugin(&self.screen).await,
                _ => Ok(catalogue.start(listed).await?),
            }
        };
        let plugin = self.unless_cancelled(start).await?;
        self.running.add(&file.path, &plugin);
        Ok(started(plugin))
    }

    /// Starts the plugins that have compiled these applications, side by side, and no other: one for
    /// each, in their order. Each has to be the one that is used for its name now.
    pub(super) async fn of_compile<'a>(
        &self,
        apps: impl IntoIterator<Item = &'a CompiledApp>,
    ) -> Result<Vec<Started>, Failure> {
        let recorded: Vec<_> = apps.into_iter().map(|app| &app.plugin).collect();
        let names = recorded.iter().map(|plugin| plugin_name(plugin));
        let names = names.collect::<Result<BTreeSet<_>, _>>()?;
        let catalogue = self.catalogue(Some(&names)).await?;
        let used = recorded.iter().map(|plugin| used(&catalogue, plugin));
        let used = used.collect::<Result<Vec<_>, _>>()?;

        let mut distinct: Vec<&Listed> = Vec::new();
        for listed in &used {
            if !distinct.iter().any(|it| std::ptr::eq(*it, *listed)) {
                distinct.push(listed);
            }
        }
        let cores = thread::available_parallelism().map_or(1, usize::from);
        stream::iter(distinct)
            .map(|listed| self.start(&catalogue, listed))
            .buffer_unordered(cores)
            .try_collect::<Vec<_>>()
            .await?;
        // Each is running by now.
        let mut started = Vec::new();
        for listed in used {
            started.push(self.start(&catalogue, listed).await?);
        }
        Ok(started)
    }

    /// What is lent for a call of a plugin that works on the application in `root`.
    pub(super) fn services(
        &self,
        plugin: &str,
        root: &Path,
        directory: impl Directory,
    ) -> Services {
        let allowed = self.settings.plugins.environment.get(plugin);
        let allowed = allowed.cloned().unwrap_or_default();
        Services {
            ui: UiClient::new(self.screen.ui(plugin, Some(root.to_owned()), allowed)),
            directory: DirectoryClient::new(directory),
            cancel: self.cancel.clone(),
            terminal: self.screen.terminal().map(TerminalClient::new),
        }
    }
}

fn plugin_name(recorded: &Recorded) -> Result<PluginName, Failure> {
    let name = plugins::plugin_name(&recorded.name);
    name.map_err(|_| other(recorded, "that is no name of a plugin".to_owned()))
}

/// The plugin that has compiled an application, if it is the one that is used now.
fn used<'a>(catalogue: &'a Catalogue, recorded: &Recorded) -> Result<&'a Listed, Failure> {
    let name = plugin_name(recorded)?;
    let used = catalogue
        .plugins
        .iter()
        .find(|it| it.ranked.file.name == name && it.ranked.standing == Standing::Used);
    match used {
        Some(used) if used.ranked.file.path == Path::new(&recorded.path) => Ok(used),
        Some(used) => {
            let path = used.ranked.file.path.display();
            Err(other(recorded, format!("{path} is used now")))
        }
        None => Err(other(
            recorded,
            "none of this name can be used now".to_owned(),
        )),
    }
}

fn other(recorded: &Recorded, now: String) -> Failure {
    let Recorded { name, path, .. } = recorded.clone();
    EngineError::OtherPlugin { name, path, now }.into()
}

/// What every plugin is started with.
fn launching(screen: Screen) -> Launching {
    Arc::new(move |path: &Path| {
        let file = path.file_name().and_then(|name| name.to_str());
        let name = file.and_then(|name| name.parse::<PluginName>().ok());
        let name = name.map_or_else(|| "plugin".to_owned(), |name| name.short());
        let launcher = Launcher::new(path)
            .host(NAME, VERSION)
            .log(screen.log(&name))
            .output(screen.output(&name));
        match screen.lends_terminal() {
            true => launcher.feature("terminal"),
            false => launcher,
        }
    })
}

/// Asks the user whether a plugin is to be trusted. Without an answer, it is not.
async fn trusts(screen: Screen, question: TrustQuestion) -> bool {
    let TrustQuestion {
        name,
        path,
        sha256,
        instead,
    } = question;
    screen.warning(format!(
        "{name} lies where anybody may have put it: {}, with the SHA-256 {sha256}",
        path.display()
    ));
    let instead = match instead {
        Some(instead) => format!("otherwise, {} is used", instead.display()),
        None => "otherwise, it is left out".to_owned(),
    };
    let query = format!(
        "Is {} to be trusted? {instead}",
        printable(&path.to_string_lossy())
    );
    screen.confirm(&query, false).await.unwrap_or(false)
}
