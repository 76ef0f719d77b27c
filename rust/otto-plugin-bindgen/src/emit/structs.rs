//! Structs: the type, its default, and its conversions.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::read::{self, Source};
use super::write::{self, Place, Target};
use super::{argument, doc, mutable, types, unions, with_self};
use crate::model::{Body, Field, Record, Role, Type, Value};

/// A record, and the records in it.
pub(super) fn record(record: &Record) -> TokenStream {
    match &record.body {
        Body::Fields(fields) => {
            let definition = definition(record, fields);
            let message = message(record, fields);
            let parts = parts(fields.iter().map(|field| &field.value));
            quote!(#definition #message #parts)
        }
        Body::Union(union) => unions::union(record, union),
    }
}

/// The records that are in values.
pub(super) fn parts<'a>(values: impl Iterator<Item = &'a Value>) -> TokenStream {
    values
        .map(|value| match value {
            Value::Group(part) | Value::Which(part) => record(part),
            Value::Maybe(maybe) => parts([&maybe.something.value].into_iter()),
            _ => TokenStream::new(),
        })
        .collect()
}

/// The type and its default, without conversions.
pub(super) fn definition(record: &Record, fields: &[Field]) -> TokenStream {
    let ident = &record.ident;
    let docs = doc(&record.doc);
    let is_public = record.role != Role::Params;
    let public = is_public.then(|| quote!(pub));
    let declarations = fields.iter().map(|field| {
        let docs = is_public.then(|| doc(&field.doc));
        let name = &field.ident;
        let ty = with_self(types::value(&field.value), ident);
        quote!(#docs #public #name: #ty,)
    });
    let derives = match record.role {
        Role::Params => TokenStream::new(),
        _ => derives(
            record,
            fields.iter().all(|field| preset(&field.value).is_none()),
        ),
    };
    let default = match record.role {
        Role::Params => TokenStream::new(),
        _ => default(record, fields),
    };
    quote! {
        #docs
        #derives
        #public struct #ident {
            #(#declarations)*
        }
        #default
    }
}

/// What is derived for a type.
pub(super) fn derives(record: &Record, is_default: bool) -> TokenStream {
    match (record.capabilities, is_default) {
        (true, _) => quote!(#[derive(Clone, Debug)]),
        (false, true) => quote!(#[derive(Clone, Debug, Default, PartialEq)]),
        (false, false) => quote!(#[derive(Clone, Debug, PartialEq)]),
    }
}

/// The default of a value, if it is not what its type has.
pub(super) fn preset(value: &Value) -> Option<&TokenStream> {
    match value {
        Value::Slot { preset, .. } => preset.as_ref(),
        _ => None,
    }
}

fn default(record: &Record, fields: &[Field]) -> TokenStream {
    if record.capabilities || fields.iter().all(|field| preset(&field.value).is_none()) {
        return TokenStream::new();
    }
    let ident = &record.ident;
    let fields = fields.iter().map(|field| {
        let name = &field.ident;
        match preset(&field.value) {
            Some(preset) => quote!(#name: #preset,),
            None => quote!(#name: Default::default(),),
        }
    });
    quote! {
        impl Default for #ident {
            fn default() -> Self {
                Self { #(#fields)* }
            }
        }
    }
}

fn message(record: &Record, fields: &[Field]) -> TokenStream {
    let read = read_fields(fields);
    let read = quote!(Ok(Self { #read }));
    let write = write_fields(fields, &|name| Place::Field(quote!(self.#name)));
    conversions(record, read, write)
}

/// The fields of an expression for the struct.
pub(super) fn read_fields(fields: &[Field]) -> TokenStream {
    fields
        .iter()
        .map(|field| {
            let name = &field.ident;
            let source = Source::Field(quote!(reader), &field.wire);
            let value = read::value(&field.value, &source, &field.label);
            quote!(#name: #value,)
        })
        .collect()
}

/// Statements that write the fields of what `place` makes of their names.
pub(super) fn write_fields(
    fields: &[Field],
    place: &dyn Fn(&proc_macro2::Ident) -> Place,
) -> TokenStream {
    fields
        .iter()
        .map(|field| write_field(field, &place(&field.ident)))
        .collect()
}

/// Statements that write a field.
pub(super) fn write_field(field: &Field, place: &Place) -> TokenStream {
    if let Value::Slot { ty: Type::Void, .. } = field.value {
        return TokenStream::new();
    }
    let target = Target::Field(quote!(builder), &field.wire);
    write::value(&field.value, place, &target, &field.label)
}

/// The functions that read and write a record: `read` is an expression for the result, and `write`
/// are statements.
pub(super) fn conversions(record: &Record, read: TokenStream, write: TokenStream) -> TokenStream {
    let ident = &record.ident;
    let wire = &record.wire;
    let (read, write) = if record.deeper {
        let write = quote!(cx.nested(|cx| { #write Ok(()) }));
        (quote!(cx.nested(|cx| #read)), write)
    } else {
        (read, quote!(#write Ok(())))
    };
    let functions = with_self(functions(wire, &read, &write), ident);
    quote! {
        impl rpc::Message for #ident {
            type Wire = #wire::Owned;
            #functions
        }
    }
}

/// The two functions of a message.
pub(super) fn functions(
    wire: &TokenStream,
    read: &TokenStream,
    write: &TokenStream,
) -> TokenStream {
    let reader = argument("reader", read);
    let read_cx = argument("cx", read);
    let builder = argument("builder", write);
    let write_cx = argument("cx", write);
    let mutable = mutable(&format_ident!("builder"), write);
    quote! {
        fn read(
            #reader: #wire::Reader<'_>,
            #read_cx: &mut rpc::Reading<'_>,
        ) -> Result<Self, rpc::Malformed> {
            #read
        }

        fn write(
            &self,
            #mutable #builder: #wire::Builder<'_>,
            #write_cx: &mut rpc::Writing<'_>,
        ) -> Result<(), rpc::Unsendable> {
            #write
        }
    }
}
