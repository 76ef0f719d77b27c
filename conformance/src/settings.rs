//! What a run is about.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

/// How many lives of the plugin are looked at, if the user does not say.
pub(crate) const DEFAULT_LIVES: u32 = 50;
/// How many calls are made to see what they take, if the user does not say.
pub(crate) const DEFAULT_CALLS: u32 = 1_000;
/// How many changed messages are sent, if the user does not say.
pub(crate) const DEFAULT_MUTATIONS: u32 = 500;

/// How the plugin is tried.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// The plugin's file, absolute.
    pub(crate) plugin: PathBuf,
    /// The plugin as the user named it.
    pub(crate) named: String,
    /// What stands before the plugin on its command line.
    pub(crate) wrap: Vec<String>,
    /// Whether the user starts the plugin.
    pub(crate) attach: bool,
    /// Added to its environment.
    pub(crate) environment: Vec<(String, String)>,
    /// What every time limit is multiplied with.
    pub(crate) timeout_scale: f64,
    /// How many lives of the plugin are looked at for what they leave.
    pub(crate) lives: u32,
    /// How many calls are made to see what they take.
    pub(crate) calls: u32,
    /// How many changed messages are sent.
    pub(crate) mutations: u32,
    /// Determines what cases choose at random.
    pub(crate) seed: u64,
    /// Whether a plugin has to do what it should, too.
    pub(crate) strict: bool,
    /// Where records go.
    pub(crate) artifacts: PathBuf,
    /// Of which cases records go there.
    pub(crate) trace: Trace,
    /// What is to be told in the place of an ordinary start, since one was waited for in vain.
    #[serde(skip)]
    pub(crate) silent: OnceLock<String>,
}

impl Settings {
    /// The program that starts the plugin of this path or name, and its arguments.
    pub(crate) fn command(&self, plugin: PathBuf) -> (PathBuf, Vec<OsString>) {
        match self.wrap.split_first() {
            None => (plugin, Vec::new()),
            Some((program, arguments)) => {
                let mut arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
                arguments.push(plugin.into());
                (program.into(), arguments)
            }
        }
    }
}

/// Which cases leave records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub(crate) enum Trace {
    /// Those that do not pass
    Fail,
    /// All
    All,
    /// None
    None,
}
