//! The plugins of a user: found, ranked, and known by what they have said of themselves.

mod describe;
mod judge;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use otto_plugin::bindings::app::Tuple;
use otto_plugin::host::{
    Contender, DetectError, Detection, Discovery, FileHash, FileIdentity, HashError, Launcher,
    Plugin, PluginName, Ranked, Selection, Standing, Unusable, detect_among, select,
};

use super::cache::{Cache, Description};
use super::error::{PluginsError, PluginsWarning};
use super::trust::TrustFile;
use crate::places::Places;
use crate::settings::TrustPolicy;
use describe::Describer;
use judge::Judge;

/// Makes the launcher of a plugin that lies at this path: who the host is, how long a start may take.
pub(crate) type Launching = Arc<dyn Fn(&Path) -> Launcher + Send + Sync>;

/// Asks the user whether a plugin is to be trusted.
pub(crate) type Ask<'a> = &'a (dyn Fn(TrustQuestion) -> BoxFuture<'static, bool> + Send + Sync);

/// What the user is asked. A yes is kept; a no is not, so the question comes again.
#[derive(Clone, Debug)]
pub(crate) struct TrustQuestion {
    pub(crate) name: PluginName,
    pub(crate) path: PathBuf,
    pub(crate) sha256: FileHash,
    /// What is used if the answer is no, unless there is a further question about that.
    pub(crate) instead: Option<PathBuf>,
}

/// What a catalogue is made from.
#[derive(Clone)]
pub(crate) struct Opening<'a> {
    /// Where to look.
    pub(crate) discovery: Discovery,
    /// The names to look for. None: all of them.
    pub(crate) names: Option<&'a BTreeSet<PluginName>>,
    /// Where trust and what is known of plugins are kept.
    pub(crate) places: &'a Places,
    /// What becomes of a plugin that needs trust.
    pub(crate) policy: TrustPolicy,
    /// Called only with the policy [`TrustPolicy::Ask`]. Without it, nobody is asked, and what is not
    /// trusted is passed over.
    pub(crate) ask: Option<Ask<'a>>,
    /// What a plugin is started with.
    pub(crate) launching: Launching,
}

/// The plugins of a user, as they were when it was opened.
pub(crate) struct Catalogue {
    /// Every file whose name is a plugin's: by name, then in the order of the directories.
    pub(crate) plugins: Vec<Listed>,
    /// What a person should know of, and stops nothing.
    pub(crate) warnings: Vec<PluginsWarning>,
    launching: Launching,
}

/// A file whose name is a plugin's.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) ranked: Ranked,
    pub(crate) state: State,
}

/// What is known of a file whose name is a plugin's.
#[derive(Debug)]
pub(crate) enum State {
    /// It is the plugin of its name, and does not start.
    Broken(PluginsError),
    /// Another one is used in its place.
    Overridden,
    /// Nothing of its TYPE can be started.
    Unsupported,
    /// It is not trusted, and passed over. Without a hash, it cannot be.
    Untrusted(Result<FileHash, HashError>),
    /// It cannot be executed.
    Unusable(Unusable),
    /// It is the plugin of its name, and this is what it says of itself.
    Used(Box<Description>),
}

impl Catalogue {
    /// Looks for plugins, decides which of them are used, and learns what these say of themselves: from
    /// the cache, and by starting those that it does not know, as many at once as there are cores.
    ///
    /// A plugin that does not start is [`State::Broken`], and hides no other one. An error is one of
    /// what the user trusts, if that decides something.
    pub(crate) async fn open(opening: Opening<'_>) -> Result<Self, PluginsError> {
        let mut found = opening.discovery.find();
        if let Some(names) = opening.names {
            found.files.retain(|file| names.contains(&file.name));
        }
        let cache = Cache::of(opening.places);
        let mut judge = Judge::new(&opening, TrustFile::of(opening.places), &cache);
        let ranked = judge.rank(&found).await?;
        let mut hashes = judge.hashes();

        let describer = Describer::new(&cache, &opening.launching);
        let used = ranked.iter().enumerate();
        let used = used.filter(|(_, it)| it.standing == Standing::Used);
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let described = used.map(|(index, ranked)| {
            let hash = hashes.get(&ranked.file.path);
            let hash = hash.and_then(|it| it.as_ref().ok()).copied();
            let describing = describer.describe(&ranked.file, hash);
            async move { (index, describing.await) }
        });
        let mut described: Vec<_> = stream::iter(described)
            .buffer_unordered(cores)
            .collect()
            .await;
        // They are taken from the end.
        described.sort_by_key(|(index, _)| std::cmp::Reverse(*index));

        let mut warnings: Vec<_> = found
            .problems
            .into_iter()
            .map(PluginsWarning::from)
            .collect();
        warnings.extend(passed_over(&ranked));
        let mut plugins = Vec::new();
        for (index, ranked) in ranked.into_iter().enumerate() {
            let description = described.pop_if(|(its, _)| *its == index);
            let state = match (ranked.standing, description, &ranked.file.identity) {
                (Standing::Used, Some((_, Ok((description, warning)))), _) => {
                    warnings.extend(warning);
                    State::Used(Box::new(description))
                }
                (Standing::Used, Some((_, Err(error))), _) => State::Broken(error),
                (Standing::Untrusted, ..) => {
                    let unread = || Err(HashError::Changed);
                    let hash = hashes.remove(&ranked.file.path);
                    State::Untrusted(hash.unwrap_or_else(unread))
                }
                (Standing::Unusable, _, Err(why)) => State::Unusable(why.clone()),
                (Standing::Unsupported, ..) => State::Unsupported,
                _ => State::Overridden,
            };
            plugins.push(Listed { ranked, state });
        }
        Ok(Self {
            plugins,
            warnings,
            launching: opening.launching,
        })
    }

