//! Why no bindings were made.

use std::path::PathBuf;

/// Why no bindings were made. Each is the fault of the schema or of the options: nothing is written
/// then, except with [`Error::Write`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A type of an imported file is needed, and nothing is known of the bindings of that file.
    /// Compile the file along, or name its bindings with
    /// [`Bindings::foreign`](crate::Bindings::foreign).
    #[error("`{node}` is in {file} ({id:#018x}), which has no bindings here")]
    #[non_exhaustive]
    Foreign {
        /// The name of the type.
        node: String,
        /// The name of the imported file.
        file: String,
        /// The id of the imported file.
        id: u64,
    },

    /// What was made is no Rust, which is a fault of this crate. Report it, with the schema.
    #[error("the generated code is no Rust, which is a fault of otto-plugin-bindgen")]
    #[non_exhaustive]
    Generated {
        /// Where it stops to make sense.
        source: syn::Error,
    },

    /// There is no `OUT_DIR`: this is no build script. Write to a directory of your own.
    #[error("the environment has no OUT_DIR, which cargo sets for build scripts")]
    OutDir,

    /// An option is no path of Rust. Correct it: `::otto_plugin::rpc` and `crate::wire` are paths.
    #[error("`{path}` is no path of Rust")]
    #[non_exhaustive]
    Path {
        /// What was given.
        path: String,
        /// Where it stops to make sense.
        source: syn::Error,
    },

    /// What was given as a compiled schema is none. Give the bytes that the compiler wrote, whole.
    #[error("the request is no compiled schema")]
    Request(#[from] capnp::Error),

    /// The schema uses something that there are no bindings for. Write it in another way.
    #[error("`{node}`: {what}")]
    #[non_exhaustive]
    Unsupported {
        /// The name of the type, the field or the method.
        node: String,
        /// What it uses.
        what: Unsupported,
    },

    /// An option names something that the schema does not have. Correct the name, or drop the
    /// option: without this error, a renamed field would lose its option silently.
    #[error("the schema has no `{name}` which could be {option}")]
    #[non_exhaustive]
    Unmatched {
        /// The option: `optional`, `required` or `boxed`.
        option: &'static str,
        /// The name it was given.
        name: String,
    },

    /// capnpc could not write the wire types.
    #[error("the wire types could not be written to {}", path.display())]
    #[non_exhaustive]
    Wire {
        /// The directory they were to be written to.
        path: PathBuf,
        /// capnpc's reason.
        source: capnp::Error,
    },

    /// A file could not be written. What was written before it stays.
    #[error("{} could not be written", path.display())]
    #[non_exhaustive]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// What there are no bindings for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// One of the annotations of `rust.capnp`, which would give a wire type another name or form.
    #[error("an annotation of rust.capnp is not supported")]
    Annotation,
    /// `AnyPointer`, or one of its kinds.
    #[error("an untyped pointer is not supported")]
    AnyPointer,
    /// A capability in a union, for which not every language's generator has a pipeline.
    #[error("a capability in a union is not supported")]
    CapabilityInUnion,
    /// A struct that is in the first member of its own union: its default would have no end.
    #[error("a union whose first member holds the union itself is not supported")]
    EndlessDefault,
    /// A type parameter, or a type that is given one.
    #[error("a generic type or method is not supported")]
    Generic,
    /// A default of a list or of a struct.
    #[error("a default for a list or a struct is not supported")]
    PointerDefault,
    /// Two types of which the Rust names would be the same, such as a group and a nested struct, or
    /// two files of the same name in different folders.
    #[error("the bindings have something else of the same name")]
    SameName,
    /// An interface that extends another.
    #[error("an interface that extends another is not supported")]
    Superclass,
    /// A type whose Rust name is one that the bindings need for something of Rust's.
    #[error("a type with this name is not supported, since the bindings need the name themselves")]
    TakenName,
}
