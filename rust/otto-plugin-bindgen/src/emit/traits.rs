//! The trait that serves an interface.

use proc_macro2::TokenStream;
use quote::quote;

use super::{doc, replies, types};
use crate::docs;
use crate::model::{Body, Field, Interface, Method, Params, Results, Type, Value};

pub(super) fn definition(interface: &Interface) -> TokenStream {
    let ident = &interface.ident;
    let client = &interface.client;
    let serving =
        format!("To serve it, implement it, and make a client of it with [`{client}::new`].");
    let serving = vec![serving];
    let docs = doc(&docs::paragraphs([interface.doc.clone(), serving]));
    let methods = interface.methods.iter().map(method);
    quote! {
        #docs
        pub trait #ident: Send + Sync + 'static {
            #(#methods)*
        }
    }
}

fn method(method: &Method) -> TokenStream {
    let ident = &method.ident;
    let docs = doc(&method.doc);
    let arguments = arguments(&method.params);
    let declared = arguments.iter().map(|(name, ty)| quote!(#name: #ty));
    let (output, body) = match &method.results {
        Results::Stream => (quote!(()), quote!(;)),
        Results::Reply(reply) if reply.required => (replies::output(reply), quote!(;)),
        Results::Reply(reply) => {
            let label = &method.label;
            let names: Vec<_> = arguments.iter().map(|(name, _)| name).collect();
            let ignore = match &names[..] {
                [] => TokenStream::new(),
                [name] => quote!(let _ = #name;),
                names => quote!(let _ = (#(#names),*);),
            };
            let error = reply.error.as_ref().map(|error| &error.path);
            let body = quote!({ #ignore async { Err(#error::unsupported(#label)) } });
            (replies::output(reply), body)
        }
    };
    quote! {
        #docs
        fn #ident(&self, #(#declared),*) -> impl Future<Output = #output> + Send #body
    }
}

/// The arguments of a method, with their types.
pub(super) fn arguments(params: &Params) -> Vec<(TokenStream, TokenStream)> {
    fields(params).map_or_else(
        || match params {
            Params::Named(path) => vec![(quote!(params), path.clone())],
            Params::Flat { .. } => Vec::new(),
        },
        |fields| {
            let argument = |field: &Field| {
                let name = &field.ident;
                (quote!(#name), types::value(&field.value))
            };
            fields.iter().map(argument).collect()
        },
    )
}

/// The fields of params that are not a struct of the schema.
pub(super) fn fields(params: &Params) -> Option<&[Field]> {
    match params {
        Params::Flat { record } => match &record.body {
            Body::Fields(fields) => Some(fields),
            Body::Union(_) => None,
        },
        Params::Named(_) => None,
    }
}

/// Whether an argument is a plain text.
pub(super) fn is_text(value: &Value) -> bool {
    matches!(value, Value::Slot { ty: Type::Text, .. })
}
