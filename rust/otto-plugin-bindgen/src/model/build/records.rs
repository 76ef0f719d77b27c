//! Structs, groups and unions.

use capnp::schema_capnp::{field, type_};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{Maker, unknown_ident};
use crate::docs;
use crate::error::{Error, Unsupported};
use crate::model::graph::Link;
use crate::model::request::owned;
use crate::model::{Body, Field, Maybe, Member, Record, Role, Union, Value};
use crate::names;

/// What a record will be, before a look at what is in it.
pub(super) struct Frame {
    /// The id of its node.
    pub(super) id: u64,
    /// The id of the struct that it stands in, or is.
    pub(super) owner: u64,
    pub(super) label: String,
    pub(super) ident: Ident,
    pub(super) doc: Vec<String>,
    pub(super) wire: TokenStream,
    pub(super) role: Role,
    /// How the owner holds it.
    pub(super) link: Link,
}

/// The fields of a node, in the order of the schema's text.
struct Fields<'a> {
    /// Those that are always there.
    plain: Vec<(u32, field::Reader<'a>)>,
    /// The members of the unnamed union, in the order of their numbers.
    union: Vec<(u32, field::Reader<'a>)>,
}

impl Maker<'_> {
    /// A struct.
    pub(super) fn structure(&self, id: u64) -> Result<Record, Error> {
        self.record(Frame {
            id,
            owner: id,
            label: self.label(id)?,
            ident: self.type_ident(id)?,
            doc: docs::lines(&self.request.comment(id)?),
            wire: self.wire_path(id)?,
            role: Role::Struct,
            link: Link::Always,
        })
    }

    pub(super) fn record(&self, frame: Frame) -> Result<Record, Error> {
        self.claim(&frame.ident, &frame.label)?;
        let fields = self.fields(frame.id)?;
        let body = if fields.plain.is_empty() && !fields.union.is_empty() {
            Body::Union(self.union(&frame, &fields)?)
        } else {
            Body::Fields(self.plain_fields(&frame, |_| true)?)
        };
        Ok(Record {
            body,
            deeper: frame.role == Role::Struct && self.graph.goes_deeper(frame.id),
            capabilities: self.graph.has_capabilities(frame.owner),
            label: frame.label,
            ident: frame.ident,
            doc: frame.doc,
            wire: frame.wire,
            role: frame.role,
        })
    }

    /// The fields of a struct that are chosen by name, and its unnamed union.
    pub(super) fn plain_fields(
        &self,
        frame: &Frame,
        is_chosen: impl Fn(&str) -> bool,
    ) -> Result<Vec<Field>, Error> {
        let fields = self.fields(frame.id)?;
        let mut out = Vec::new();
        for (index, field) in &fields.plain {
            let name = owned(field.get_name())?;
            if !is_chosen(&name) {
                continue;
            }
            let label = format!("{}.{name}", frame.label);
            let value = self.value(frame, *field, &name, &label)?;
            out.push(Field {
                doc: field_doc(
                    docs::lines(&self.request.member_comment(frame.id, *index)?),
                    &value,
                ),
                label,
                ident: names::ident(&names::snake(&name)),
                wire: names::wire_field(&name),
                value,
            });
        }
        if !fields.union.is_empty() {
            out.push(self.which(frame, &fields)?);
        }
        Ok(out)
    }

    fn which(&self, frame: &Frame, fields: &Fields<'_>) -> Result<Field, Error> {
        let ident = format_ident!("{}Which", frame.ident);
        self.claim(&ident, &frame.label)?;
        let record = Record {
            label: frame.label.clone(),
            ident,
            doc: vec![format!("What is in the union of [`{}`].", frame.ident)],
            wire: frame.wire.clone(),
            body: Body::Union(self.union(frame, fields)?),
            role: Role::Part,
            deeper: false,
            capabilities: self.graph.has_capabilities(frame.owner),
        };
        Ok(Field {
            label: frame.label.clone(),
            ident: format_ident!("which"),
            wire: String::new(),
            doc: vec!["Which member of the union is there.".to_owned()],
            value: Value::Which(Box::new(record)),
        })
    }

    fn fields(&self, id: u64) -> Result<Fields<'_>, Error> {
        let mut fields = Fields {
            plain: Vec::new(),
            union: Vec::new(),
        };
        for (index, field) in (0..).zip(self.request.structure(id)?.get_fields()?) {
            if field.get_discriminant_value() == field::NO_DISCRIMINANT {
                fields.plain.push((index, field));
            } else {
                fields.union.push((index, field));
            }
        }
        fields
            .plain
            .sort_by_key(|(_, field)| field.get_code_order());
        fields
            .union
            .sort_by_key(|(_, field)| field.get_discriminant_value());
        Ok(fields)
    }

    fn union(&self, frame: &Frame, fields: &Fields<'_>) -> Result<Union, Error> {
        let mut members = Vec::new();
        let mut taken = false;
        for (index, field) in &fields.union {
            let member = self.member(frame, *index, *field)?;
            taken |= member.ident == "Unknown";
            members.push(member);
        }
        Ok(Union {
            members,
            unknown: unknown_ident(taken),
        })
    }

    fn member(&self, frame: &Frame, index: u32, field: field::Reader<'_>) -> Result<Member, Error> {
        let name = owned(field.get_name())?;
        let label = format!("{}.{name}", frame.label);
        let value = self.value(frame, field, &name, &label)?;
        Ok(Member {
            doc: field_doc(
                docs::lines(&self.request.member_comment(frame.id, index)?),
                &value,
            ),
            label,
            ident: names::ident(&names::capital(&name)),
            which: format_ident!("{}", names::capital(&name)),
            wire: names::wire_field(&name),
            value,
        })
    }

    fn value(
        &self,
        frame: &Frame,
        field: field::Reader<'_>,
        name: &str,
        label: &str,
    ) -> Result<Value, Error> {
        match field.which().map_err(capnp::Error::from)? {
            field::Group(group) => self.group(frame, field, group.get_type_id(), name, label),
            field::Slot(slot) => self.slot(frame, slot, frame.link.then(field), label),
        }
    }

    fn slot(
        &self,
        frame: &Frame,
        slot: field::slot::Reader<'_>,
        link: Link,
        label: &str,
    ) -> Result<Value, Error> {
        let unsupported = |what| Error::Unsupported {
            node: label.to_owned(),
            what,
        };
        let preset = self.preset(slot, label)?;
        match slot.get_type()?.which().map_err(capnp::Error::from)? {
            type_::Interface(_) if link != Link::Always => {
                Err(unsupported(Unsupported::CapabilityInUnion))
            }
            type_::Interface(held) if self.options.optional.contains(label) => {
                self.used.borrow_mut().optional.insert(label.to_owned());
                Ok(Value::OptionalClient(self.client_path(held.get_type_id())?))
            }
            type_::Struct(held) => {
                let id = held.get_type_id();
                let is_circle = |worst| self.graph.is_circle(frame.owner, id, worst);
                if link == Link::First && is_circle(Link::First) {
                    Err(unsupported(Unsupported::EndlessDefault))
                } else if link == Link::Always && is_circle(Link::Always) {
                    Ok(Value::Link(self.type_path(id)?))
                } else if link == Link::Other && is_circle(Link::Other) {
                    Ok(Value::Boxed(self.type_path(id)?))
                } else if self.options.boxed.contains(label) {
                    self.used.borrow_mut().boxed.insert(label.to_owned());
                    Ok(Value::Boxed(self.type_path(id)?))
                } else {
                    Ok(Value::Slot {
                        ty: self.ty(slot.get_type()?, label)?,
                        preset,
                    })
                }
            }
            _ => Ok(Value::Slot {
                ty: self.ty(slot.get_type()?, label)?,
                preset,
            }),
        }
    }

    fn group(
        &self,
        frame: &Frame,
        field: field::Reader<'_>,
        id: u64,
        name: &str,
        label: &str,
    ) -> Result<Value, Error> {
        let module = names::wire_module(name);
        let outer = &frame.wire;
        let part = Frame {
            id,
            owner: frame.owner,
            label: label.to_owned(),
            ident: format_ident!("{}{}", frame.ident, names::capital(name)),
            doc: vec![format!("What is in `{label}`.")],
            wire: quote!(#outer::#module),
            role: Role::Part,
            link: frame.link.then(field),
        };
        let fields = self.fields(id)?;
        if !is_maybe(&fields)? {
            return Ok(Value::Group(Box::new(self.record(part)?)));
        }
        let [nothing, something] = &fields.union[..] else {
            return Err(Error::Request(capnp::Error::failed(
                "a union of two has two".to_owned(),
            )));
        };
        Ok(Value::Maybe(Box::new(Maybe {
            nothing: self.member(&part, nothing.0, nothing.1)?,
            something: self.member(&part, something.0, something.1)?,
            wire: part.wire,
        })))
    }
}

/// Whether a group is a union of nothing and something: the first of two members is called `none`
/// and holds nothing.
fn is_maybe(fields: &Fields<'_>) -> Result<bool, Error> {
    let [(_, first), _] = &fields.union[..] else {
        return Ok(false);
    };
    let field::Slot(slot) = first.which().map_err(capnp::Error::from)? else {
        return Ok(false);
    };
    Ok(fields.plain.is_empty()
        && owned(first.get_name())? == "none"
        && matches!(slot.get_type()?.which(), Ok(type_::Void(()))))
}

/// The comment on a field, with what is said of the two members of an `Option`.
fn field_doc(doc: Vec<String>, value: &Value) -> Vec<String> {
    match value {
        Value::Maybe(maybe) => docs::paragraphs([
            doc,
            docs::labelled("`None`", &maybe.nothing.doc),
            docs::labelled("`Some`", &maybe.something.doc),
        ]),
        _ => doc,
    }
}
