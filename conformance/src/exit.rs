//! The exit codes of `otto-conformance`.

/// Every case passed.
pub const OK: u8 = 0;
/// A case failed: the plugin is not conformant.
pub const NON_CONFORMANT: u8 = 1;
/// The command line makes no sense, or what it names cannot be executed.
pub const USAGE: u8 = 2;
/// The suite itself failed, so that nothing is known about a case.
pub const HARNESS: u8 = 3;
/// No case was run, so that nothing is known at all.
pub const NOTHING_RAN: u8 = 4;
/// A signal ended the suite.
pub const INTERRUPTED: u8 = 130;
