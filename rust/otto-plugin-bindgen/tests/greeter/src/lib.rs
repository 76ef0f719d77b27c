//! A plugin type of its own: the interface of a greeter, which has nothing to do with Otto's `App`.
//! It shows what a crate needs for bindings of its own, and tests that they work.

/// The bindings of `schema/greeter.capnp`, made by the build script.
pub mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

/// The bindings of the schemas that the generator is tested with, and of one that answers them.
#[doc(hidden)] // The tests of this crate use it, and nobody else.
pub mod features {
    include!(concat!(env!("OUT_DIR"), "/features.rs"));
}

/// An interface as an older peer knows it.
#[doc(hidden)] // The tests of this crate use it, and nobody else.
pub mod older {
    include!(concat!(env!("OUT_DIR"), "/older.rs"));
}

/// The same interface, as a newer peer knows it.
#[doc(hidden)] // The tests of this crate use it, and nobody else.
pub mod newer {
    include!(concat!(env!("OUT_DIR"), "/newer.rs"));
}
