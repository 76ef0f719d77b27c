//! Makes the model out of the compiled schema.

mod interfaces;
mod records;
mod types;

use std::cell::RefCell;
use std::collections::BTreeSet;

use capnp::schema_capnp::{code_generator_request, enumerant, node};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::graph::Graph;
use super::request::{Request, module_name, owned};
use super::{Enumeration, File, Item, Model, Variant};
use crate::docs;
use crate::error::{Error, Unsupported};
use crate::names;
use crate::options::{self, Options};

/// Makes the model of a compiled schema.
pub(crate) fn model(
    root: code_generator_request::Reader<'_>,
    options: &Options,
) -> Result<Model, Error> {
    let request = Request::new(root)?;
    let graph = Graph::new(&request)?;
    let used = RefCell::default();
    let mut files = Vec::new();
    for file in &request.files {
        let maker = Maker {
            request: &request,
            graph: &graph,
            options,
            used: &used,
            file: file.id,
            names: RefCell::default(),
        };
        files.push(maker.file(&file.name)?);
    }
    used.into_inner().check(options)?;
    Ok(Model { files })
}

/// Makes the model of one file.
struct Maker<'a> {
    request: &'a Request<'a>,
    graph: &'a Graph,
    options: &'a Options,
    used: &'a RefCell<Used>,
    /// The id of the file.
    file: u64,
    /// The names of the types of its bindings.
    names: RefCell<BTreeSet<String>>,
}

/// Which names of the options the schema has.
#[derive(Default)]
struct Used {
    boxed: BTreeSet<String>,
    optional: BTreeSet<String>,
    required: BTreeSet<String>,
}

impl Used {
    fn check(&self, options: &Options) -> Result<(), Error> {
        for (option, given, used) in [
            ("boxed", &options.boxed, &self.boxed),
            ("optional", &options.optional, &self.optional),
            ("required", &options.required, &self.required),
        ] {
            if let Some(name) = given.difference(used).next() {
                return Err(Error::Unmatched {
                    option,
                    name: name.clone(),
                });
            }
        }
        Ok(())
    }
}

