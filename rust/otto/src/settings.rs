//! What the user has set once, for every project: `config.toml` in the directory of the
//! configuration.
//!
//! ```toml
//! [plugins]
//! trust = "ask"                             # or "always", or "never": what lies in the current directory
//!
//! [plugins.environment]
//! app-ruby = ["RAILS_MASTER_KEY"]           # what its questions may be answered from
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::Deserialize;

use crate::places::Places;

/// What the user has set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) plugins: PluginSettings,
}

/// What the user has set about plugins.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PluginSettings {
    /// What becomes of a plugin that lies in the current directory.
    pub(crate) trust: TrustPolicy,
    /// By `TYPE-NAME` of a plugin, the environment variables that its questions may be answered
    /// from.
    pub(crate) environment: BTreeMap<String, BTreeSet<String>>,
}

/// What becomes of a plugin in the current directory that the user has said nothing about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TrustPolicy {
    /// It is trusted.
    Always,
    /// The user is asked, if there is a terminal; if there is none, it is not trusted.
    #[default]
    Ask,
    /// It is not trusted, and nobody is asked.
    Never,
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum SettingsError {
    /// The file cannot be read.
    #[error("the settings in {} cannot be read", path.display())]
    #[diagnostic(help("make the file readable, or remove it"))]
    Unreadable { path: PathBuf, source: io::Error },
    /// The file is not what it should be.
    #[error("the settings make no sense: {message}")]
    #[diagnostic(help("correct the file, or remove it: every setting has a default"))]
    Invalid {
        message: String,
        #[source_code]
        file: NamedSource<Arc<str>>,
        #[label("here")]
        at: Option<SourceSpan>,
    },
}

impl Settings {
    /// Reads them. Without the file, everything is at its default.
    pub(crate) fn read(places: &Places) -> Result<Self, SettingsError> {
        let path = places.config().join("config.toml");
        let text: Arc<str> = match fs::read_to_string(&path) {
            Ok(text) => text.into(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(SettingsError::Unreadable { path, source }),
        };
        toml::from_str(&text).map_err(|error| SettingsError::Invalid {
            message: error.message().to_owned(),
            at: error.span().map(SourceSpan::from),
            file: NamedSource::new(path.to_string_lossy(), text),
        })
    }
}
