//! What happens when a person, or a build server, stops the suite.

use std::io;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit;

/// From here on SIGINT, SIGTERM and SIGHUP do this, one after the other, in a thread of their own.
pub(crate) fn on_signals(mut act: impl FnMut() + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || signals.forever().for_each(|_| act()))?;
    Ok(())
}

/// Ends this process, as one that was told to.
pub(crate) fn exit_interrupted() -> ! {
    std::process::exit(i32::from(exit::INTERRUPTED))
}
