//! The adaptor that serves a trait by the wire type's `Server`.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::traits;
use crate::model::{Answer, Interface, Method, Params, Results};
use crate::names;

pub(super) fn server(interface: &Interface) -> TokenStream {
    let ident = &interface.ident;
    let server = &interface.server;
    let wire = &interface.wire;
    let methods = interface
        .methods
        .iter()
        .zip(0..)
        .map(|(method, at)| serve(interface, method, at));
    // Without a method, nobody asks for what is served.
    let held = match &interface.methods[..] {
        [] => quote!(_serving),
        _ => quote!(serving),
    };
    quote! {
        struct #server<T: #ident> {
            #held: rpc::Serving<T>,
        }

        impl<T: #ident> #wire::Server for #server<T> {
            #(#methods)*
        }
    }
}

fn serve(interface: &Interface, method: &Method, at: usize) -> TokenStream {
    let name = &method.wire;
    let ident = &method.ident;
    let wire = &interface.wire;
    let methods = &interface.methods_table;
    let at = Literal::usize_unsuffixed(at);
    let params_alias = format_ident!("{}Params", names::capital(&method.name));
    let results_alias = format_ident!("{}Results", names::capital(&method.name));
    let (pattern, arguments) = match &method.params {
        Params::Flat { record } => {
            let ty = &record.ident;
            let names: Vec<_> = traits::arguments(&method.params);
            let arguments: Vec<_> = names.iter().map(|(name, _)| quote!(params.#name)).collect();
            let pattern = if arguments.is_empty() {
                quote!(_: #ty)
            } else {
                quote!(params: #ty)
            };
            (pattern, arguments)
        }
        Params::Named(path) => (quote!(params: #path), vec![quote!(params)]),
    };
    let call = quote!(imp.#ident(#(#arguments),*).await);
    let (results, body) = match &method.results {
        Results::Stream => {
            let body = quote! {
                self.serving.stream(
                    &#methods[#at],
                    params,
                    |imp, #pattern| async move { #call },
                )
            };
            (TokenStream::new(), body)
        }
        Results::Reply(reply) => {
            let ident = &reply.ident;
            let call = match (&reply.answer, &reply.error) {
                (Answer::Nothing, None) => quote!(#call; #ident(())),
                _ => quote!(#ident(#call)),
            };
            let body = quote! {
                self.serving.call(
                    &#methods[#at],
                    params,
                    results,
                    |imp, #pattern| async move { #call },
                )
            };
            (quote!(results: #wire::#results_alias,), body)
        }
    };
    quote! {
        fn #name(
            self: capnp::capability::Rc<Self>,
            params: #wire::#params_alias,
            #results
        ) -> impl Future<Output = Result<(), capnp::Error>> + 'static {
            #body
        }
    }
}
