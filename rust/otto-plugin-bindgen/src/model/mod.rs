//! What the schema says, in the terms of the code that is made of it.
//!
//! [`request`] finds its way through the compiled schema, [`graph`] knows what holds what, and
//! [`build`] makes the model out of both. The model holds every name and every path: what makes code
//! of it decides nothing but how the code looks.

pub(crate) mod build;
pub(crate) mod graph;
mod lints;
pub(crate) mod request;

use proc_macro2::{Ident, TokenStream};

/// The generated files, in the order of their names.
pub(crate) struct Model {
    pub(crate) files: Vec<File>,
}

/// One file of the schema.
pub(crate) struct File {
    /// The name of its module.
    pub(crate) module: Ident,
    /// The name of the schema file.
    pub(crate) source: String,
    pub(crate) doc: Vec<String>,
    /// The path of its wire module.
    pub(crate) wire: TokenStream,
    pub(crate) wire_module: Ident,
    /// The file that capnpc writes, in its directory.
    pub(crate) wire_file: String,
    /// In the order of their declaration, nested ones after what they are nested in.
    pub(crate) items: Vec<Item>,
}

/// What stands in a file.
pub(crate) enum Item {
    Enumeration(Enumeration),
    Interface(Interface),
    Record(Record),
}

/// An enum of the schema.
pub(crate) struct Enumeration {
    pub(crate) ident: Ident,
    pub(crate) doc: Vec<String>,
    /// In the order of their numbers, which is the order of the list.
    pub(crate) variants: Vec<Variant>,
    /// The name of the variant for the numbers that the schema does not have.
    pub(crate) unknown: Ident,
}

/// A member of an enum.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) doc: Vec<String>,
}

/// A struct, or a part of one that has a type of its own.
pub(crate) struct Record {
    /// What it is called in errors.
    pub(crate) label: String,
    pub(crate) ident: Ident,
    pub(crate) doc: Vec<String>,
    /// The path of its wire module.
    pub(crate) wire: TokenStream,
    pub(crate) body: Body,
    pub(crate) role: Role,
    /// Whether reading and writing it goes one level deeper.
    pub(crate) deeper: bool,
    /// Whether it holds capabilities, and so cannot be compared, and has no default.
    pub(crate) capabilities: bool,
}

/// What a record is in the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A struct: it has a form of its own on the wire.
    Struct,
    /// A part of a struct, such as a group. It has a form of its own all the same, which is that of
    /// the struct for the rest of it.
    Part,
    /// The params of a method, which only the bindings see.
    Params,
}

/// What is in a record.
pub(crate) enum Body {
    Fields(Vec<Field>),
    Union(Union),
}

/// A field of a record.
pub(crate) struct Field {
    /// What it is called in errors.
    pub(crate) label: String,
    pub(crate) ident: Ident,
    /// The part of its name in the wire type's accessors.
    pub(crate) wire: String,
    pub(crate) doc: Vec<String>,
    pub(crate) value: Value,
}

/// A union: one of its members is there.
pub(crate) struct Union {
    /// In the order of their numbers.
    pub(crate) members: Vec<Member>,
    /// The name of the variant for the numbers that the schema does not have.
    pub(crate) unknown: Ident,
}

/// A member of a union.
pub(crate) struct Member {
    /// What it is called in errors.
    pub(crate) label: String,
    pub(crate) ident: Ident,
    /// Its variant in the wire type's `Which`.
    pub(crate) which: Ident,
    /// The part of its name in the wire type's accessors.
    pub(crate) wire: String,
    pub(crate) doc: Vec<String>,
    pub(crate) value: Value,
}

/// What a field or a member of a union holds.
pub(crate) enum Value {
    /// A struct that is kept in a box.
    Boxed(TokenStream),
    /// A group, with a type of its own.
    Group(Box<Record>),
    /// A struct of the type that it stands in: there only if its pointer is, or else there would be
    /// no end of it.
    Link(TokenStream),
    /// A union of nothing and something.
    Maybe(Box<Maybe>),
    /// A capability that may be absent.
    OptionalClient(TokenStream),
    /// A plain value.
    Slot {
        ty: Type,
        preset: Option<TokenStream>,
    },
    /// The unnamed union of the struct that it stands in.
    Which(Box<Record>),
}

/// A union of nothing and something.
pub(crate) struct Maybe {
    /// The path of its wire module.
    pub(crate) wire: TokenStream,
    pub(crate) nothing: Member,
    pub(crate) something: Member,
}

/// A type of the schema.
pub(crate) enum Type {
    Bool,
    /// A typed client.
    Client {
        path: TokenStream,
        wire: TokenStream,
    },
    Data,
    Enumeration(TokenStream),
    List(Box<Self>),
    /// A list of keys and values.
    Map {
        key_label: String,
        value_label: String,
        value: Box<Self>,
    },
    Number(Ident),
    Struct(TokenStream),
    Text,
    Void,
}

/// An interface of the schema.
pub(crate) struct Interface {
    pub(crate) id: u64,
    pub(crate) label: String,
    pub(crate) doc: Vec<String>,
    /// The path of its wire module.
    pub(crate) wire: TokenStream,
    /// The trait to implement.
    pub(crate) ident: Ident,
    pub(crate) client: Ident,
    pub(crate) server: Ident,
    /// The static that describes it.
    pub(crate) table: Ident,
    /// The static that describes its methods.
    pub(crate) methods_table: Ident,
    /// In the order of their numbers, which is the order of the list.
    pub(crate) methods: Vec<Method>,
}

/// A method of an interface.
pub(crate) struct Method {
    pub(crate) label: String,
    /// Its name in the schema.
    pub(crate) name: String,
    pub(crate) ident: Ident,
    /// Its name in the wire type's `Server`.
    pub(crate) wire: Ident,
    pub(crate) doc: Vec<String>,
    pub(crate) params: Params,
    /// The wire struct of its params.
    pub(crate) params_wire: TokenStream,
    pub(crate) results: Results,
}

/// What a method takes.
pub(crate) enum Params {
    /// Arguments: the fields of this record, which are always fields.
    Flat { record: Record },
    /// A struct of the schema.
    Named(TokenStream),
}

/// What a method answers.
pub(crate) enum Results {
    Reply(Box<Reply>),
    /// Nothing: it is a part of a stream.
    Stream,
}

/// The results of a method, as a message.
pub(crate) struct Reply {
    pub(crate) ident: Ident,
    /// The path of the wire module of the results.
    pub(crate) wire: TokenStream,
    /// Whether the answer is a `Result`.
    pub(crate) error: Option<ErrorField>,
    /// Whether the method has to be implemented.
    pub(crate) required: bool,
    pub(crate) answer: Answer,
}

/// The field of the results that holds an error.
pub(crate) struct ErrorField {
    pub(crate) label: String,
    /// The path of the type.
    pub(crate) path: TokenStream,
}

/// What a method answers, apart from an error.
pub(crate) enum Answer {
    /// A struct of the schema.
    Named(TokenStream),
    Nothing,
    One(Field),
    /// A struct of the bindings: its fields, which are always fields.
    Several(Record),
}
