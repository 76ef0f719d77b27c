//! `otto-conformance trace`

use std::path::Path;

use super::plugin;
use crate::cli::{TraceArgs, TraceCommand};
use crate::exit;
use crate::report::Screen;
use crate::trace::{self, Between, PrintError};

/// Prints a recording, or has one made.
pub(crate) fn trace(screen: &mut Screen, args: TraceArgs) -> u8 {
    match (args.command, args.file) {
        (
            Some(TraceCommand::Record {
                plugin,
                to,
                into,
                raw,
            }),
            _,
        ) => {
            let to = to.unwrap_or_else(|| into.join("wire.ndjson"));
            record(screen, &into, Between { plugin, to, raw })
        }
        (Some(TraceCommand::Between { plugin, to, raw }), _) => {
            trace::between(&Between { plugin, to, raw })
        }
        (None, Some(file)) => match trace::print(screen, &file, args.format) {
            // Whoever has stopped reading has seen enough.
            Ok(()) | Err(PrintError::Screen(_)) => exit::OK,
            Err(error) => fail(screen, &error.to_string()),
        },
        (None, None) => fail(
            screen,
            "there is neither a recording nor a plugin to record",
        ),
    }
}

fn fail(screen: &mut Screen, message: &str) -> u8 {
    screen.tell(format_args!("error: {message}"));
    exit::USAGE
}

fn record(screen: &mut Screen, directory: &Path, mut between: Between) -> u8 {
    between.plugin = match plugin::find(&between.plugin) {
        Ok(plugin) => plugin,
        Err(unusable) => return fail(screen, &unusable.message),
    };
    let path = match trace::write_launcher(directory, &between) {
        Ok(path) => path,
        Err(error) => return fail(screen, &error.to_string()),
    };
    let _ = screen.answer(format_args!("{}", path.display()));
    screen.tell(format_args!(
        "Have a host start this in the place of {}. Every session is added to {}; print it with\n  \
         otto-conformance trace {}",
        between.plugin.display(),
        between.to.display(),
        between.to.display()
    ));
    if between.raw {
        screen.tell(format_args!(
            "With --raw, secrets that pass are in it: credentials, and answers that were hidden."
        ));
    }
    exit::OK
}
