//! Enums of the schema.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::doc;
use crate::model::Enumeration;

/// The enum, and its conversions from and to its number on the wire.
pub(super) fn enumeration(enumeration: &Enumeration) -> TokenStream {
    let ident = &enumeration.ident;
    let docs = doc(&enumeration.doc);
    let unknown = &enumeration.unknown;
    let mut marks = std::iter::once(quote!(#[default]));
    let variants = enumeration.variants.iter().map(|variant| {
        let docs = doc(&variant.doc);
        let mark = marks.next();
        let name = &variant.ident;
        quote!(#docs #mark #name,)
    });
    let numbers = || {
        (0..)
            .map(Literal::u16_unsuffixed)
            .zip(&enumeration.variants)
    };
    let from = numbers().map(|(number, variant)| {
        let name = &variant.ident;
        quote!(#number => Self::#name,)
    });
    let to = numbers().map(|(number, variant)| {
        let name = &variant.ident;
        quote!(#ident::#name => #number,)
    });
    quote! {
        #docs
        #[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum #ident {
            #(#variants)*
            /// A number that this version of the schema does not have. It can be received, but not
            /// be sent.
            #unknown(u16),
        }

        impl From<u16> for #ident {
            fn from(number: u16) -> Self {
                match number {
                    #(#from)*
                    number => Self::#unknown(number),
                }
            }
        }

        impl From<#ident> for u16 {
            fn from(value: #ident) -> Self {
                match value {
                    #(#to)*
                    #ident::#unknown(number) => number,
                }
            }
        }
    }
}
