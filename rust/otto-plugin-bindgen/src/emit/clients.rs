//! The typed client of an interface.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{doc, replies, traits};
use crate::model::{Interface, Method, Params, Results};

pub(super) fn client(interface: &Interface) -> TokenStream {
    let ident = &interface.ident;
    let client = &interface.client;
    let server = &interface.server;
    let table = &interface.table;
    let wire = &interface.wire;
    let about = format!(
        " A client of [`{ident}`]: it calls the one that it was made of, and so do its clones."
    );
    let serves =
        " Makes a client of an implementation, which serves whoever the client is handed to.";
    let methods = interface
        .methods
        .iter()
        .zip(0..)
        .map(|(method, at)| call(interface, method, at));
    let held = match &interface.methods[..] {
        [] => quote!(_serving: serving),
        _ => quote!(serving),
    };
    quote! {
        #[doc = #about]
        #[derive(Clone, Debug)]
        pub struct #client(rpc::Capability);

        impl #client {
            #[doc = #serves]
            pub fn new(imp: impl #ident) -> Self {
                Self(rpc::Capability::serve(imp, |serving| {
                    let client: #wire::Client = capnp_rpc::new_client(#server { #held });
                    capnp::capability::FromClientHook::into_client_hook(client)
                }))
            }

            #(#methods)*
        }

        impl rpc::Client for #client {
            const INTERFACE: &'static rpc::Interface = &#table;

            fn from_capability(capability: rpc::Capability) -> Self {
                Self(capability)
            }

            fn capability(&self) -> &rpc::Capability {
                &self.0
            }
        }
    }
}

fn call(interface: &Interface, method: &Method, at: usize) -> TokenStream {
    let ident = &method.ident;
    let docs = doc(&method.doc);
    let methods = &interface.methods_table;
    let at = Literal::usize_unsuffixed(at);
    let (arguments, params) = params(&method.params);
    let (answer, body) = match &method.results {
        Results::Stream => (
            quote!(()),
            quote!(self.0.stream(&#methods[#at], #params).await),
        ),
        Results::Reply(reply) => {
            let answer = &reply.ident;
            let result = match &reply.error {
                Some(_) => quote!(reply.map_err(rpc::CallError::Failed)),
                None => quote!(Ok(reply)),
            };
            let body = quote! {
                let #answer(reply) = self.0.call(&#methods[#at], #params).await?;
                #result
            };
            (replies::answer(reply), body)
        }
    };
    quote! {
        #docs
        pub async fn #ident(&self, #(#arguments),*) -> Result<#answer, rpc::CallError> {
            #body
        }
    }
}

/// The arguments of a call, and the expression that makes the params of them.
fn params(params: &Params) -> (Vec<TokenStream>, TokenStream) {
    let Params::Flat { record } = params else {
        let arguments = traits::arguments(params);
        let declared = arguments.iter().map(|(name, ty)| quote!(#name: #ty));
        return (declared.collect(), quote!(params));
    };
    let ident = &record.ident;
    let mut declared = Vec::new();
    let mut inits = Vec::new();
    for (field, (name, ty)) in traits::fields(params)
        .into_iter()
        .flatten()
        .zip(traits::arguments(params))
    {
        if traits::is_text(&field.value) {
            declared.push(quote!(#name: impl Into<String>));
            inits.push(quote!(#name: #name.into()));
        } else {
            declared.push(quote!(#name: #ty));
            inits.push(quote!(#name));
        }
    }
    (declared, quote!(#ident { #(#inits),* }))
}
