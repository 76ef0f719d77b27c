//! What can go wrong with plugins, before they do any work.

use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use otto_plugin::host::{
    Blame, DirectoryProblem, HashError, NameError, PluginError, StartError, Unusable,
};

use super::text::{plain, plain_path};
use super::trust::TrustError;
use crate::exit::Exit;
use crate::failure::Failure;

/// A plugin that cannot be had, or a command about plugins that cannot be done.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum PluginsError {
    /// What was kept of plugins cannot be removed.
    #[error("what is kept of plugins, in {}, cannot be removed", plain_path(path))]
    #[diagnostic(help("remove the directory by hand: all of it can be made again"))]
    Cache { path: PathBuf, source: io::Error },
    /// The plugin was exchanged while it was looked at.
    #[error("{} was changed while it was looked at", plain_path(path))]
    #[diagnostic(help("run the command again when whoever changes it is done"))]
    Changed { path: PathBuf },
    /// It did not answer.
    #[error("plugin {}: {} failed: {}{}", plain_path(&.0.path), .0.method, plain(&.0.what()), .0.output.excerpt())]
    #[diagnostic(help("{}", plain(&.0.help())))]
    Call(Box<PluginError>),
    /// It does not start.
    #[error("plugin {} could not be started (phase {}): {}{}{}", plain_path(&.0.path), .0.phase, plain(&.0.what()), .0.listening, .0.output.excerpt())]
    #[diagnostic(help("{}", plain(&.0.help())))]
    Start(Box<StartError>),
    /// It did not end by itself.
    #[error("plugin {} did not end when it was told to: {how}", plain_path(path))]
    #[diagnostic(help(
        "report this to the author of the plugin; `otto-conformance run` shows more"
    ))]
    DidNotEnd { path: PathBuf, how: String },
    /// Its contents cannot be read, so they cannot be trusted.
    #[error("{} cannot be trusted", plain_path(path))]
    #[diagnostic(help("make the file readable, and see that nobody is writing to it"))]
    Hash { path: PathBuf, source: HashError },
    /// What the user has written is no name of a plugin.
    #[error("{name:?} is no name of a plugin")]
    #[diagnostic(help(
        "write it as `app-ruby`, or a path with a `/` in it, such as `./otto-app-ruby`"
    ))]
    Name { name: String, source: NameError },
    /// There is no such plugin.
    #[error("there is no plugin {name}")]
    #[diagnostic(help(
        "`otto plugins list` shows what there is, and with `--help` where it is looked for"
    ))]
    NoPlugin { name: String },
    /// What the user has written is neither trusted nor there.
    #[error("{} is not trusted, so there is nothing to take back", plain(what))]
    #[diagnostic(help("what is trusted stands in {}", plain_path(file)))]
    NotTrusted { what: String, file: PathBuf },
    /// The output cannot be written.
    #[error("the output cannot be written")]
    #[diagnostic(help("see that whoever reads it is there, and that there is room"))]
    Output(#[from] io::Error),
    /// What the user trusts cannot be read or changed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Trust(#[from] TrustError),
    /// Its TYPE is one that cannot be started.
    #[error(
        "plugin {name}, at {}, has a TYPE that this version cannot start",
        plain_path(path)
    )]
    #[diagnostic(help("update otto"))]
    Unsupported { name: String, path: PathBuf },
    /// The user has not said that it is trusted.
    #[error(
        "plugin {} is not trusted, and lies where anybody may have put it",
        plain_path(path)
    )]
    #[diagnostic(help(
        "look at it, and run `otto plugins trust {}` if you mean it",
        plain_path(path)
    ))]
    Untrusted { path: PathBuf },
    /// It cannot be executed.
    #[error("plugin {} cannot be started: {}", plain_path(path), plain(&why.to_string()))]
    #[diagnostic(help("{}", plain(&why.help(path))))]
    Unusable { path: PathBuf, why: Unusable },
}

/// Something that a person should know of, and that stops nothing.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum PluginsWarning {
    /// What plugins say cannot be kept.
    #[error("what {} says of itself cannot be kept", plain_path(path))]
    #[diagnostic(
        severity(Warning),
        help(
            "it is started anew by each command until the directory of the cache can be written to"
        )
    )]
    NotKept { path: PathBuf, source: io::Error },
    /// A plugin that the user does not trust would take precedence.
    #[error("{} is passed over, since it is not trusted{}", plain_path(path), instead(used.as_ref()))]
    #[diagnostic(
        severity(Warning),
        help(
            "look at it, and run `otto plugins trust {}` if you mean it",
            plain_path(path)
        )
    )]
    PassedOver {
        path: PathBuf,
        /// What is used in its place.
        used: Option<PathBuf>,
    },
    /// A directory was not searched, or not the whole of it.
    #[error("{} cannot be searched for plugins", plain_path(path))]
    #[diagnostic(severity(Warning), help("make it a directory that you can read"))]
    Directory { path: PathBuf, source: io::Error },
}

impl PluginsError {
    pub(crate) fn start(error: StartError) -> Self {
        Self::Start(Box::new(error))
    }

    /// What the command exits with.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Name { .. } => Exit::Usage,
            Self::NoPlugin { .. }
            | Self::NotTrusted { .. }
            | Self::Unsupported { .. }
            | Self::Untrusted { .. }
            | Self::Unusable { .. } => Exit::NoPlugin,
            Self::Start(error) if error.blame() == Blame::System => Exit::System,
            Self::Start(error) if error.blame() == Blame::Caller => Exit::NoPlugin,
            Self::Changed { .. } | Self::Call(_) | Self::DidNotEnd { .. } | Self::Start(_) => {
                Exit::Plugin
            }
            Self::Cache { .. } | Self::Hash { .. } | Self::Output(_) | Self::Trust(_) => {
                Exit::System
            }
        }
    }
}

impl From<DirectoryProblem> for PluginsWarning {
    fn from(DirectoryProblem { path, source, .. }: DirectoryProblem) -> Self {
        Self::Directory { path, source }
    }
}

impl From<PluginsError> for Failure {
    fn from(error: PluginsError) -> Self {
        match error {
            PluginsError::Output(error) => Self::output(error),
            error => Self::new(error.exit(), error),
        }
    }
}

fn instead(used: Option<&PathBuf>) -> String {
    used.map_or_else(String::new, |used| {
        format!("; {} is used", plain_path(used))
    })
}
