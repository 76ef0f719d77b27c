//! The types of fields, and their defaults.

use capnp::schema_capnp::{field, node, type_, value};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::Maker;
use crate::error::{Error, Unsupported};
use crate::model::Type;
use crate::model::request::owned;
use crate::names;

impl Maker<'_> {
    /// A type, of the field of this name.
    pub(super) fn ty(&self, ty: type_::Reader<'_>, label: &str) -> Result<Type, Error> {
        let unsupported = |what| Error::Unsupported {
            node: label.to_owned(),
            what,
        };
        let number = |name: &str| Ok(Type::Number(format_ident!("{name}")));
        match ty.which().map_err(capnp::Error::from)? {
            type_::Void(()) => Ok(Type::Void),
            type_::Bool(()) => Ok(Type::Bool),
            type_::Int8(()) => number("i8"),
            type_::Int16(()) => number("i16"),
            type_::Int32(()) => number("i32"),
            type_::Int64(()) => number("i64"),
            type_::Uint8(()) => number("u8"),
            type_::Uint16(()) => number("u16"),
            type_::Uint32(()) => number("u32"),
            type_::Uint64(()) => number("u64"),
            type_::Float32(()) => number("f32"),
            type_::Float64(()) => number("f64"),
            type_::Text(()) => Ok(Type::Text),
            type_::Data(()) => Ok(Type::Data),
            type_::List(list) => self.list(list.get_element_type()?, label),
            type_::Enum(held) => Ok(Type::Enumeration(self.type_path(held.get_type_id())?)),
            type_::Struct(held) => Ok(Type::Struct(self.type_path(held.get_type_id())?)),
            type_::Interface(held) => Ok(Type::Client {
                path: self.client_path(held.get_type_id())?,
                wire: self.wire_path(held.get_type_id())?,
            }),
            type_::AnyPointer(_) => Err(unsupported(Unsupported::AnyPointer)),
        }
    }

    fn list(&self, element: type_::Reader<'_>, label: &str) -> Result<Type, Error> {
        if let Ok(type_::Struct(held)) = element.which()
            && let Some(map) = self.map(held.get_type_id())?
        {
            return Ok(map);
        }
        Ok(Type::List(Box::new(self.ty(element, label)?)))
    }

    /// A list of this struct as a map, if the struct is made for it: a key, which is a text, a
    /// value, and nothing else.
    fn map(&self, id: u64) -> Result<Option<Type>, Error> {
        let fields = self.request.structure(id)?.get_fields()?;
        if fields.len() != 2 {
            return Ok(None);
        }
        let mut key = false;
        let mut value = None;
        for field in fields {
            let field::Slot(slot) = field.which().map_err(capnp::Error::from)? else {
                return Ok(None);
            };
            if field.get_discriminant_value() != field::NO_DISCRIMINANT {
                return Ok(None);
            }
            match owned(field.get_name())?.as_str() {
                "key" => key = matches!(slot.get_type()?.which(), Ok(type_::Text(()))),
                "value" => value = Some(slot.get_type()?),
                _ => return Ok(None),
            }
        }
        let (true, Some(value)) = (key, value) else {
            return Ok(None);
        };
        let label = self.label(id)?;
        let key_label = format!("{label}.key");
        let value_label = format!("{label}.value");
        let value = Box::new(self.ty(value, &value_label)?);
        Ok(Some(Type::Map {
            key_label,
            value_label,
            value,
        }))
    }

    /// The default of a field, if it is not what its type has.
    pub(super) fn preset(
        &self,
        slot: field::slot::Reader<'_>,
        label: &str,
    ) -> Result<Option<TokenStream>, Error> {
        if !slot.get_had_explicit_default() {
            return Ok(None);
        }
        match slot
            .get_default_value()?
            .which()
            .map_err(capnp::Error::from)?
        {
            value::Bool(preset) => Ok(preset.then(|| quote!(true))),
            value::Int8(preset) => Ok(integer(preset.into())),
            value::Int16(preset) => Ok(integer(preset.into())),
            value::Int32(preset) => Ok(integer(preset.into())),
            value::Int64(preset) => Ok(integer(preset.into())),
            value::Uint8(preset) => Ok(integer(preset.into())),
            value::Uint16(preset) => Ok(integer(preset.into())),
            value::Uint32(preset) => Ok(integer(preset.into())),
            value::Uint64(preset) => Ok(integer(preset.into())),
            value::Float32(preset) => Ok(float(preset.into(), "f32")),
            value::Float64(preset) => Ok(float(preset, "f64")),
            value::Text(preset) => {
                let preset = owned(preset)?;
                Ok((!preset.is_empty()).then(|| quote!(String::from(#preset))))
            }
            value::Data(preset) => {
                let preset = preset?;
                Ok((!preset.is_empty()).then(|| quote!(vec![#(#preset),*])))
            }
            value::Enum(0) | value::Void(()) | value::Interface(()) => Ok(None),
            value::Enum(number) => self.enum_preset(slot.get_type()?, number).map(Some),
            value::List(_) | value::Struct(_) | value::AnyPointer(_) => Err(Error::Unsupported {
                node: label.to_owned(),
                what: Unsupported::PointerDefault,
            }),
        }
    }

    fn enum_preset(&self, ty: type_::Reader<'_>, number: u16) -> Result<TokenStream, Error> {
        if let Ok(type_::Enum(held)) = ty.which()
            && let Ok(node::Enum(enumeration)) = self.request.node(held.get_type_id())?.which()
            && let Some(enumerant) = enumeration.get_enumerants()?.try_get(number.into())
        {
            let path = self.type_path(held.get_type_id())?;
            let variant = names::ident(&names::capital(&owned(enumerant.get_name())?));
            return Ok(quote!(#path::#variant));
        }
        Err(Error::Request(capnp::Error::failed(format!(
            "the default {number} has no enumerant"
        ))))
    }
}

fn integer(preset: i128) -> Option<TokenStream> {
    let literal = preset
        .unsigned_abs()
        .to_string()
        .parse::<proc_macro2::Literal>()
        .ok()?;
    match preset {
        0 => None,
        1.. => Some(quote!(#literal)),
        _ => Some(quote!(-#literal)),
    }
}

fn float(preset: f64, ty: &str) -> Option<TokenStream> {
    let ty = format_ident!("{ty}");
    let sign = preset.is_sign_negative().then(|| quote!(-));
    if preset.is_nan() {
        Some(quote!(#ty::NAN))
    } else if preset.is_infinite() {
        Some(quote!(#sign #ty::INFINITY))
    } else if preset == 0.0 {
        None
    } else {
        let literal = if ty == "f32" {
            // Back to what the schema had: the digits of a float that was widened say too much.
            #[expect(clippy::cast_possible_truncation, reason = "it was widened before")]
            let narrow = preset.abs() as f32;
            proc_macro2::Literal::f32_unsuffixed(narrow)
        } else {
            proc_macro2::Literal::f64_unsuffixed(preset.abs())
        };
        Some(quote!(#sign #literal))
    }
}
