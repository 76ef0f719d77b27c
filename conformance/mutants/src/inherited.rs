//! Descriptors that this process has from its host.

use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

/// Takes a descriptor, and makes it close on exec. Nothing else in the process uses its number.
#[expect(
    unsafe_code,
    reason = "a number that was inherited has no owner in Rust"
)]
pub(crate) fn take(number: RawFd) -> io::Result<OwnedFd> {
    // A copy shows that it is open.
    drop(copy(number)?);
    // SAFETY: it is open, the borrow ends with the next line, and nobody closes it meanwhile.
    let inherited = unsafe { BorrowedFd::borrow_raw(number) };
    fcntl_setfd(inherited, FdFlags::CLOEXEC)?;
    // SAFETY: it is open, and its owner is the host, who gave it away.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Makes a copy, which closes on exec, and leaves the descriptor as it is.
pub(crate) fn copy(number: RawFd) -> io::Result<OwnedFd> {
    let this = pidfd_open(getpid(), PidfdFlags::empty())?;
    Ok(pidfd_getfd(&this, number, PidfdGetfdFlags::empty())?)
}
