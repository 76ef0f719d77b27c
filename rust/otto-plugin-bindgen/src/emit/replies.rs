//! The results of methods, as messages.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::read::{self, Source};
use super::write::Place;
use super::{structs, types};
use crate::model::{Answer, Body, ErrorField, Field, Record, Reply};

/// The type that stands for the results, which only the bindings see, and the types in it.
pub(super) fn reply(reply: &Reply) -> TokenStream {
    let ident = &reply.ident;
    let wire = &reply.wire;
    let output = output(reply);
    let conversions = structs::functions(wire, &read(reply), &write(reply));
    let (error, failed) = match &reply.error {
        Some(_) => (quote!(error), quote!(Some(Self(Err(error))))),
        None => (quote!(_error), quote!(None)),
    };
    let error_path = quote!(rpc::Error);
    let parts = match &reply.answer {
        Answer::Named(_) | Answer::Nothing => TokenStream::new(),
        Answer::One(field) => structs::parts(std::iter::once(&field.value)),
        Answer::Several(record) => {
            let fields = fields(record);
            let definition = structs::definition(record, fields);
            let parts = structs::parts(fields.iter().map(|field| &field.value));
            quote!(#definition #parts)
        }
    };
    quote! {
        struct #ident(#output);

        impl rpc::Message for #ident {
            type Wire = #wire::Owned;
            #conversions
        }

        impl rpc::Reply for #ident {
            fn failed(#error: #error_path) -> Option<Self> {
                #failed
            }
        }

        #parts
    }
}

/// What the method answers, with the error if it can have one.
pub(super) fn output(reply: &Reply) -> TokenStream {
    let answer = answer(reply);
    match &reply.error {
        Some(ErrorField { path, .. }) => quote!(Result<#answer, #path>),
        None => answer,
    }
}

/// What the method answers, apart from an error.
pub(super) fn answer(reply: &Reply) -> TokenStream {
    match &reply.answer {
        Answer::Named(path) => path.clone(),
        Answer::Nothing => quote!(()),
        Answer::One(field) => types::value(&field.value),
        Answer::Several(record) => {
            let ident = &record.ident;
            quote!(#ident)
        }
    }
}

fn read(reply: &Reply) -> TokenStream {
    let value = match &reply.answer {
        Answer::Named(path) => quote!(#path::read(reader, cx)?),
        Answer::Nothing => quote!(()),
        Answer::One(field) => {
            let source = Source::Field(quote!(reader), &field.wire);
            read::value(&field.value, &source, &field.label)
        }
        Answer::Several(record) => {
            let ident = &record.ident;
            let fields = structs::read_fields(fields(record));
            quote!(#ident { #fields })
        }
    };
    match &reply.error {
        Some(ErrorField { label, path }) => quote! {
            if reader.has_error() {
                let error = #path::read(cx.pointer(reader.get_error(), #label)?, cx)?;
                return Ok(Self(Err(error)));
            }
            Ok(Self(Ok(#value)))
        },
        None => quote!(Ok(Self(#value))),
    }
}

fn write(reply: &Reply) -> TokenStream {
    let is_result = reply.error.is_some();
    let place: Place = if is_result {
        Place::Reference(quote!(value))
    } else {
        Place::Field(quote!(self.0))
    };
    let value = match &reply.answer {
        Answer::Named(_) => quote!(self.0.write(builder.reborrow(), cx)?;),
        Answer::Nothing => TokenStream::new(),
        Answer::One(field) => structs::write_field(field, &place),
        Answer::Several(record) => {
            let outer = if is_result {
                quote!(value)
            } else {
                quote!(self.0)
            };
            structs::write_fields(fields(record), &|name: &Ident| {
                Place::Field(quote!(#outer.#name))
            })
        }
    };
    if !is_result {
        return quote!(#value Ok(()));
    }
    let pattern = if super::mentions(&value, "value") {
        quote!(value)
    } else {
        quote!(_)
    };
    let pattern = if matches!(reply.answer, Answer::Nothing) {
        quote!(())
    } else {
        pattern
    };
    quote! {
        match &self.0 {
            Ok(#pattern) => { #value }
            Err(error) => error.write(builder.reborrow().init_error(), cx)?,
        }
        Ok(())
    }
}

fn fields(record: &Record) -> &[Field] {
    match &record.body {
        Body::Fields(fields) => fields,
        Body::Union(_) => &[],
    }
}
