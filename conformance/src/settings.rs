//! What a run is about.

use std::cell::OnceCell;
use std::path::PathBuf;

/// How many lives of the plugin are looked at, if the user does not say.
pub(crate) const DEFAULT_LIVES: u32 = 50;
/// How many changed messages are sent, if the user does not say.
pub(crate) const DEFAULT_MUTATIONS: u32 = 500;

/// How the plugin is tried.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The plugin's file, absolute.
    pub(crate) plugin: PathBuf,
    /// The plugin as the user named it.
    pub(crate) named: String,
    /// Added to its environment.
    pub(crate) environment: Vec<(String, String)>,
    /// What every time limit is multiplied with.
    pub(crate) timeout_scale: f64,
    /// How many lives of the plugin are looked at for what they leave.
    pub(crate) lives: u32,
    /// How many changed messages are sent.
    pub(crate) mutations: u32,
    /// Determines what cases choose at random.
    pub(crate) seed: u64,
    /// Whether a plugin has to do what it should, too.
    pub(crate) strict: bool,
    /// Where records of failures go.
    pub(crate) artifacts: PathBuf,
    /// Whether records of cases that passed go there too, and their steps to the screen.
    pub(crate) verbose: bool,
    /// What is to be told in the place of an ordinary start, since one was waited for in vain.
    pub(crate) silent: OnceCell<String>,
}
