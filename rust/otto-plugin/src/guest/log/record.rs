//! From what was noted to what is sent.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::{self, Debug, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use tracing::field::{Field, Visit};
use tracing::{Level, Metadata};

use crate::bindings::appfile::Value;
use crate::bindings::host::{LogLevel, LogRecord};

/// How long a text may be, in bytes.
const TEXT: usize = 16 << 10;

/// How long all keys and values of a record may be together, in bytes.
const ALL: usize = 64 << 10;

/// How many fields a record may have.
const FIELDS: usize = 64;

/// How many causes of an error are named.
const CAUSES: usize = 16;

/// The field that says how many others a record has not room for.
const LEFT_OUT: &str = "left_out";

/// The fields of a record, or of a span.
#[derive(Debug, Default)]
pub(super) struct Fields {
    message: String,
    values: BTreeMap<String, Value>,
    size: usize,
    left_out: i64,
}

impl Fields {
    /// Takes the fields of a span around this, where there is none of the same name.
    pub(super) fn inherit(&mut self, around: &Self) {
        for (key, value) in &around.values {
            if !self.values.contains_key(key) {
                self.put(key, value.clone());
            }
        }
        self.left_out += around.left_out;
    }

    /// Makes the record, which was noted now.
    pub(super) fn into_record(mut self, metadata: &Metadata<'_>) -> LogRecord {
        if self.left_out > 0 {
            let left_out = Value::Int(self.left_out);
            self.values.insert(LEFT_OUT.into(), left_out);
        }
        record(
            level(metadata.level()),
            metadata.target(),
            self.message,
            self.values,
        )
    }

    fn put(&mut self, key: &str, value: Value) {
        let size = key.len() + size(&value);
        if self.values.len() == FIELDS || self.size + size > ALL {
            self.left_out += 1;
            return;
        }
        self.size += size;
        self.values.insert(key.to_owned(), value);
    }

    fn note(&mut self, field: &Field, value: Value) {
        let name = field.name();
        match value {
            Value::Text(text) if name == "message" => {
                self.size += text.len();
                self.message = text;
            }
            // What the `log` crate knows of a record is not a field of it.
            _ if name.starts_with("log.") => {}
            value => self.put(name.strip_prefix("r#").unwrap_or(name), value),
        }
    }
}

/// A record that is noted now.
pub(super) fn record(
    level: LogLevel,
    target: &str,
    message: String,
    fields: BTreeMap<String, Value>,
) -> LogRecord {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanoseconds = since.unwrap_or_default().as_nanos();
    LogRecord {
        level,
        target: text(&target),
        message,
        fields,
        time_unix_ns: i64::try_from(nanoseconds).unwrap_or(i64::MAX),
    }
}

fn level(level: &Level) -> LogLevel {
    match *level {
        Level::TRACE => LogLevel::Trace,
        Level::DEBUG => LogLevel::Debug,
        Level::INFO => LogLevel::Info,
        Level::WARN => LogLevel::Warn,
        Level::ERROR => LogLevel::Error,
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Data(data) => data.len(),
        _ => 8,
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.note(field, Value::Bool(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.note(field, Value::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.note(field, number(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.note(field, number(value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.note(field, number(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.note(field, Value::Float(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.note(field, Value::Text(text(&value)));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.note(field, Value::Text(text(&WithCauses(value))));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.note(field, Value::Text(text(&format_args!("{value:?}"))));
    }
}

/// A number that does not fit is sent as text, since it is exact.
fn number<N: Copy + ToString + TryInto<i64>>(number: N) -> Value {
    match number.try_into() {
        Ok(number) => Value::Int(number),
        Err(_) => Value::Text(number.to_string()),
    }
}

/// An error, and what it follows from.
struct WithCauses<'a>(&'a (dyn Error + 'static));

impl fmt::Display for WithCauses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let causes = std::iter::successors(self.0.source(), |cause| (*cause).source());
        for cause in causes.take(CAUSES) {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

/// The text of a value, which is cut if it is too long.
fn text(value: &dyn fmt::Display) -> String {
    let mut cut = Cut::default();
    // A value that fails to show itself is shown as far as it came.
    let _ = write!(cut, "{value}");
    let Cut { mut text, size } = cut;
    if size > text.len() {
        let _ = write!(text, "… ({size} bytes, cut)");
    }
    text
}

/// Keeps the beginning of what is written to it.
#[derive(Default)]
struct Cut {
    text: String,
    /// How long all of it is, in bytes.
    size: usize,
}

impl Write for Cut {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.size == self.text.len() {
            let room = part.floor_char_boundary(TEXT - self.text.len());
            self.text.push_str(&part[..room]);
        }
        self.size += part.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_two_characters_and_says_so() {
        assert_eq!(text(&"ä".repeat(TEXT / 2)), "ä".repeat(TEXT / 2));
        let long = format!("x{}", "ä".repeat(TEXT));
        let expected = format!("x{}… (32769 bytes, cut)", "ä".repeat(TEXT / 2 - 1));
        assert_eq!(text(&long), expected);
        // Nothing that comes later fills the room that is left.
        let expected = format!("x{}… (32770 bytes, cut)", "ä".repeat(TEXT / 2 - 1));
        assert_eq!(text(&format_args!("{long}y")), expected);
    }

    #[test]
    fn what_a_record_has_no_room_for_is_counted() {
        let mut fields = Fields::default();
        for number in 0..FIELDS + 3 {
            fields.put(&number.to_string(), Value::Null);
        }
        assert_eq!((fields.values.len(), fields.left_out), (FIELDS, 3));

        let mut fields = Fields::default();
        for key in ["a", "b", "c", "d", "e"] {
            fields.put(key, Value::Text("x".repeat(TEXT)));
        }
        assert_eq!((fields.values.len(), fields.left_out), (3, 2));
    }

    #[test]
    fn the_nearest_value_wins() {
        let (mut fields, mut around) = (Fields::default(), Fields::default());
        fields.put("near", Value::Int(1));
        around.put("near", Value::Int(2));
        around.put("far", Value::Int(3));
        fields.inherit(&around);
        let expected = [("far", Value::Int(3)), ("near", Value::Int(1))];
        let expected = expected.map(|(key, value)| (key.to_owned(), value));
        assert_eq!(fields.values, BTreeMap::from(expected));
    }
}
