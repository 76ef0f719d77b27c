//! A value of a message, in the form in which it is shown and kept: without what is secret, and
//! without what is too long to be read.

use std::fmt::{self, Write};

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::json;

/// A value, read. In JSON it is what it looks like; what JSON has no form for is an object whose
/// keys begin with `$`, which no name in a schema does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shown {
    Void,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    /// The name of an enumerant.
    Name(String),
    /// The beginning of a text, and how many bytes there are in all.
    Text {
        start: String,
        bytes: usize,
    },
    /// Bytes, of which only this is kept.
    Data {
        bytes: usize,
        sha256: String,
    },
    /// A list, which may end with [`More`](Self::More).
    List(Vec<Self>),
    /// So many items of a list were left out.
    More(usize),
    /// The fields that are set, in the order of the schema.
    Fields(Vec<(String, Self)>),
    /// A capability: its place in the table of the message, and its interface.
    Capability {
        place: Option<usize>,
        interface: String,
    },
    /// What nobody is to read.
    Secret,
    /// What could not be read, or was left out, and why.
    Missing(String),
}

/// How much of a value stands in a line.
const LINE_TEXT: usize = 40;
const LINE_ITEMS: usize = 2;
const LINE_DEPTH: u32 = 5;
const LINE_TOTAL: usize = 120;

impl Shown {
    /// The value in short, for a line.
    pub(crate) fn brief(&self) -> String {
        let mut brief = Brief {
            depth: 0,
            out: String::new(),
        };
        brief.value(self);
        brief.out
    }

    /// Text that is whole.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        let start = text.into();
        let bytes = start.len();
        Self::Text { start, bytes }
    }

    /// How much is kept, in bytes and about.
    pub(super) fn kept(&self) -> usize {
        match self {
            Self::Text { start, .. } => start.len(),
            Self::Name(text) | Self::Missing(text) => text.len(),
            Self::Data { sha256, .. } => sha256.len(),
            Self::List(items) => items.iter().map(|item| item.kept() + 8).sum(),
            Self::Fields(fields) => fields
                .iter()
                .map(|(name, value)| name.len() + value.kept() + 8)
                .sum(),
            _ => 8,
        }
    }

    /// The field with this name.
    pub(crate) fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Fields(fields) => fields
                .iter()
                .find(|(field, _)| field == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }
}

/// A number with a comma at each thousand.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

impl fmt::Display for Shown {
    /// What fits on a line of its own: anything but a list and fields.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Void => f.write_str("void"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Signed(value) => write!(f, "{value}"),
            Self::Unsigned(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Name(name) => f.write_str(name),
            Self::Text { start, bytes } if start.len() == *bytes => write!(f, "{start:?}"),
            Self::Text { start, bytes } => write!(f, "{start:?}…({} bytes)", grouped(*bytes)),
            Self::Data { bytes, sha256 } => {
                write!(f, "<{} bytes, SHA-256 {sha256}>", grouped(*bytes))
            }
            Self::Capability { interface, .. } => write!(f, "<{interface}>"),
            Self::Secret => f.write_str("<secret>"),
            Self::Missing(why) => write!(f, "<{why}>"),
            Self::List(items) => write!(f, "<{} items>", items.len()),
            Self::More(count) => write!(f, "…{} more", grouped(*count)),
            Self::Fields(fields) => write!(f, "<{} fields>", fields.len()),
        }
    }
}

struct Brief {
    depth: u32,
    out: String,
}

impl Brief {
    fn full(&self) -> bool {
        self.out.len() >= LINE_TOTAL || self.depth > LINE_DEPTH
    }

    fn value(&mut self, value: &Shown) {
        if self.full() {
            return self.out.push('…');
        }
        match value {
            Shown::Text { start, bytes } => {
                let end = start.floor_char_boundary(LINE_TEXT);
                let _ = write!(self.out, "{:?}", &start[..end]);
                if end < *bytes {
                    let _ = write!(self.out, "…({bytes} bytes)");
                }
            }
            Shown::Data { bytes, .. } => drop(write!(self.out, "<{bytes} bytes>")),
            Shown::List(items) => self.list(items),
            Shown::Fields(fields) => self.fields(fields),
            value => drop(write!(self.out, "{value}")),
        }
    }

    fn list(&mut self, items: &[Shown]) {
        let (items, more) = match items {
            [items @ .., Shown::More(more)] => (items, *more),
            items => (items, 0),
        };
        self.out.push('[');
        self.depth += 1;
        let mut told = 0;
        for item in items.iter().take(LINE_ITEMS) {
            if self.full() {
                break;
            }
            if told > 0 {
                self.out.push_str(", ");
            }
            self.value(item);
            told += 1;
        }
        let more = items.len() - told + more;
        if more > 0 {
            let comma = if told > 0 { ", " } else { "" };
            let _ = write!(self.out, "{comma}…{more} more");
        }
        self.depth -= 1;
        self.out.push(']');
    }