    /// The plugins that can be used, for a choice among them.
    pub(crate) fn contenders(&self) -> Vec<Contender<'_, &Listed>> {
        let plugins = self.plugins.iter();
        plugins
            .filter_map(|listed| {
                Some(Contender {
                    plugin: listed,
                    name: &listed.ranked.file.name,
                    position: listed.ranked.file.position,
                    meta: &listed.description()?.meta,
                })
            })
            .collect()
    }

    /// Chooses the plugin for a kind of application on a kind of infrastructure.
    pub(crate) fn select(&self, wanted: &Tuple) -> Selection<'_, &Listed> {
        select(wanted, &self.contenders())
    }

    /// Tells the kind of the application in `directory`, by the detectors of all plugins.
    pub(crate) fn detect(&self, directory: &Path) -> Result<Detection<'_, &Listed>, DetectError> {
        detect_among(directory, &self.contenders())
    }

    /// Starts a plugin that is used. One that did not start before is tried again. The caller ends it.
    ///
    /// The file is the one that was found, and trusted if it has to be, by its identity right before the
    /// start and right after it; if it is not, the plugin is killed.
    pub(crate) async fn start(&self, listed: &Listed) -> Result<Plugin, PluginsError> {
        let file = &listed.ranked.file;
        match (&listed.state, &file.identity) {
            (State::Used(_) | State::Broken(_), Ok(identity)) => {
                launch(&file.path, identity, (self.launching)(&file.path)).await
            }
            (State::Unusable(why), _) => Err(PluginsError::Unusable {
                path: file.path.clone(),
                why: why.clone(),
            }),
            (State::Untrusted(_), _) => Err(PluginsError::Untrusted {
                path: file.path.clone(),
            }),
            _ => Err(PluginsError::NoPlugin {
                name: file.name.short(),
            }),
        }
    }
}

impl Listed {
    /// What it says of itself, if it can be used.
    pub(crate) fn description(&self) -> Option<&Description> {
        match &self.state {
            State::Used(description) => Some(description),
            _ => None,
        }
    }
}

/// Finds the file that is used for a name, with its identity. Nothing is started. An error says why there
/// is none.
pub(crate) async fn resolve(
    name: &PluginName,
    opening: &Opening<'_>,
) -> Result<(PathBuf, FileIdentity), PluginsError> {
    let mut found = opening.discovery.find();
    found.files.retain(|file| file.name == *name);
    let cache = Cache::of(opening.places);
    let mut judge = Judge::new(opening, TrustFile::of(opening.places), &cache);
    let ranked = judge.rank(&found).await?;
    let used = ranked.iter().find(|it| it.standing == Standing::Used);
    let Some(nearest) = used.or_else(|| ranked.last()) else {
        return Err(PluginsError::NoPlugin { name: name.short() });
    };
    let path = nearest.file.path.clone();
    match (nearest.standing, &nearest.file.identity) {
        (Standing::Used, Ok(identity)) => Ok((path, *identity)),
        (Standing::Unsupported, _) => Err(PluginsError::Unsupported {
            name: name.short(),
            path,
        }),
        (_, Err(why)) => Err(PluginsError::Unusable {
            path,
            why: why.clone(),
        }),
        _ => Err(PluginsError::Untrusted { path }),
    }
}

/// Starts the file that has this identity.
pub(crate) async fn launch(
    path: &Path,
    identity: &FileIdentity,
    launcher: Launcher,
) -> Result<Plugin, PluginsError> {
    let unchanged = || match FileIdentity::of(path) {
        Ok(found) if found == *identity => Ok(()),
        _ => Err(PluginsError::Changed { path: path.into() }),
    };
    unchanged()?;
    let plugin = launcher.start().await.map_err(PluginsError::start)?;
    if let Err(error) = unchanged() {
        plugin.kill();
        return Err(error);
    }
    Ok(plugin)
}

/// The files that would be used if they were trusted.
fn passed_over(ranked: &[Ranked]) -> impl Iterator<Item = PluginsWarning> {
    let untrusted = ranked
        .iter()
        .filter(|it| it.standing == Standing::Untrusted);
    untrusted.map(|untrusted| {
        let used = ranked
            .iter()
            .find(|it| it.standing == Standing::Used && it.file.name == untrusted.file.name);
        PluginsWarning::PassedOver {
            path: untrusted.file.path.clone(),
            used: used.map(|used| used.file.path.clone()),
        }
    })
}

#[cfg(test)]
mod tests;