impl Maker<'_> {
    fn file(&self, source: &str) -> Result<File, Error> {
        let root = options::path(&self.options.wire)?;
        let wire_module = names::wire_file(names::file_stem(source));
        let folder = source.rfind('/').map_or("", |end| &source[..=end]);
        let mut items = Vec::new();
        self.nested(self.file, &mut items)?;
        Ok(File {
            module: names::ident(&module_name(source)),
            source: source.to_owned(),
            doc: docs::lines(&self.request.comment(self.file)?),
            wire: quote!(#root::#wire_module),
            wire_file: format!("{folder}{wire_module}.rs"),
            wire_module,
            items,
        })
    }

    /// The items that are nested in a node, and what is nested in them.
    fn nested(&self, id: u64, items: &mut Vec<Item>) -> Result<(), Error> {
        for nested in self.request.node(id)?.get_nested_nodes()? {
            let id = nested.get_id();
            let node = self.request.node(id)?;
            match node.which().map_err(capnp::Error::from)? {
                node::Enum(enumeration) => {
                    let enumerants = enumeration.get_enumerants()?;
                    items.push(Item::Enumeration(self.enumeration(id, enumerants)?));
                }
                node::Interface(interface) => {
                    items.push(Item::Interface(self.interface(id, interface)?));
                }
                node::Struct(_) if !self.is_reply(id)? => {
                    items.push(Item::Record(self.structure(id)?));
                }
                // Constants and annotations say nothing of what is on the wire.
                _ => {}
            }
            self.nested(id, items)?;
        }
        Ok(())
    }

    fn enumeration(
        &self,
        id: u64,
        enumerants: capnp::struct_list::Reader<'_, enumerant::Owned>,
    ) -> Result<Enumeration, Error> {
        let ident = self.type_ident(id)?;
        self.claim(&ident, &self.label(id)?)?;
        let mut variants = Vec::new();
        let mut taken = false;
        for (index, enumerant) in (0..).zip(enumerants) {
            let name = owned(enumerant.get_name())?;
            taken |= name == "unknown";
            variants.push(Variant {
                ident: names::ident(&names::capital(&name)),
                doc: docs::lines(&self.request.member_comment(id, index)?),
            });
        }
        Ok(Enumeration {
            ident,
            doc: docs::lines(&self.request.comment(id)?),
            variants,
            unknown: unknown_ident(taken),
        })
    }

    /// The name of a type in errors and in options.
    fn label(&self, id: u64) -> Result<String, Error> {
        Ok(self.request.place(id)?.names.join("."))
    }

    /// The name of a type in Rust: a nested one has the names of what it is nested in before its
    /// own.
    fn type_ident(&self, id: u64) -> Result<Ident, Error> {
        if self.request.node(id)?.get_is_generic() {
            return Err(self.unsupported(id, Unsupported::Generic)?);
        }
        let name = self.request.place(id)?.names.concat();
        if names::is_taken_type(&name) {
            return Err(self.unsupported(id, Unsupported::TakenName)?);
        }
        Ok(names::ident(&name))
    }

    /// Takes a name for a type of the bindings of this file.
    fn claim(&self, ident: &Ident, label: &str) -> Result<(), Error> {
        if self.names.borrow_mut().insert(ident.to_string()) {
            return Ok(());
        }
        Err(Error::Unsupported {
            node: label.to_owned(),
            what: Unsupported::SameName,
        })
    }

    /// The path of the typed module of a node's file, with the separator, seen from this file.
    fn typed_module(&self, id: u64) -> Result<TokenStream, Error> {
        let place = self.request.place(id)?;
        if place.file == self.file {
            return Ok(TokenStream::new());
        }
        if self.request.is_requested(place.file) {
            let module = names::ident(&module_name(&self.request.file_name(place.file)?));
            return Ok(quote!(super::#module::));
        }
        let Some(foreign) = self.options.foreign.get(&place.file) else {
            return Err(self.foreign(place.file, &place.names)?);
        };
        let path = options::path(&foreign.typed)?;
        Ok(quote!(#path::))
    }

    /// The path of a struct or an enum.
    fn type_path(&self, id: u64) -> Result<TokenStream, Error> {
        let module = self.typed_module(id)?;
        let ident = self.type_ident(id)?;
        Ok(quote!(#module #ident))
    }

    /// The path of a typed client.
    fn client_path(&self, id: u64) -> Result<TokenStream, Error> {
        let module = self.typed_module(id)?;
        let ident = format_ident!("{}Client", self.type_ident(id)?);
        Ok(quote!(#module #ident))
    }

    /// The path of a node's wire module. The generated file knows its own as `wire`.
    fn wire_path(&self, id: u64) -> Result<TokenStream, Error> {
        let place = self.request.place(id)?;
        let mut path = if place.file == self.file {
            quote!(wire)
        } else {
            let file = names::wire_file(names::file_stem(&self.request.file_name(place.file)?));
            let root = if self.request.is_requested(place.file) {
                &self.options.wire
            } else if let Some(foreign) = self.options.foreign.get(&place.file) {
                &foreign.wire
            } else {
                return Err(self.foreign(place.file, &place.names)?);
            };
            let root = options::path(root)?;
            quote!(#root::#file)
        };
        for name in &place.names {
            let module = names::wire_module(name);
            path = quote!(#path::#module);
        }
        Ok(path)
    }

    fn foreign(&self, file: u64, names: &[String]) -> Result<Error, Error> {
        Ok(Error::Foreign {
            node: names.join("."),
            file: self.request.file_name(file)?,
            id: file,
        })
    }

    fn unsupported(&self, id: u64, what: Unsupported) -> Result<Error, Error> {
        Ok(Error::Unsupported {
            node: owned(self.request.node(id)?.get_display_name())?,
            what,
        })
    }
}

/// The name of the variant for numbers that the schema does not have. It is another one where the
/// schema has a member `unknown`.
fn unknown_ident(taken: bool) -> Ident {
    if taken {
        format_ident!("UnknownNumber")
    } else {
        format_ident!("Unknown")
    }
}
