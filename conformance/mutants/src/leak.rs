//! What is taken and never given back.

use std::fs::File;
use std::io;
use std::os::fd::IntoRawFd;
use std::thread;

/// Takes so many bytes, and writes to each, for otherwise the system has nothing to give.
pub(crate) fn memory(bytes: usize) {
    vec![1_u8; bytes].leak();
}

/// Leaves a file open.
pub(crate) fn descriptor() -> io::Result<()> {
    let _never_closed = File::open("/dev/null")?.into_raw_fd();
    Ok(())
}

/// Starts a thread that does nothing, and does not end.
pub(crate) fn thread() {
    thread::spawn(|| {
        loop {
            thread::park();
        }
    });
}
