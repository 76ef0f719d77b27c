//! Reads a message's content, as far as it is worth keeping.

use capnp::introspect::{Type, TypeVariant};
use capnp::private::layout::{PointerReader, StructReader};
use capnp::schema::Field;
use capnp::schema_capnp::{field, type_};
use capnp::traits::{FromPointerReader, Imbue};
use capnp::{any_pointer, dynamic_list, dynamic_struct, dynamic_value};
use sha2::{Digest, Sha256};

use super::escaped::hex;
use super::names;
use super::places::Places;
use super::secret::{KEY, Privacy};
use super::shown::Shown;

/// How much of one text is kept, in bytes.
const TEXT: usize = 4096;
/// How many items of one list are kept.
const ITEMS: u32 = 1000;
/// How deep values nest.
const DEPTH: u32 = 40;

/// How much of a content is kept in all, in bytes and about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(usize);

impl Limit {
    /// For a line on a screen.
    pub(crate) const LINE: Self = Self(512);
    /// For a record that is read when the line was not enough.
    pub(crate) const RECORD: Self = Self(64 << 10);
}

/// Reads what a pointer holds, as a value of this type. It never fails: what cannot be read is
/// shown as such.
pub(super) fn read(
    content: any_pointer::Reader<'_>,
    shape: Type,
    capabilities: u32,
    privacy: Privacy,
    limit: Limit,
) -> Shown {
    if content.is_null() {
        return Shown::Fields(Vec::new());
    }
    let TypeVariant::Struct(schema) = shape.which() else {
        return Shown::Missing("no struct".to_owned());
    };
    let (places, table) = Places::of(capabilities);
    let mut reader = Reader {
        privacy,
        places,
        left: limit.0,
        depth: 0,
    };
    let mut content = content;
    content.imbue(&table);
    match as_struct(content) {
        Ok(raw) => reader.fields(dynamic_struct::Reader::new(raw, schema.into()), Some(raw)),
        Err(error) => unreadable(&error),
    }
}

/// What a pointer holds, as a struct of a type that is known only at run time.
pub(super) fn as_struct(content: any_pointer::Reader<'_>) -> capnp::Result<StructReader<'_>> {
    content.get_as::<Pointer<'_>>()?.0.get_struct(None)
}

/// What the typed readers are made from, which is what a type known only at run time needs.
struct Pointer<'a>(PointerReader<'a>);

impl<'a> FromPointerReader<'a> for Pointer<'a> {
    fn get_from_pointer(
        reader: &PointerReader<'a>,
        _default: Option<&'a [capnp::Word]>,
    ) -> capnp::Result<Self> {
        Ok(Self(*reader))
    }
}

fn unreadable(error: &capnp::Error) -> Shown {
    Shown::Missing(format!("unreadable: {:?}", error.kind))
}

struct Reader {
    privacy: Privacy,
    places: Places,
    /// How much may still be kept.
    left: usize,
    depth: u32,
}

impl Reader {
    fn take(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
    }

    fn is_full(&self) -> bool {
        self.left == 0 || self.depth > DEPTH
    }

    /// The raw struct is there for what has capabilities in it, which the dynamic one hides.
    fn fields(
        &mut self,
        fields: dynamic_struct::Reader<'_>,
        raw: Option<StructReader<'_>>,
    ) -> Shown {
        let of = fields.get_schema().get_proto().get_id();
        let hides = hides(fields);
        let mut shown = Vec::new();
        self.depth += 1;
        for field in set_fields(fields) {
            let name = name(field);
            if self.is_full() {
                shown.push((name, Shown::Missing("left out".to_owned())));
                break;
            }
            self.take(name.len() + 8);
            let raw = raw.and_then(|raw| below(raw, field));
            let value = match fields.get(field) {
                Ok(value) if self.privacy.is_secret(of, &name, hides) => self.secret(value),
                Ok(dynamic_value::Reader::Capability(_)) => self.capability(field, raw),
                Ok(value) => self.value(value, raw),
                Err(error) => unreadable(&error),
            };
            shown.push((name, value));
        }
        self.depth -= 1;
        Shown::Fields(shown)
    }

    fn value(&mut self, value: dynamic_value::Reader<'_>, raw: Option<Below<'_>>) -> Shown {
        use dynamic_value::Reader as Value;
        if self.is_full() {
            return Shown::Missing("left out".to_owned());
        }
        self.take(8);
        match value {
            Value::Void => Shown::Void,
            Value::Bool(value) => Shown::Bool(value),
            Value::Int8(value) => Shown::Signed(value.into()),
            Value::Int16(value) => Shown::Signed(value.into()),
            Value::Int32(value) => Shown::Signed(value.into()),
            Value::Int64(value) => Shown::Signed(value),
            Value::UInt8(value) => Shown::Unsigned(value.into()),
            Value::UInt16(value) => Shown::Unsigned(value.into()),
            Value::UInt32(value) => Shown::Unsigned(value.into()),
            Value::UInt64(value) => Shown::Unsigned(value),
            Value::Float32(value) => Shown::Float(value.into()),
            Value::Float64(value) => Shown::Float(value),
            Value::Enum(value) => Shown::Name(enumerant(value)),
            Value::Text(value) => self.text(value.as_bytes()),
            Value::Data(value) => self.data(value),
            Value::List(list) => self.list(list),
            Value::Struct(fields) => self.fields(fields, raw.and_then(Below::structure)),
            Value::AnyPointer(_) => Shown::Missing("of any type".to_owned()),
            Value::Capability(_) => Shown::Missing("a capability".to_owned()),
        }
    }

