//! What the schema calls things: interfaces and methods by their numbers.

use capnp::introspect::Type;

/// An interface of the schema. Generated code holds one for each.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "generated code builds it")]
pub struct Interface {
    /// The type id, as it stands in a call.
    pub id: u64,
    /// The name in the schema, such as `Ui`.
    pub name: &'static str,
    /// All methods, in the order of their ordinals.
    pub methods: &'static [Method],
}

/// A method of an interface.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "generated code builds it")]
pub struct Method {
    /// The name of the interface.
    pub interface: &'static str,
    /// The type id of the interface.
    pub interface_id: u64,
    /// The method's number in the interface, as it stands in a call.
    pub ordinal: u16,
    /// The name in the schema, such as `getBlob`.
    pub name: &'static str,
    /// Whether it is declared as `-> stream`.
    pub streaming: bool,
    /// The type of the parameters, for programs that look at messages.
    pub params: fn() -> Type,
    /// The type of the results, likewise.
    pub results: fn() -> Type,
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.interface, self.name)
    }
}
