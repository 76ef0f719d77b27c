//! What the user wants to see.

use clap::{ColorChoice, ValueEnum};

/// What the user wants to see, and whether there is somebody to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Whether there are colours. With `auto`, there are if standard error is a terminal that has
    /// them; `NO_COLOR` and `TERM=dumb` say that it has not, `CLICOLOR_FORCE` that it has.
    pub(crate) color: ColorChoice,
    /// Shows warnings, errors and questions only.
    pub(crate) quiet: bool,
    pub(crate) log_format: LogFormat,
    /// The least that is shown of what plugins log.
    pub(crate) log_level: LogLevel,
    /// Whether somebody may be asked. Without it, every question is treated as without a terminal.
    pub(crate) input: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            color: ColorChoice::Auto,
            quiet: false,
            log_format: LogFormat::default(),
            log_level: LogLevel::default(),
            input: true,
        }
    }
}

/// How it is written to standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// How much a log record matters.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum, serde::Serialize,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    Trace,
    Debug,
    Info,
    #[default]
    Warn,
    Error,
}

impl LogLevel {
    /// Its name, as it is shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl From<otto_plugin::bindings::host::LogLevel> for LogLevel {
    fn from(level: otto_plugin::bindings::host::LogLevel) -> Self {
        use otto_plugin::bindings::host::LogLevel as Sent;
        match level {
            Sent::Trace => Self::Trace,
            Sent::Debug => Self::Debug,
            Sent::Warn => Self::Warn,
            Sent::Error => Self::Error,
            // What a newer plugin may say is as `info`, by the schema.
            _ => Self::Info,
        }
    }
}