    fn text(&mut self, bytes: &[u8]) -> Shown {
        let kept = bytes.len().min(TEXT).min(self.left.max(LINE_AT_LEAST));
        let start = String::from_utf8_lossy(&bytes[..kept]);
        let start = match bytes.len() == kept {
            true => start.into_owned(),
            // It may have been cut in the middle of a character.
            false => start.trim_end_matches('\u{fffd}').to_owned(),
        };
        self.take(start.len());
        let bytes = match bytes.len() == kept {
            true => start.len(),
            false => bytes.len(),
        };
        Shown::Text { start, bytes }
    }

    fn data(&mut self, bytes: &[u8]) -> Shown {
        self.take(64);
        let hash = Sha256::digest(bytes);
        Shown::Data {
            bytes: bytes.len(),
            sha256: hex(&hash),
        }
    }

    fn list(&mut self, list: dynamic_list::Reader<'_>) -> Shown {
        self.items(list, |reader, value| reader.value(value, None))
    }

    fn items(
        &mut self,
        list: dynamic_list::Reader<'_>,
        mut read: impl FnMut(&mut Self, dynamic_value::Reader<'_>) -> Shown,
    ) -> Shown {
        let mut items = Vec::new();
        self.depth += 1;
        for index in 0..list.len() {
            if index == ITEMS || self.is_full() {
                items.push(Shown::More((list.len() - index) as usize));
                break;
            }
            items.push(match list.get(index) {
                Ok(value) => read(self, value),
                Err(error) => unreadable(&error),
            });
        }
        self.depth -= 1;
        Shown::List(items)
    }

    fn capability(&mut self, field: Field, raw: Option<Below<'_>>) -> Shown {
        self.take(16);
        Shown::Capability {
            place: raw.and_then(|raw| self.places.find(raw.pointer()?)),
            interface: interface(field).unwrap_or("capability").to_owned(),
        }
    }

    /// A value of which only the keys are kept.
    fn secret(&mut self, value: dynamic_value::Reader<'_>) -> Shown {
        match value {
            dynamic_value::Reader::List(list) => self.items(list, Self::secret),
            dynamic_value::Reader::Struct(fields) => {
                let mut shown = Vec::new();
                for field in set_fields(fields) {
                    let name = name(field);
                    self.take(name.len() + 8);
                    let value = match fields.get(field) {
                        Ok(key) if name == KEY => self.value(key, None),
                        Ok(_) => Shown::Secret,
                        Err(error) => unreadable(&error),
                    };
                    shown.push((name, value));
                }
                Shown::Fields(shown)
            }
            _ => Shown::Secret,
        }
    }
}

/// A text that begins when nothing is left is still worth its first words.
const LINE_AT_LEAST: usize = 64;

/// What lies below a field, before it is read.
#[derive(Clone, Copy)]
enum Below<'a> {
    Pointer(PointerReader<'a>),
    /// A group lies in the struct itself.
    Group(StructReader<'a>),
}

impl<'a> Below<'a> {
    fn structure(self) -> Option<StructReader<'a>> {
        match self {
            Self::Pointer(pointer) => pointer.get_struct(None).ok(),
            Self::Group(group) => Some(group),
        }
    }

    fn pointer(self) -> Option<PointerReader<'a>> {
        match self {
            Self::Pointer(pointer) => Some(pointer),
            Self::Group(_) => None,
        }
    }
}

fn below(raw: StructReader<'_>, field: Field) -> Option<Below<'_>> {
    match field.get_proto().which() {
        Ok(field::Slot(slot)) if field.get_type().is_pointer_type() => {
            let place = usize::try_from(slot.get_offset()).ok()?;
            Some(Below::Pointer(raw.get_pointer_field(place)))
        }
        Ok(field::Group(_)) => Some(Below::Group(raw)),
        _ => None,
    }
}

fn name(field: Field) -> String {
    let name = field.get_proto().get_name().ok();
    let name = name.and_then(|name| name.to_str().ok());
    name.unwrap_or("?").to_owned()
}

/// The name of the interface that a field is of.
fn interface(field: Field) -> Option<&'static str> {
    let Ok(field::Slot(slot)) = field.get_proto().which() else {
        return None;
    };
    match slot.get_type().ok()?.which() {
        Ok(type_::Interface(interface)) => names::interface_name(interface.get_type_id()),
        _ => None,
    }
}

fn enumerant(value: dynamic_value::Enum) -> String {
    let name = value.get_enumerant().ok().flatten();
    match name.and_then(|name| name.get_proto().get_name().ok()?.to_str().ok()) {
        Some(name) => name.to_owned(),
        None => format!("@{}", value.get_value()),
    }
}

/// Whether a question is one whose answer is to be hidden.
fn hides(fields: dynamic_struct::Reader<'_>) -> bool {
    matches!(
        fields.get_named("hide"),
        Ok(dynamic_value::Reader::Bool(true))
    )
}

/// The fields that say something: those that are there and, of a union, the one that is set.
fn set_fields(fields: dynamic_struct::Reader<'_>) -> Vec<Field> {
    let schema = fields.get_schema();
    let mut set: Vec<Field> = schema
        .get_non_union_fields()
        .into_iter()
        .flatten()
        .filter(|field| fields.has(*field).unwrap_or(true))
        .collect();
    set.extend(fields.which().ok().flatten());
    set
}
