//! What plugins log.

use std::time::SystemTime;

use otto_plugin::bindings::appfile;
use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::{Log, LogRecord};
use serde_json::{Map, Number, Value};

use super::Screen;
use super::event::Event;

impl Screen {
    /// Shows what a plugin, named `TYPE-NAME`, logs, for `Launcher::log`: the records of the level
    /// that the user wants to see, and above.
    pub(crate) fn log(&self, plugin: &str) -> impl Log + use<> {
        Logged {
            screen: self.clone(),
            plugin: plugin.to_owned(),
        }
    }
}

struct Logged {
    screen: Screen,
    plugin: String,
}

impl Log for Logged {
    async fn write(&self, record: LogRecord) -> Result<(), Error> {
        let fields = record.fields.iter();
        let event = Event::Log {
            level: record.level.into(),
            target: record.target,
            message: record.message,
            fields: fields
                .map(|(name, value)| (name.clone(), json(value)))
                .collect(),
            logged_unix_ns: record.time_unix_ns,
        };
        self.screen.show(Some(&self.plugin), event);
        Ok(())
    }
}

/// When something is noted, in nanoseconds since 1970-01-01T00:00:00Z.
pub(super) fn now_unix_ns() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(i64::MAX)
}

/// Gives a value as JSON has it. A number that JSON does not have is text, as are bytes.
fn json(value: &appfile::Value) -> Value {
    use appfile::Value as Sent;
    match value {
        Sent::Bool(value) => Value::Bool(*value),
        Sent::Int(value) => Value::Number((*value).into()),
        Sent::Float(value) => {
            Number::from_f64(*value).map_or_else(|| Value::String(value.to_string()), Value::Number)
        }
        Sent::Text(value) => Value::String(value.clone()),
        Sent::Data(value) => Value::String(value.escape_ascii().to_string()),
        Sent::List(values) => values.iter().map(json).collect(),
        Sent::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| (name.clone(), json(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        // What this version does not know has no value that could be shown.
        _ => Value::Null,
    }
}
