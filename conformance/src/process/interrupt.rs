//! What happens when a person, or a build server, stops the suite.

use std::io::{self, Write};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::registry;
use crate::exit;

/// From here on SIGINT, SIGTERM and SIGHUP end every plugin, remove every private directory, and
/// end the suite.
pub(crate) fn clean_up_on_signals() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            if signals.forever().next().is_some() {
                registry::clean_up();
                let _ = writeln!(
                    io::stderr(),
                    "\ninterrupted: the plugin was ended, its files removed"
                );
                std::process::exit(i32::from(exit::INTERRUPTED));
            }
        })?;
    Ok(())
}
