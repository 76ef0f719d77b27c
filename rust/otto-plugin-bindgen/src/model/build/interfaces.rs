//! Interfaces and their methods.

use capnp::schema_capnp::{field, method, node, type_};
use proc_macro2::Ident;
use quote::{format_ident, quote};

use super::Maker;
use super::records::Frame;
use crate::docs;
use crate::error::{Error, Unsupported};
use crate::model::graph::Link;
use crate::model::request::owned;
use crate::model::{
    Answer, Body, ErrorField, Field, Interface, Method, Params, Record, Reply, Results, Role,
};
use crate::names;

/// The id of Otto's struct `Error`.
const ERROR: u64 = 0x9f4b_441c_addb_b06d;

/// The id of the results that `-> stream` stands for.
const STREAM_RESULT: u64 = 0x995f_9a33_77c0_b16e;

impl Maker<'_> {
    pub(super) fn interface(
        &self,
        id: u64,
        interface: node::interface::Reader<'_>,
    ) -> Result<Interface, Error> {
        if !interface.get_superclasses()?.is_empty() {
            return Err(self.unsupported(id, Unsupported::Superclass)?);
        }
        let ident = self.type_ident(id)?;
        let client = format_ident!("{ident}Client");
        let server = format_ident!("{ident}Server");
        for ident in [&ident, &client, &server] {
            self.claim(ident, &self.label(id)?)?;
        }
        let shout = names::shout(&ident.to_string());
        let mut methods = Vec::new();
        for (index, method) in (0..).zip(interface.get_methods()?) {
            methods.push(self.method(id, index, method)?);
        }
        Ok(Interface {
            id,
            label: self.label(id)?,
            doc: docs::lines(&self.request.comment(id)?),
            wire: self.wire_path(id)?,
            client,
            server,
            table: format_ident!("{shout}_INTERFACE"),
            methods_table: format_ident!("{shout}_METHODS"),
            ident,
            methods,
        })
    }

    /// Whether a struct is nothing but the results of methods, with an error in it: the bindings
    /// make a `Result` of it.
    pub(super) fn is_reply(&self, id: u64) -> Result<bool, Error> {
        if self.error_field(id)?.is_none() {
            return Ok(false);
        }
        for node in &self.request.order {
            if let Ok(node::Interface(interface)) = self.request.node(*node)?.which() {
                for method in interface.get_methods()? {
                    if method.get_result_struct_type() == id {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    fn method(
        &self,
        interface: u64,
        index: u32,
        method: method::Reader<'_>,
    ) -> Result<Method, Error> {
        let name = owned(method.get_name())?;
        let label = format!("{}.{name}", self.label(interface)?);
        if !method.get_implicit_parameters()?.is_empty() {
            return Err(Error::Unsupported {
                node: label,
                what: Unsupported::Generic,
            });
        }
        let prefix = format_ident!("{}{}", self.type_ident(interface)?, names::capital(&name));
        let outer = self.wire_path(interface)?;

        let params_id = method.get_param_struct_type();
        let (params_wire, params) = if self.request.node(params_id)?.get_scope_id() == 0 {
            let module = names::wire_module(&format!("{name}Params"));
            let wire = quote!(#outer::#module);
            let frame = Frame {
                id: params_id,
                owner: params_id,
                label: label.clone(),
                ident: format_ident!("{prefix}Params"),
                doc: Vec::new(),
                wire: wire.clone(),
                role: Role::Params,
                link: Link::Always,
            };
            (
                wire,
                Params::Flat {
                    record: self.record(frame)?,
                },
            )
        } else {
            (
                self.wire_path(params_id)?,
                Params::Named(self.type_path(params_id)?),
            )
        };

        let results_id = method.get_result_struct_type();
        let results = if results_id == STREAM_RESULT {
            if self.options.required.contains(&label) {
                self.used.borrow_mut().required.insert(label.clone());
            }
            Results::Stream
        } else {
            let wire = if self.request.node(results_id)?.get_scope_id() == 0 {
                let module = names::wire_module(&format!("{name}Results"));
                quote!(#outer::#module)
            } else {
                self.wire_path(results_id)?
            };
            let frame = Frame {
                id: results_id,
                owner: results_id,
                label: label.clone(),
                ident: format_ident!("{prefix}Results"),
                doc: vec![format!("What `{label}` answers.")],
                wire,
                role: Role::Part,
                link: Link::Always,
            };
            Results::Reply(Box::new(self.reply(frame, format_ident!("{prefix}Reply"))?))
        };

        let doc = docs::lines(&self.request.member_comment(interface, index)?);
        Ok(Method {
            ident: method_ident(&name),
            wire: names::wire_module(&name),
            doc: method_doc(doc, &results),
            label,
            name,
            params,
            params_wire,
            results,
        })
    }

    fn reply(&self, frame: Frame, ident: Ident) -> Result<Reply, Error> {
        self.claim(&ident, &frame.label)?;
        let error = self.error_field(frame.id)?;
        let is_named = self.request.node(frame.id)?.get_scope_id() != 0;
        if self.options.required.contains(&frame.label) {
            self.used.borrow_mut().required.insert(frame.label.clone());
        }
        let required = error.is_none() || self.options.required.contains(&frame.label);
        let wire = frame.wire.clone();
        let answer = if is_named && error.is_none() {
            Answer::Named(self.type_path(frame.id)?)
        } else {
            let is_chosen = |name: &str| error.is_none() || name != "error";
            self.answer(&frame, self.plain_fields(&frame, is_chosen)?)?
        };
        let error = error
            .map(|path| {
                let label = format!("{}.error", frame.label);
                Ok::<_, Error>(ErrorField {
                    label,
                    path: self.type_path(path)?,
                })
            })
            .transpose()?;
        Ok(Reply {
            ident,
            wire,
            error,
            required,
            answer,
        })
    }

    fn answer(&self, frame: &Frame, mut fields: Vec<Field>) -> Result<Answer, Error> {
        Ok(match fields.pop() {
            None => Answer::Nothing,
            Some(field) if fields.is_empty() => Answer::One(field),
            Some(last) => {
                fields.push(last);
                self.claim(&frame.ident, &frame.label)?;
                Answer::Several(Record {
                    label: frame.label.clone(),
                    ident: frame.ident.clone(),
                    doc: frame.doc.clone(),
                    wire: frame.wire.clone(),
                    body: Body::Fields(fields),
                    role: Role::Part,
                    deeper: false,
                    capabilities: self.graph.has_capabilities(frame.owner),
                })
            }
        })
    }

    /// The id of the type of a struct's field for an error, if it has one.
    fn error_field(&self, id: u64) -> Result<Option<u64>, Error> {
        for field in self.request.structure(id)?.get_fields()? {
            if owned(field.get_name())? == "error"
                && field.get_discriminant_value() == field::NO_DISCRIMINANT
                && let Ok(field::Slot(slot)) = field.which()
                && let Ok(type_::Struct(held)) = slot.get_type()?.which()
                && held.get_type_id() == ERROR
            {
                return Ok(Some(ERROR));
            }
        }
        Ok(None)
    }
}

/// The name of a method. `new` is the one that every client has already.
fn method_ident(name: &str) -> Ident {
    let name = names::snake(name);
    if name == "new" {
        format_ident!("new_")
    } else {
        names::ident(&name)
    }
}

/// The comment on a method, with what is said of its only result.
fn method_doc(doc: Vec<String>, results: &Results) -> Vec<String> {
    match results {
        Results::Reply(reply) => match &reply.answer {
            Answer::One(field) => docs::paragraphs([doc, field.doc.clone()]),
            _ => doc,
        },
        Results::Stream => doc,
    }
}
