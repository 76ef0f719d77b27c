//! What only the operating system can do, and Rust calls unsafe.

#![expect(
    unsafe_code,
    reason = "the calls below have no safe form; each says why it is sound"
)]

pub(crate) mod exec;

use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Takes a descriptor that this process inherited, and makes it close-on-exec.
///
/// Nothing else in the process may use that number. The caller is the one that was told to.
pub(crate) fn adopt(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the borrow ends with this line, and a number that is not open is an error of `fcntl`.
    let inherited = unsafe { BorrowedFd::borrow_raw(number) };
    rustix::io::fcntl_setfd(inherited, rustix::io::FdFlags::CLOEXEC)?;
    // SAFETY: it is open, as `fcntl` has just shown, and its owner is the parent, who gave it away.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Removes a variable from the environment of this process, which must have a single thread.
pub(crate) fn remove_variable(name: &std::ffi::OsStr) {
    // SAFETY: the caller has made sure that no other thread can be reading the environment.
    unsafe { std::env::remove_var(name) }
}

/// Ends the process at once, without anything that could wait: no destructor, no `atexit`.
pub(crate) fn exit_now(status: i32) -> ! {
    // SAFETY: `_exit` has no precondition.
    unsafe { libc::_exit(status) }
}
