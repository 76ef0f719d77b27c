//! Which lints the bindings of a schema cannot keep.

use super::{Answer, Body, Enumeration, Interface, Item, Model, Params, Record, Results, Value};

impl Model {
    /// Whether there is a struct, which anybody can make, and so cannot be extended.
    pub(crate) fn has_structs(&self) -> bool {
        let mut items = self.files.iter().flat_map(|file| &file.items);
        items.any(|item| match item {
            Item::Enumeration(_) => false,
            Item::Interface(interface) => interface.methods.iter().any(|method| {
                matches!(&method.results, Results::Reply(reply)
                    if matches!(reply.answer, Answer::Several(_)))
            }),
            Item::Record(record) => matches!(record.body, Body::Fields(_)),
        })
    }

    /// Whether anything public has no comment in the schema.
    pub(crate) fn has_undocumented(&self) -> bool {
        let mut items = self.files.iter().flat_map(|file| &file.items);
        items.any(|item| match item {
            Item::Enumeration(enumeration) => enumeration.has_undocumented(),
            Item::Interface(interface) => interface.has_undocumented(),
            Item::Record(record) => record.has_undocumented(),
        })
    }
}

impl Enumeration {
    fn has_undocumented(&self) -> bool {
        self.doc.is_empty() || self.variants.iter().any(|variant| variant.doc.is_empty())
    }
}

impl Interface {
    fn has_undocumented(&self) -> bool {
        self.methods.iter().any(|method| {
            let params = match &method.params {
                Params::Flat { record } => record.body.has_undocumented_parts(),
                Params::Named(_) => false,
            };
            let results = match &method.results {
                Results::Reply(reply) => match &reply.answer {
                    Answer::Named(_) | Answer::Nothing => false,
                    Answer::One(field) => field.value.has_undocumented(),
                    Answer::Several(record) => record.has_undocumented(),
                },
                Results::Stream => false,
            };
            method.doc.is_empty() || params || results
        })
    }
}

impl Record {
    fn has_undocumented(&self) -> bool {
        let members = match &self.body {
            Body::Fields(fields) => fields.iter().any(|field| field.doc.is_empty()),
            Body::Union(union) => union.members.iter().any(|member| member.doc.is_empty()),
        };
        self.doc.is_empty() || members || self.body.has_undocumented_parts()
    }
}

impl Body {
    fn has_undocumented_parts(&self) -> bool {
        match self {
            Self::Fields(fields) => fields.iter().any(|field| field.value.has_undocumented()),
            Self::Union(union) => union
                .members
                .iter()
                .any(|member| member.value.has_undocumented()),
        }
    }
}

impl Value {
    fn has_undocumented(&self) -> bool {
        match self {
            Self::Group(record) | Self::Which(record) => record.has_undocumented(),
            Self::Maybe(maybe) => maybe.something.value.has_undocumented(),
            _ => false,
        }
    }
}
