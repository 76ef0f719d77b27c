//! Writing single values.
//!
//! The code names the builder of the record `builder`, and the state of the runtime `cx`. It stands
//! in functions whose error type is the runtime's, and leaves them with `?`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::model::{Maybe, Type, Value};

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

/// Statements that write the value of a field or of a member.
pub(super) fn value(value: &Value, place: &Place, target: &Target<'_>, label: &str) -> TokenStream {
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
        Value::Maybe(maybe) => self::maybe(maybe, place, target),
        Value::OptionalClient(_) => {
            let set = target.set(quote!(cx.capability(rpc::Client::capability(value))?));
            let reference = place.reference();
            quote! {
                if let Some(value) = #reference {
                    #set;
                }
            }
        }
        Value::Slot { ty, .. } => self::ty(ty, place, target, label),
        Value::Which(_) => quote!(#receiver.write(builder.reborrow(), cx)?;),
    }
}

fn maybe(maybe: &Maybe, place: &Place, target: &Target<'_>) -> TokenStream {
    let inner = |name| Target::Field(quote!(group), name);
    let nothing = inner(&maybe.nothing.wire).set(quote!(()));
    let something = value(
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

fn ty(ty: &Type, place: &Place, target: &Target<'_>, label: &str) -> TokenStream {
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
            let write = self::ty(element, &item, &Target::Element { of_lists }, label);
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
            let write = self::ty(
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
