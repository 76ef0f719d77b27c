//! What `otto` exits with.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It has done what it was asked to.
    Success = 0,
    /// A plugin did its work, and says that the application, or what was asked of it, is wrong.
    Work = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// The Appfile, the project or the credentials are wrong, or a step before this one is missing.
    Project = 3,
    /// There is no plugin for what was asked, or it is not trusted.
    NoPlugin = 4,
    /// A plugin did not start, died, or broke the protocol.
    Plugin = 5,
    /// What `otto` keeps cannot be read or written, or the operating system refused something.
    System = 6,
    /// A person, or a signal, ended it.
    Cancelled = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
