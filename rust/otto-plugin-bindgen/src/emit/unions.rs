//! Unions: an enum with a variant for each member, and one for members that the schema does not
//! have.

use proc_macro2::TokenStream;
use quote::quote;

use super::read::{self, Source};
use super::write::{self, Place, Target};
use super::{doc, structs, types, with_self};
use crate::model::{Member, Record, Type, Union, Value};

/// The enum, its default and its conversions, and the records in it.
pub(super) fn union(record: &Record, union: &Union) -> TokenStream {
    let definition = definition(record, union);
    let conversions = structs::conversions(record, read(record, union), write(record, union));
    let parts = structs::parts(union.members.iter().map(|member| &member.value));
    quote!(#definition #conversions #parts)
}

fn definition(record: &Record, union: &Union) -> TokenStream {
    let ident = &record.ident;
    let docs = doc(&record.doc);
    let unknown = &union.unknown;
    // Only a variant without a payload can be marked as the default.
    let is_default = union.members.first().is_some_and(is_void);
    let mut marks = (is_default && !record.capabilities)
        .then(|| quote!(#[default]))
        .into_iter();
    let variants = union.members.iter().map(|member| {
        let docs = doc(&member.doc);
        let mark = marks.next();
        let name = &member.ident;
        let ty = with_self(types::value(&member.value), ident);
        let payload = (!is_void(member)).then(|| quote!((#ty)));
        quote!(#docs #mark #name #payload,)
    });
    let derives = structs::derives(record, is_default);
    let default = default(record, union);
    quote! {
        #docs
        #derives
        #[non_exhaustive]
        pub enum #ident {
            #(#variants)*
            /// A member that this version of the schema does not have, by its number. It can be
            /// received, but not be sent.
            #unknown(u16),
        }
        #default
    }
}

fn default(record: &Record, union: &Union) -> TokenStream {
    let first = match union.members.first() {
        Some(member) if !is_void(member) && !record.capabilities => member,
        _ => return TokenStream::new(),
    };
    let ident = &record.ident;
    let name = &first.ident;
    let preset = structs::preset(&first.value)
        .map_or_else(|| quote!(Default::default()), TokenStream::clone);
    quote! {
        impl Default for #ident {
            fn default() -> Self {
                Self::#name(#preset)
            }
        }
    }
}

fn read(record: &Record, union: &Union) -> TokenStream {
    let wire = &record.wire;
    let unknown = &union.unknown;
    let arms = union.members.iter().map(|member| {
        let which = &member.which;
        let name = &member.ident;
        if is_void(member) {
            return quote!(Ok(#wire::Which::#which(())) => Self::#name,);
        }
        let source = Source::Value(quote!(value));
        let value = read::value(&member.value, &source, &member.label);
        quote!(Ok(#wire::Which::#which(value)) => Self::#name(#value),)
    });
    quote! {
        Ok(match reader.which() {
            #(#arms)*
            Err(capnp::NotInSchema(number)) => Self::#unknown(number),
        })
    }
}

fn write(record: &Record, union: &Union) -> TokenStream {
    let label = &record.label;
    let unknown = &union.unknown;
    let arms = union.members.iter().map(|member| {
        let name = &member.ident;
        let target = Target::Field(quote!(builder), &member.wire);
        let place = Place::Reference(quote!(value));
        let write = write::value(&member.value, &place, &target, &member.label);
        let payload = (!is_void(member)).then(|| quote!((value)));
        quote!(Self::#name #payload => { #write })
    });
    quote! {
        match self {
            #(#arms)*
            Self::#unknown(number) => return Err(cx.unknown(#label, *number)),
        }
    }
}

fn is_void(member: &Member) -> bool {
    matches!(member.value, Value::Slot { ty: Type::Void, .. })
}
