//! The archive of an application: a `tar.gz` that is the same bytes for the same files.
//!
//! ```text
//!  directory ── list ──► Listing ── pack ──► tar.gz, and its Digest
//!                                                  │
//!  directory ◄──────────────────────── unpack ◄────┘ checked against the Digest
//! ```
//!
//! Neither end holds more than a piece of it in memory. What [`unpack`] refuses, [`pack`] never
//! writes: both know the same kinds of files, the same rule for links, and the same [`Limits`].

mod digest;
mod ignored;
mod link;
mod list;
mod pack;
#[cfg(test)]
mod tests;
mod unpack;

pub(crate) use digest::{Digest, Hashing};
pub(crate) use list::{Listing, list};
pub(crate) use pack::{Packed, pack};
pub(crate) use unpack::{Refused, unpack};

/// The name of the format, in a record of a build.
pub(crate) const FORMAT: &str = "tar.gz";

/// How much an archive may hold. It is the same for making one and for taking one apart, so that
/// what was built can be deployed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many files, directories and links.
    pub(crate) entries: u64,
    /// How many bytes in all files together.
    pub(crate) bytes: u64,
    /// How many directories inside of each other.
    pub(crate) depth: usize,
    /// How many bytes in one path, or in the target of one link.
    pub(crate) path: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 200_000,
            bytes: 4 << 30,
            depth: 128,
            path: 1024,
        }
    }
}
