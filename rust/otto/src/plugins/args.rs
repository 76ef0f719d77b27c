//! What can be said on the command line about plugins.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use otto_plugin::host::{NameError, PluginName};

/// Reads the name of a plugin as people write it: `app-ruby`, or `otto-app-ruby`.
pub(crate) fn plugin_name(text: &str) -> Result<PluginName, NameError> {
    match text.starts_with("otto-") {
        true => text.parse(),
        false => format!("otto-{text}").parse(),
    }
}

/// A command about plugins.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum PluginsCommand {
    /// Show the plugins that were found, and which of them are used
    ///
    /// A plugin is a program named `otto-TYPE-NAME`. It is looked for in the directory of `otto` itself,
    /// in `~/.otto.d/plugins`, in the current directory, and in those of OTTO_PLUGIN_PATH. Of two with
    /// the same name, the one found later is used. What lies in the current directory is used only if
    /// you trust it.
    ///
    /// A plugin that is not known yet is started once, to ask it what it is for. One that you do not
    /// trust never is.
    List(ListArguments),
    /// Show everything that a plugin says of itself, and how long its start takes
    ///
    /// The plugin is started for that. A path that you give is your word that you want that: the file
    /// is started even if it lies in the current directory and is not trusted.
    Inspect(InspectArguments),
    /// Start a plugin, ask whether it answers, and end it, step by step
    ///
    /// The first step that fails is explained, with what to do about it. A path that you give is your
    /// word that you want it started, even if it is not trusted.
    Check(CheckArguments),
    /// Trust a plugin that lies where anybody may have put it, such as in a project
    ///
    /// It is trusted by what is in it: once it is changed, it is not trusted any more.
    Trust(TrustArguments),
    /// Take back what `trust` has done
    Untrust(UntrustArguments),
    /// Forget what is known of plugins, and ask all of them again
    ///
    /// It is not needed after an update of a plugin, which is seen by the file.
    Refresh,
}

/// What `list` takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct ListArguments {
    /// How to show them
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// What `inspect` takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct InspectArguments {
    /// Its name, such as `app-ruby`, or its path, which has a `/` in it
    #[arg(value_name = "NAME|PATH")]
    pub(crate) plugin: String,
    /// How to show it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// What `check` takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct CheckArguments {
    /// Its name, such as `app-ruby`, or its path, which has a `/` in it
    #[arg(value_name = "NAME|PATH")]
    pub(crate) plugin: String,
}

/// What `trust` takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct TrustArguments {
    /// The file of the plugin
    pub(crate) path: PathBuf,
}

/// What `untrust` takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct UntrustArguments {
    /// The file of the plugin, or its SHA-256 as `trust` shows it
    #[arg(value_name = "PATH|HASH")]
    pub(crate) what: PathBuf,
}

/// How something is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Table,
    /// For programs: one object of JSON, whose `format` is the version of its form
    Json,
}