    fn fields(&mut self, fields: &[(String, Shown)]) {
        self.out.push('(');
        self.depth += 1;
        for (index, (name, value)) in fields.iter().enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            if self.full() {
                self.out.push('…');
                break;
            }
            let _ = write!(self.out, "{name} = ");
            self.value(value);
        }
        self.depth -= 1;
        self.out.push(')');
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Void => to.serialize_unit(),
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Signed(value) => to.serialize_i64(*value),
            Self::Unsigned(value) => to.serialize_u64(*value),
            Self::Float(value) if value.is_finite() => to.serialize_f64(*value),
            // JSON has no infinity, and nothing that is not a number.
            Self::Float(value) => json!({ "$float": value.to_string() }).serialize(to),
            Self::Name(name) => json!({ "$name": name }).serialize(to),
            Self::Text { start, bytes } if start.len() == *bytes => to.serialize_str(start),
            Self::Text { start, bytes } => json!({ "$text": start, "$bytes": bytes }).serialize(to),
            Self::Data { bytes, sha256 } => {
                json!({ "$sha256": sha256, "$bytes": bytes }).serialize(to)
            }
            Self::List(items) => to.collect_seq(items),
            Self::More(count) => json!({ "$more": count }).serialize(to),
            Self::Fields(fields) => {
                to.collect_map(fields.iter().map(|(name, value)| (name, value)))
            }
            Self::Capability { place, interface } => {
                json!({ "$capability": interface, "$place": place }).serialize(to)
            }
            Self::Secret => json!({ "$secret": true }).serialize(to),
            Self::Missing(why) => json!({ "$missing": why }).serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for Shown {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Read)
    }
}

struct Read;

impl<'de> Visitor<'de> for Read {
    type Value = Shown;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a message")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Shown, E> {
        Ok(Shown::Void)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Shown, E> {
        Ok(Shown::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Shown, E> {
        Ok(Shown::Signed(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Shown, E> {
        Ok(Shown::Unsigned(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Shown, E> {
        Ok(Shown::Float(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Shown, E> {
        Ok(Shown::text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shown, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Shown::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Shown, A::Error> {
        let mut fields = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            fields.push(entry);
        }
        Ok(marked(&fields).unwrap_or(Shown::Fields(fields)))
    }
}

/// What the keys that begin with `$` stand for.
fn marked(fields: &[(String, Shown)]) -> Option<Shown> {
    let text = |key: &str| match fields.iter().find(|(name, _)| name == key)? {
        (_, Shown::Text { start, .. }) => Some(start.clone()),
        _ => None,
    };
    let number = |key: &str| match fields.iter().find(|(name, _)| name == key)? {
        (_, Shown::Unsigned(number)) => usize::try_from(*number).ok(),
        _ => None,
    };
    let (mark, _) = fields.first().filter(|(name, _)| name.starts_with('$'))?;
    // The keys of an object may have been sorted.
    let has = |key: &str| fields.iter().any(|(name, _)| name == key);
    match mark.as_str() {
        "$float" => text("$float")?.parse().ok().map(Shown::Float),
        "$name" => text("$name").map(Shown::Name),
        "$more" => number("$more").map(Shown::More),
        "$missing" => text("$missing").map(Shown::Missing),
        "$secret" => Some(Shown::Secret),
        "$capability" | "$place" => Some(Shown::Capability {
            place: number("$place"),
            interface: text("$capability")?,
        }),
        _ if has("$text") => Some(Shown::Text {
            start: text("$text")?,
            bytes: number("$bytes")?,
        }),
        _ => Some(Shown::Data {
            bytes: number("$bytes")?,
            sha256: text("$sha256")?,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_from_json_as_it_was_written() {
        let capability = |place| Shown::Capability {
            place,
            interface: "Ui".to_owned(),
        };
        let value = Shown::Fields(vec![
            ("zulu".to_owned(), Shown::text("first")),
            ("alpha".to_owned(), Shown::Signed(-3)),
            ("void".to_owned(), Shown::Void),
            ("float".to_owned(), Shown::Float(f64::INFINITY)),
            ("whole".to_owned(), Shown::Float(1.0)),
            ("name".to_owned(), Shown::Name("ready".to_owned())),
            (
                "long".to_owned(),
                Shown::Text {
                    start: "abc".to_owned(),
                    bytes: 5000,
                },
            ),
            (
                "data".to_owned(),
                Shown::Data {
                    bytes: 7,
                    sha256: "00ff".to_owned(),
                },
            ),
            (
                "list".to_owned(),
                Shown::List(vec![Shown::Unsigned(u64::MAX), Shown::More(4)]),
            ),
            ("given".to_owned(), capability(Some(1))),
            ("lost".to_owned(), capability(None)),
            ("secret".to_owned(), Shown::Secret),
            ("broken".to_owned(), Shown::Missing("unreadable".to_owned())),
        ]);
        let json = serde_json::to_string(&value).expect("JSON");
        let read: Shown = serde_json::from_str(&json).expect(&json);
        assert_eq!(read, value, "{json}");
    }

    #[test]
    fn keys_with_a_mark_that_mean_nothing_are_fields() {
        let read: Shown = serde_json::from_str(r#"{"$name": 3}"#).expect("JSON");
        assert_eq!(
            read,
            Shown::Fields(vec![("$name".to_owned(), Shown::Unsigned(3))])
        );
    }

    #[test]
    fn a_number_has_a_comma_at_each_thousand() {
        let grouped = [0, 999, 1000, 1_048_576].map(grouped);
        assert_eq!(grouped, ["0", "999", "1,000", "1,048,576"]);
    }
}
