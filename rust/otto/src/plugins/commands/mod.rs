//! The commands about plugins.

mod check;
mod inspect;
mod list;
mod subject;
mod trusting;

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use super::args::{Format, PluginsCommand};
use super::cache::Cache;
use super::catalogue::{Catalogue, Opening};
use super::error::PluginsError;

/// The version of the form of everything that is shown as JSON.
const JSON_FORMAT: u32 = 1;

/// Does a command. What it shows goes to `out`; an error says what the command exits with.
///
/// Nobody is asked anything, whatever `opening` says: a plugin that is not trusted is not started.
pub(crate) async fn run(
    command: &PluginsCommand,
    opening: Opening<'_>,
    out: &mut (dyn Write + Send),
) -> Result<(), PluginsError> {
    let opening = Opening {
        ask: None,
        ..opening
    };
    match command {
        PluginsCommand::List(arguments) => {
            let catalogue = Catalogue::open(opening).await?;
            list::list(&catalogue, arguments.format, out)?;
        }
        PluginsCommand::Inspect(arguments) => {
            inspect::inspect(&arguments.plugin, arguments.format, opening, out).await?;
        }
        PluginsCommand::Check(arguments) => {
            check::check(&arguments.plugin, opening, out).await?;
        }
        PluginsCommand::Trust(arguments) => {
            trusting::trust(&arguments.path, opening.places, out).await?;
        }
        PluginsCommand::Untrust(arguments) => {
            trusting::untrust(&arguments.what, opening.places, out).await?;
        }
        PluginsCommand::Refresh => {
            let cache = Cache::of(opening.places);
            cache.clear().map_err(|source| PluginsError::Cache {
                path: cache.directory().into(),
                source,
            })?;
            let catalogue = Catalogue::open(opening).await?;
            list::list(&catalogue, Format::Table, out)?;
        }
    }
    Ok(())
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Writes one value of JSON, and a line feed.
fn write_json(value: &impl Serialize, out: &mut (dyn Write + Send)) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

#[cfg(test)]
mod tests;
