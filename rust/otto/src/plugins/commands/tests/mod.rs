mod lists;
mod starts;
mod trusting;

use std::path::{Path, PathBuf};

use super::run;
use crate::plugins::args::{
    CheckArguments, Format, InspectArguments, ListArguments, PluginsCommand, TrustArguments,
    UntrustArguments,
};
use crate::plugins::error::PluginsError;
use crate::plugins::fixture::Machine;

/// Does a command, and gives what it shows and what came of it.
async fn done(machine: &Machine, command: PluginsCommand) -> (String, Result<(), PluginsError>) {
    let mut out = Vec::new();
    let result = run(&command, machine.opening(), &mut out).await;
    (String::from_utf8(out).unwrap(), result)
}

async fn shown(machine: &Machine, command: PluginsCommand) -> String {
    let (out, result) = done(machine, command).await;
    result.unwrap();
    out
}

async fn failed(machine: &Machine, command: PluginsCommand) -> (String, PluginsError) {
    let (out, result) = done(machine, command).await;
    (out, result.unwrap_err())
}

fn list(format: Format) -> PluginsCommand {
    PluginsCommand::List(ListArguments { format })
}

fn inspect(plugin: &str, format: Format) -> PluginsCommand {
    let plugin = plugin.into();
    PluginsCommand::Inspect(InspectArguments { plugin, format })
}

fn check(plugin: &str) -> PluginsCommand {
    let plugin = plugin.into();
    PluginsCommand::Check(CheckArguments { plugin })
}

fn trust(path: &Path) -> PluginsCommand {
    let path = path.into();
    PluginsCommand::Trust(TrustArguments { path })
}

fn untrust(what: impl Into<PathBuf>) -> PluginsCommand {
    let what = what.into();
    PluginsCommand::Untrust(UntrustArguments { what })
}
