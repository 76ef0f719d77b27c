//! Ways for a plugin to reach its host.

/// A way for a plugin to reach its host. What is said is the same on each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// The plugin inherits one end of a socket pair. Nobody else can be at either end, and a start
    /// is one round trip.
    Inherited,
    /// The plugin dials a port on 127.0.0.1, which every user of this machine can, and says a token
    /// that only it has been given.
    Tcp,
    /// The plugin dials a Unix socket in a directory that only this user can enter, and says a token
    /// that only it has been given.
    Unix,
}
