//! Reading single values.
//!
//! The code names the reader of the record `reader`, and the state of the runtime `cx`. It stands in
//! functions whose error type is the runtime's, and leaves them with `?`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::model::{Maybe, Type, Value};

/// Where a value is read from.
pub(super) enum Source<'a> {
    /// A field of the reader of this name, by the name of its accessor.
    Field(TokenStream, &'a str),
    /// What is in an element of a list, or in a member of a union: what the wire type's own
    /// accessor would answer.
    Value(TokenStream),
}

impl Source<'_> {
    /// What the accessor answers.
    fn tokens(&self) -> TokenStream {
        match self {
            Self::Field(reader, name) => {
                let get = format_ident!("get_{name}");
                quote!(#reader.#get())
            }
            Self::Value(value) => value.clone(),
        }
    }

    /// Whether the pointer is there.
    fn has(&self) -> TokenStream {
        match self {
            Self::Field(reader, name) => {
                let has = format_ident!("has_{name}");
                quote!(#reader.#has())
            }
            Self::Value(_) => quote!(true),
        }
    }
}

/// An expression for the value of a field or of a member.
pub(super) fn value(value: &Value, source: &Source<'_>, label: &str) -> TokenStream {
    let got = source.tokens();
    match value {
        Value::Boxed(path) => quote!(Box::new(#path::read(cx.pointer(#got, #label)?, cx)?)),
        Value::Group(record) => {
            let ident = &record.ident;
            quote!(#ident::read(#got, cx)?)
        }
        Value::Link(path) => {
            let has = source.has();
            quote! {
                if #has {
                    Some(Box::new(#path::read(cx.pointer(#got, #label)?, cx)?))
                } else {
                    None
                }
            }
        }
        Value::Maybe(maybe) => self::maybe(maybe, got, label),
        Value::OptionalClient(_) => {
            let has = source.has();
            quote! {
                if #has {
                    Some(rpc::Client::from_capability(cx.capability(true, #got, #label)?))
                } else {
                    None
                }
            }
        }
        Value::Slot { ty, .. } => self::ty(ty, source, label),
        Value::Which(record) => {
            let ident = &record.ident;
            quote!(#ident::read(reader, cx)?)
        }
    }
}

fn maybe(maybe: &Maybe, got: TokenStream, label: &str) -> TokenStream {
    let wire = &maybe.wire;
    let nothing = &maybe.nothing.which;
    let something = &maybe.something.which;
    let inner = Source::Value(quote!(value));
    let value = value(&maybe.something.value, &inner, &maybe.something.label);
    quote! {
        match #got.which() {
            Ok(#wire::Which::#nothing(())) => None,
            Ok(#wire::Which::#something(value)) => Some(#value),
            Err(capnp::NotInSchema(number)) => return Err(cx.unknown(#label, number)),
        }
    }
}

fn ty(ty: &Type, source: &Source<'_>, label: &str) -> TokenStream {
    let got = source.tokens();
    match ty {
        Type::Bool | Type::Number(_) => got,
        Type::Client { .. } => {
            let has = source.has();
            quote!(rpc::Client::from_capability(cx.capability(#has, #got, #label)?))
        }
        Type::Data => quote!(cx.data(#got, #label)?),
        Type::Enumeration(path) => quote!(#path::from(cx.number(#got))),
        Type::List(element) => {
            let items = collect(element, label);
            quote!(cx.pointer(#got, #label)?.iter() #items)
        }
        Type::Map {
            key_label,
            value_label,
            value,
        } => {
            let inner = Source::Field(quote!(entry), "value");
            let value = self::ty(value, &inner, value_label);
            quote! {
                {
                    let mut map = BTreeMap::new();
                    for entry in cx.pointer(#got, #label)? {
                        let key = cx.text(entry.get_key(), #key_label)?;
                        let value = #value;
                        match map.entry(key) {
                            btree_map::Entry::Vacant(vacant) => {
                                vacant.insert(value);
                            }
                            btree_map::Entry::Occupied(occupied) => {
                                return Err(cx.duplicate_key(occupied.remove_entry().0, #label));
                            }
                        }
                    }
                    map
                }
            }
        }
        Type::Struct(path) => quote!(#path::read(cx.pointer(#got, #label)?, cx)?),
        Type::Text => quote!(cx.text(#got, #label)?),
        Type::Void => quote!(()),
    }
}

/// What makes a list of the Rust type of the iterator over one of the wire type.
fn collect(element: &Type, label: &str) -> TokenStream {
    let item = Source::Value(quote!(item));
    let fallible = |item: TokenStream| quote!(.map(|item| #item).collect::<Result<_, _>>()?);
    match element {
        Type::Void | Type::Bool | Type::Number(_) => quote!(.collect()),
        Type::Enumeration(path) => {
            quote!(.map(|item| #path::from(cx.number(item))).collect())
        }
        Type::Text => fallible(quote!(cx.text(item, #label))),
        Type::Data => fallible(quote!(cx.data(item, #label))),
        Type::Struct(path) => fallible(quote!(#path::read(item, cx))),
        _ => {
            let item = ty(element, &item, label);
            fallible(quote!(Ok::<_, rpc::Malformed>(#item)))
        }
    }
}
