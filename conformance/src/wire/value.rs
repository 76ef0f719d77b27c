//! Writes a message's content as text, as far as it is worth reading.

use std::fmt::Write;

use capnp::introspect::{Type, TypeVariant};
use capnp::private::layout::{PointerReader, StructReader};
use capnp::schema::Field;
use capnp::traits::FromPointerReader;
use capnp::{any_pointer, dynamic_list, dynamic_struct, dynamic_value};

/// How much is written before the rest is left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    text: usize,
    list: u32,
    depth: u32,
    total: usize,
}

impl Limits {
    /// For a line on a screen.
    pub(crate) const LINE: Self = Self {
        text: 40,
        list: 2,
        depth: 5,
        total: 120,
    };
    /// For a record that is read when the line was not enough.
    pub(crate) const RECORD: Self = Self {
        text: 4096,
        list: 1000,
        depth: 40,
        total: 64 << 10,
    };
}

/// Writes what a pointer holds, as a value of this type. It never fails: what cannot be read is
/// shown as such.
pub(crate) fn show(content: any_pointer::Reader<'_>, shape: Type, limits: Limits) -> String {
    let mut writer = Writer {
        limits,
        depth: 0,
        out: String::new(),
    };
    if content.is_null() {
        return "()".to_owned();
    }
    let TypeVariant::Struct(schema) = shape.which() else {
        return "?".to_owned();
    };
    match as_struct(content) {
        Ok(reader) => writer.fields(dynamic_struct::Reader::new(reader, schema.into())),
        Err(error) => writer.broken(&error),
    }
    writer.out
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

struct Writer {
    limits: Limits,
    depth: u32,
    out: String,
}

impl Writer {
    fn full(&self) -> bool {
        self.out.len() >= self.limits.total || self.depth > self.limits.depth
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn broken(&mut self, error: &capnp::Error) {
        let _ = write!(self.out, "<unreadable: {:?}>", error.kind);
    }

    fn value(&mut self, value: dynamic_value::Reader<'_>) {
        if self.full() {
            return self.push("…");
        }
        use dynamic_value::Reader as Value;
        let _ = match value {
            Value::Void => write!(self.out, "void"),
            Value::Bool(value) => write!(self.out, "{value}"),
            Value::Int8(value) => write!(self.out, "{value}"),
            Value::Int16(value) => write!(self.out, "{value}"),
            Value::Int32(value) => write!(self.out, "{value}"),
            Value::Int64(value) => write!(self.out, "{value}"),
            Value::UInt8(value) => write!(self.out, "{value}"),
            Value::UInt16(value) => write!(self.out, "{value}"),
            Value::UInt32(value) => write!(self.out, "{value}"),
            Value::UInt64(value) => write!(self.out, "{value}"),
            Value::Float32(value) => write!(self.out, "{value}"),
            Value::Float64(value) => write!(self.out, "{value}"),
            Value::Enum(value) => {
                let name = value.get_enumerant().ok().flatten();
                match name.and_then(|name| name.get_proto().get_name().ok()?.to_str().ok()) {
                    Some(name) => write!(self.out, "{name}"),
                    None => write!(self.out, "@{}", value.get_value()),
                }
            }
            Value::Text(value) => return self.text(value.as_bytes()),
            Value::Data(value) => write!(self.out, "<{} bytes>", value.len()),
            Value::List(list) => return self.list(list),
            Value::Struct(fields) => return self.fields(fields),
            Value::AnyPointer(_) => write!(self.out, "<any>"),
            Value::Capability(_) => write!(self.out, "<capability>"),
        };
    }

    fn text(&mut self, bytes: &[u8]) {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(self.limits.text)]);
        let _ = write!(self.out, "{shown:?}");
        if bytes.len() > self.limits.text {
            let _ = write!(self.out, "…({} bytes)", bytes.len());
        }
    }

    fn list(&mut self, list: dynamic_list::Reader<'_>) {
        self.push("[");
        self.depth += 1;
        for index in 0..list.len() {
            if index > 0 {
                self.push(", ");
            }
            if index == self.limits.list || self.full() {
                let _ = write!(self.out, "…{} more", list.len() - index);
                break;
            }
            match list.get(index) {
                Ok(value) => self.value(value),
                Err(error) => self.broken(&error),
            }
        }
        self.depth -= 1;
        self.push("]");
    }

    fn fields(&mut self, fields: dynamic_struct::Reader<'_>) {
        self.push("(");
        self.depth += 1;
        let mut first = true;
        for field in set_fields(fields) {
            if !first {
                self.push(", ");
            }
            first = false;
            if self.full() {
                self.push("…");
                break;
            }
            let name = field
                .get_proto()
                .get_name()
                .ok()
                .and_then(|name| name.to_str().ok());
            let _ = write!(self.out, "{} = ", name.unwrap_or("?"));
            match fields.get(field) {
                Ok(value) => self.value(value),
                Err(error) => self.broken(&error),
            }
        }
        self.depth -= 1;
        self.push(")");
    }
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
