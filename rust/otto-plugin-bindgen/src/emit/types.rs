//! The Rust types of the schema's types.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::{Type, Value};

/// The type of a field.
pub(super) fn value(value: &Value) -> TokenStream {
    match value {
        Value::Boxed(path) => quote!(Box<#path>),
        Value::Group(record) | Value::Which(record) => {
            let ident = &record.ident;
            quote!(#ident)
        }
        Value::Link(path) => quote!(Option<Box<#path>>),
        Value::Maybe(maybe) => {
            let something = self::value(&maybe.something.value);
            quote!(Option<#something>)
        }
        Value::OptionalClient(path) => quote!(Option<#path>),
        Value::Slot { ty, .. } => self::ty(ty),
    }
}

pub(super) fn ty(ty: &Type) -> TokenStream {
    match ty {
        Type::Bool => quote!(bool),
        Type::Client { path, .. } | Type::Enumeration(path) | Type::Struct(path) => quote!(#path),
        Type::Data => quote!(Vec<u8>),
        Type::List(element) => {
            let element = self::ty(element);
            quote!(Vec<#element>)
        }
        Type::Map { value, .. } => {
            let value = self::ty(value);
            quote!(BTreeMap<String, #value>)
        }
        Type::Number(name) => quote!(#name),
        Type::Text => quote!(String),
        Type::Void => quote!(()),
    }
}
