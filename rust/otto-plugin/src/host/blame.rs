//! Whose fault a failure is.

/// Who has to do something about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blame {
    /// The caller of this library asked for something that cannot be done.
    Caller,
    /// Both sides are right, but they do not fit together: one of them has to be updated.
    Incompatible,
    /// The plugin is not what it should be, or did what it must not.
    Plugin,
    /// Nobody did anything wrong: the plugin did what it was asked to, and could not.
    Work,
    /// The operating system could not do its part.
    System,
}
