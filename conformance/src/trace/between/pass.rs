//! Passes bytes from one socket to another.

use std::io;
use std::os::fd::OwnedFd;

use rustix::io::{read, retry_on_intr, write};
use rustix::net::{Shutdown, shutdown};

use super::recorder::Recorder;
use crate::wire::Party;

/// How much is taken at once. Nothing more is read before this has been passed on, so that a side
/// that does not read stops the other one, as it would without this process.
const PIECE: usize = 64 << 10;

/// Passes on what comes from `source`, until there is nothing more, or nobody takes it.
pub(super) fn all(from: Party, source: &OwnedFd, sink: &OwnedFd, recorder: &Recorder) {
    let mut piece = vec![0; PIECE];
    let over = loop {
        match retry_on_intr(|| read(source, &mut *piece)) {
            Ok(0) => break "end of file".to_owned(),
            Ok(count) => {
                // What made the other side end is on record when it has ended.
                recorder.took(from, &piece[..count]);
                if let Err(error) = write_all(sink, &piece[..count]) {
                    // Whoever sends it has to see that nobody reads it.
                    let _ = shutdown(source, Shutdown::Read);
                    break format!("nobody takes what it sends ({error})");
                }
            }
            Err(error) => break io::Error::from(error).to_string(),
        }
    };
    recorder.cut(from, &over);
    // A reset arrives as an end: on a Unix socket nobody can make one.
    let _ = shutdown(sink, Shutdown::Write);
}

fn write_all(sink: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = retry_on_intr(|| write(sink, bytes))?;
        bytes = &bytes[count..];
    }
    Ok(())
}
