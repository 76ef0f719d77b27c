//! Interfaces: the trait to implement, the typed client, and what is between them and the wire.

use proc_macro2::TokenStream;
use quote::quote;

use super::{clients, replies, servers, structs, table, traits};
use crate::model::{Interface, Params, Results};

pub(super) fn interface(interface: &Interface) -> TokenStream {
    let mut items = TokenStream::new();
    items.extend(traits::definition(interface));
    items.extend(clients::client(interface));
    items.extend(table::interface(interface));
    items.extend(servers::server(interface));
    for method in &interface.methods {
        if let Params::Flat { record } = &method.params {
            items.extend(structs::record(record));
        }
        if let Results::Reply(reply) = &method.results {
            items.extend(replies::reply(reply));
        }
    }
    quote!(#items)
}
