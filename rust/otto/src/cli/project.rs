//! The commands of a project, as they are told on the command line.

use std::io::Write;

use clap::Args;

use crate::credentials::PassphraseFd;
use crate::engine::{Action, Otto};
use crate::failure::Failure;
use crate::plugins::Format;

#[derive(Debug, Args)]
pub(super) struct DetectArgs {
    /// Show every plugin that was considered, and why it won or lost
    #[arg(long)]
    explain: bool,

    /// How to show it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Args)]
pub(super) struct CompileArgs {
    /// Show every plugin that was considered, and why it won or lost
    #[arg(long)]
    explain: bool,
}

#[derive(Debug, Args)]
pub(super) struct BuildArgs {
    #[command(flatten)]
    passphrase: PassphraseFd,
}

#[derive(Debug, Args)]
pub(super) struct DeployArgs {
    #[command(flatten)]
    passphrase: PassphraseFd,

    #[command(flatten)]
    action: ActionArgs,
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// How to show it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Args)]
pub(super) struct ActionArgs {
    /// What to do, if it is not the main thing. `help` shows what the plugin knows
    action: Option<String>,

    /// What the action is told
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl From<ActionArgs> for Action {
    fn from(args: ActionArgs) -> Self {
        Self {
            name: args.action.unwrap_or_default(),
            arguments: args.arguments,
        }
    }
}

pub(super) async fn detect(
    otto: &Otto,
    args: DetectArgs,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let detected = otto.detect(args.explain).await?;
    match args.format {
        Format::Table => detected.table(out),
        Format::Json => detected.json(out),
    }
    .map_err(Failure::output)
}

pub(super) async fn compile(otto: &Otto, args: CompileArgs) -> Result<(), Failure> {
    otto.compile(args.explain).await
}

pub(super) async fn build(otto: &Otto, args: BuildArgs) -> Result<(), Failure> {
    otto.build(args.passphrase).await
}

pub(super) async fn deploy(otto: &Otto, args: DeployArgs) -> Result<(), Failure> {
    otto.deploy(args.action.into(), args.passphrase).await
}

pub(super) async fn dev(otto: &Otto, args: ActionArgs) -> Result<(), Failure> {
    otto.dev(args.into()).await
}

pub(super) async fn status(
    otto: &Otto,
    args: StatusArgs,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let status = otto.status().await?;
    match args.format {
        Format::Table => status.table(out),
        Format::Json => status.json(out),
    }
    .map_err(Failure::output)
}
