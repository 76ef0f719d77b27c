//! Why a command of a project cannot be done.

use std::path::PathBuf;

use miette::Diagnostic;
use otto_plugin::bindings::app::Tuple;
use otto_plugin::host::DetectError;

use crate::appfile::{AppfileError, ImplicitError};
use crate::credentials::CredentialsError;
use crate::directory::StoreError;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::places::NoHome;
use crate::project::{DevDepError, GraphError, ProjectError};
use crate::screen::AskError;
use crate::settings::SettingsError;

/// A command that cannot be done, for a reason that no other part of this program has.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(super) enum EngineError {
    /// What a plugin says that it has compiled is not there.
    #[error(
        "plugin {plugin} says that {path:?} is what a dependent needs, and it is no file in {dir:?}"
    )]
    #[diagnostic(help("report this to the author of the plugin"))]
    Fragment {
        plugin: String,
        path: String,
        dir: String,
    },
    /// What a plugin answered to `implicit` cannot be used.
    #[error("what plugin {plugin} says of the sources cannot be used")]
    Implicit {
        plugin: String,
        #[source]
        #[diagnostic_source]
        source: ImplicitError,
    },
    /// No detector matches.
    #[error("no plugin recognises the application in {}", directory.display())]
    #[diagnostic(help(
        "write `application {{ type = \"…\" }}` in an Appfile, or install a plugin; {}",
        known(kinds)
    ))]
    NoKind {
        directory: PathBuf,
        kinds: Vec<String>,
    },
    /// No plugin has a tuple that matches.
    #[error(
        "no plugin is for an application of the type {:?} on an infrastructure of the type {:?} and \
         the flavor {:?}",
        tuple.app, tuple.infra, tuple.flavor
    )]
    #[diagnostic(help("`otto plugins list` shows what the plugins are for; {}", known(kinds)))]
    NoPlugin { tuple: Tuple, kinds: Vec<String> },
    /// The plugin of the last compile is not the one that is used now.
    #[error("the application was compiled with the plugin {name} at {path:?}, and {now}")]
    #[diagnostic(help("run `otto compile`"))]
    OtherPlugin {
        name: String,
        path: String,
        now: String,
    },
    /// The directory of the application cannot be looked at.
    #[error("the kind of the application cannot be told")]
    Undetected(#[source] DetectError),
}

fn known(kinds: &[String]) -> String {
    match kinds {
        [] => "there is none".to_owned(),
        kinds => format!("there are some for: {}", kinds.join(", ")),
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let exit = match error {
            EngineError::Fragment { .. } | EngineError::Implicit { .. } => Exit::Plugin,
            EngineError::NoKind { .. }
            | EngineError::NoPlugin { .. }
            | EngineError::OtherPlugin { .. } => Exit::NoPlugin,
            EngineError::Undetected(_) => Exit::System,
        };
        Self::new(exit, error)
    }
}

impl From<AppfileError> for Failure {
    fn from(error: AppfileError) -> Self {
        let exit = match error {
            AppfileError::Unreadable { .. } => Exit::System,
            _ => Exit::Project,
        };
        Self::new(exit, error)
    }
}

impl From<CredentialsError> for Failure {
    fn from(error: CredentialsError) -> Self {
        let exit = match error {
            CredentialsError::Output(error) => return Self::output(error),
            CredentialsError::File { .. } | CredentialsError::Input { .. } => Exit::System,
            CredentialsError::Ask(AskError::Aborted { .. }) => Exit::Cancelled,
            _ => Exit::Project,
        };
        Self::new(exit, error)
    }
}

impl From<DevDepError> for Failure {
    fn from(error: DevDepError) -> Self {
        match error {
            DevDepError::Disk(error) => error.into(),
            error => Self::new(Exit::Plugin, error),
        }
    }
}

impl From<GraphError> for Failure {
    fn from(error: GraphError) -> Self {
        Self::new(Exit::Project, error)
    }
}

impl From<NoHome> for Failure {
    fn from(error: NoHome) -> Self {
        Self::new(Exit::System, error)
    }
}

impl From<ProjectError> for Failure {
    fn from(error: ProjectError) -> Self {
        let exit = match error {
            ProjectError::Disk { .. } => Exit::System,
            _ => Exit::Project,
        };
        Self::new(exit, error)
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::new(Exit::System, error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(Exit::System, error)
    }
}
