//! Reading and writing single values.
//!
//! The code for reading names the reader of the record `reader`, and that for writing names the
//! builder `builder`; both name the state of the runtime `cx`. Both are in functions whose error
//! type is the runtime's, and leave them with `?`.

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

/// Where a value is written to.
pub(super) enum Target<'a> {
    /// A field of the builder of this name, by the name of its accessor.
    Field(TokenStream, &'a str),
    /// The element `index` of the builder `list`, which holds lists or anything else.
    Element { of_lists: bool },
}

impl Target<'_> {
    fn set(&self, value: TokenStream) -> TokenStream {
        match self {
            Self::Field(builder, name) => {
                let set = format_ident!("set_{name}");
                quote!(#builder.#set(#value))
            }
            Self::Element { .. } => quote!(list.set(index, #value)),
        }
    }

    fn init(&self, length: Option<TokenStream>) -> TokenStream {
        match self {
            Self::Field(builder, name) => {
                let init = format_ident!("init_{name}");
                quote!(#builder.reborrow().#init(#length))
            }
            Self::Element { of_lists: true } => quote!(list.reborrow().init(index, #length)),
            Self::Element { of_lists: false } => quote!(list.reborrow().get(index)),
        }
    }
}

/// A value to write: where it is.
#[derive(Clone)]
pub(super) enum Place {
    /// A field, such as `self.name`.
    Field(TokenStream),
    /// A variable that refers to it.
    Reference(TokenStream),
}

impl Place {
    /// The value itself, which can be copied.
    fn copied(&self) -> TokenStream {
        match self {
            Self::Field(place) => place.clone(),
            Self::Reference(place) => quote!(*#place),
        }
    }

    /// A reference to it.
    fn reference(&self) -> TokenStream {
        match self {
            Self::Field(place) => quote!(&#place),
            Self::Reference(place) => place.clone(),
        }
    }

    /// What a method can be called on.
    fn receiver(&self) -> &TokenStream {
        match self {
            Self::Field(place) | Self::Reference(place) => place,
        }
    }
}

/// An expression for the value of a field or of a member.
pub(super) fn read(value: &Value, source: &Source<'_>, label: &str) -> TokenStream {
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
        Value::Maybe(maybe) => read_maybe(maybe, got, label),
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
        Value::Slot { ty, .. } => read_type(ty, source, label),
        Value::Which(record) => {
            let ident = &record.ident;
            quote!(#ident::read(reader, cx)?)
        }
    }
}

fn read_maybe(maybe: &Maybe, got: TokenStream, label: &str) -> TokenStream {
    let wire = &maybe.wire;
    let nothing = &maybe.nothing.which;
    let something = &maybe.something.which;
    let inner = Source::Value(quote!(value));
    let value = read(&maybe.something.value, &inner, &maybe.something.label);
    quote! {
        match #got.which() {
            Ok(#wire::Which::#nothing(())) => None,
            Ok(#wire::Which::#something(value)) => Some(#value),
            Err(capnp::NotInSchema(number)) => return Err(cx.unknown(#label, number)),
        }
    }
}

fn read_type(ty: &Type, source: &Source<'_>, label: &str) -> TokenStream {
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
            let value = read_type(value, &inner, value_label);
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
            let item = read_type(element, &item, label);
            fallible(quote!(Ok::<_, rpc::Malformed>(#item)))
        }
    }
}

/// Statements that write the value of a field or of a member.
pub(super) fn write(value: &Value, place: &Place, target: &Target<'_>, label: &str) -> TokenStream {
    let receiver = place.receiver();
    match value {
        Value::Boxed(_) | Value::Group(_) => {
            let init = target.init(None);
            quote!(#receiver.write(#init, cx)?;)
        }
        Value::Link(_) => {
            let init = target.init(None);
            let reference = place.reference();
            quote! {
                if let Some(value) = #reference {
                    value.write(#init, cx)?;
                }
            }
        }
        Value::Maybe(maybe) => write_maybe(maybe, place, target),
        Value::OptionalClient(_) => {
            let set = target.set(quote!(cx.capability(rpc::Client::capability(value))?));
            let reference = place.reference();
            quote! {
                if let Some(value) = #reference {
                    #set;
                }
            }
        }
        Value::Slot { ty, .. } => write_type(ty, place, target, label),
        Value::Which(_) => quote!(#receiver.write(builder.reborrow(), cx)?;),
    }
}

fn write_maybe(maybe: &Maybe, place: &Place, target: &Target<'_>) -> TokenStream {
    let inner = |name| Target::Field(quote!(group), name);
    let nothing = inner(&maybe.nothing.wire).set(quote!(()));
    let something = write(
        &maybe.something.value,
        &Place::Reference(quote!(value)),
        &inner(&maybe.something.wire),
        &maybe.something.label,
    );
    let init = target.init(None);
    let reference = place.reference();
    quote! {
        {
            let mut group = #init;
            match #reference {
                None => #nothing,
                Some(value) => {
                    #something
                }
            }
        }
    }
}

fn write_type(ty: &Type, place: &Place, target: &Target<'_>, label: &str) -> TokenStream {
    let receiver = place.receiver();
    match ty {
        Type::Bool | Type::Number(_) => statement(target.set(place.copied())),
        Type::Client { wire, .. } => {
            let reference = place.reference();
            let capability = quote!(cx.capability(rpc::Client::capability(#reference))?);
            match target {
                Target::Field(..) => statement(target.set(capability)),
                Target::Element { .. } => {
                    let set = target.set(quote!(
                        capnp::capability::FromClientHook::into_client_hook(capability)
                    ));
                    quote! {
                        let capability: #wire::Client = #capability;
                        #set;
                    }
                }
            }
        }
        Type::Data => {
            let set = target.set(place.reference());
            quote! {
                cx.length(#receiver.len(), #label)?;
                #set;
            }
        }
        Type::Enumeration(_) => {
            let value = place.copied();
            statement(target.set(quote!(cx.number(u16::from(#value), #label)?)))
        }
        Type::List(element) if matches!(**element, Type::Void) => {
            statement(target.init(Some(quote!(cx.length(#receiver.len(), #label)?))))
        }
        Type::List(element) => {
            let init = target.init(Some(quote!(cx.length(#receiver.len(), #label)?)));
            let of_lists = matches!(**element, Type::List(_) | Type::Map { .. });
            let item = Place::Reference(quote!(item));
            let write = write_type(element, &item, &Target::Element { of_lists }, label);
            let reference = place.reference();
            quote! {
                {
                    let mut list = #init;
                    for (index, item) in (0..).zip(#reference) {
                        #write
                    }
                }
            }
        }
        Type::Map {
            key_label,
            value_label,
            value,
        } => {
            let init = target.init(Some(quote!(cx.length(#receiver.len(), #label)?)));
            let write = write_type(
                value,
                &Place::Reference(quote!(value)),
                &Target::Field(quote!(entry), "value"),
                value_label,
            );
            let reference = place.reference();
            quote! {
                {
                    let mut list = #init;
                    for (index, (key, value)) in (0..).zip(#reference) {
                        let mut entry = list.reborrow().get(index);
                        cx.length(key.len(), #key_label)?;
                        entry.set_key(key.as_str());
                        #write
                    }
                }
            }
        }
        Type::Struct(_) => {
            let init = target.init(None);
            quote!(#receiver.write(#init, cx)?;)
        }
        Type::Text => {
            let set = target.set(quote!(#receiver.as_str()));
            quote! {
                cx.length(#receiver.len(), #label)?;
                #set;
            }
        }
        Type::Void => statement(target.set(quote!(()))),
    }
}

fn statement(expression: TokenStream) -> TokenStream {
    quote!(#expression;)
}
