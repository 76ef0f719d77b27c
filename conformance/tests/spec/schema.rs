//! The compiled schema, with its comments.

use std::fs::File;
use std::io::BufReader;
use std::sync::OnceLock;

use capnp::message::{Reader, ReaderOptions};
use capnp::schema_capnp::{code_generator_request, node, type_};
use capnp::serialize::{self, OwnedSegments};

/// What `otto-plugin` is made of.
const REQUEST: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../rust/otto-plugin/schema.request"
);

/// A compiled schema.
#[derive(Clone, Copy)]
pub(crate) struct Schema<'a>(code_generator_request::Reader<'a>);

/// Reads the compiled schema.
pub(crate) fn request() -> Reader<OwnedSegments> {
    let file = File::open(REQUEST).expect("schema.request is committed");
    serialize::read_message(BufReader::new(file), ReaderOptions::new())
        .expect("schema.request is a message")
}

impl<'a> Schema<'a> {
    pub(crate) fn new(request: &'a Reader<OwnedSegments>) -> Self {
        Self(request.get_root().expect("it is a request"))
    }

    /// The interface, struct or enum of this name.
    pub(crate) fn find(self, name: &str) -> node::Reader<'a> {
        let nodes = self.0.get_nodes().expect("it has nodes");
        let mut named = nodes.iter().filter(|node| short_name(*node) == name);
        named
            .next()
            .unwrap_or_else(|| panic!("the schema has no {name}"))
    }

    pub(crate) fn node(self, id: u64) -> node::Reader<'a> {
        let nodes = self.0.get_nodes().expect("it has nodes");
        let mut same = nodes.iter().filter(|node| node.get_id() == id);
        same.next().expect("the schema has what it refers to")
    }

    /// The comment on a node, on one line.
    pub(crate) fn comment(self, id: u64) -> String {
        self.source(id, |info| text(info.get_doc_comment()))
    }

    /// The comment on a field, an enumerant or a method, on one line.
    pub(crate) fn member_comment(self, id: u64, index: u32) -> String {
        self.source(id, |info| {
            let members = info.get_members().expect("it has members");
            members
                .try_get(index)
                .map_or_else(String::new, |member| text(member.get_doc_comment()))
        })
    }

    fn source(self, id: u64, read: impl Fn(node::source_info::Reader<'a>) -> String) -> String {
        let all = self.0.get_source_info().expect("it has comments");
        let mut own = all.iter().filter(|info| info.get_id() == id);
        own.next().map_or_else(String::new, read)
    }

    /// A type as the schema writes it, without the file it is of.
    pub(crate) fn type_name(self, kind: type_::Reader<'a>) -> String {
        match kind.which().expect("it is a known type") {
            type_::List(list) => {
                let element = list.get_element_type().expect("a list has elements");
                format!("List({})", self.type_name(element))
            }
            type_::Enum(of) => short_name(self.node(of.get_type_id())),
            type_::Struct(of) => short_name(self.node(of.get_type_id())),
            type_::Interface(of) => short_name(self.node(of.get_type_id())),
            type_::Void(()) => "Void".to_owned(),
            type_::Bool(()) => "Bool".to_owned(),
            type_::Int32(()) => "Int32".to_owned(),
            type_::Int64(()) => "Int64".to_owned(),
            type_::Uint8(()) => "UInt8".to_owned(),
            type_::Uint16(()) => "UInt16".to_owned(),
            type_::Uint32(()) => "UInt32".to_owned(),
            type_::Uint64(()) => "UInt64".to_owned(),
            type_::Float64(()) => "Float64".to_owned(),
            type_::Text(()) => "Text".to_owned(),
            type_::Data(()) => "Data".to_owned(),
            _ => panic!("the schema has no other types"),
        }
    }
}

/// The name of a node in what it is nested in.
pub(crate) fn short_name(node: node::Reader<'_>) -> String {
    let name = text(node.get_display_name());
    name[node.get_display_name_prefix_length() as usize..].to_owned()
}

/// A text of the schema, on one line.
pub(crate) fn text(text: capnp::Result<capnp::text::Reader<'_>>) -> String {
    let text = text.expect("it is there").to_str().expect("it is UTF-8");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The names of all kinds of errors.
pub(crate) fn error_kinds() -> &'static [String] {
    static KINDS: OnceLock<Vec<String>> = OnceLock::new();
    KINDS.get_or_init(|| {
        let request = request();
        let kind = Schema::new(&request).find("ErrorKind");
        let Ok(node::Enum(kind)) = kind.which() else {
            panic!("ErrorKind is an enum");
        };
        let enumerants = kind.get_enumerants().expect("it has enumerants");
        enumerants.iter().map(|it| text(it.get_name())).collect()
    })
}
