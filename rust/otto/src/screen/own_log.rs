//! What `otto` itself notes, with `tracing`.

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event as Noted, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::event::Event;
use super::log::now_unix_ns;
use super::{LogLevel, Screen};

/// What the targets of this program's own records begin with, and of the library that it is made of.
/// Others note what nobody has asked for.
const OWN: &str = "otto";

impl Screen {
    /// Shows what this program itself notes, beside what plugins log: the records of the level that the
    /// user wants to see, and above.
    pub(crate) fn own_log<S: Subscriber>(&self) -> impl Layer<S> + use<S> {
        OwnLog(self.clone())
    }
}

struct OwnLog(Screen);

impl<S: Subscriber> Layer<S> for OwnLog {
    fn on_event(&self, noted: &Noted<'_>, _: Context<'_, S>) {
        let metadata = noted.metadata();
        if !metadata.target().starts_with(OWN) {
            return;
        }
        let mut fields = Fields::default();
        noted.record(&mut fields);
        let event = Event::Log {
            level: level(*metadata.level()),
            target: metadata.target().to_owned(),
            message: fields.message,
            fields: fields.others,
            logged_unix_ns: now_unix_ns(),
        };
        self.0.show(None, event);
    }
}

/// What a record says.
#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = text,
            name => drop(self.others.insert(name.to_owned(), text.into())),
        }
    }
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::TRACE => LogLevel::Trace,
        Level::DEBUG => LogLevel::Debug,
        Level::INFO => LogLevel::Info,
        Level::WARN => LogLevel::Warn,
        Level::ERROR => LogLevel::Error,
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::super::tests::recorded;

    #[test]
    fn what_otto_notes_is_shown_and_what_others_note_is_not() {
        let (screen, recording) = recorded();
        let subscriber = tracing_subscriber::registry().with(screen.own_log());
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(target: "otto::directory", path = %"a\u{1b}b", "it is full");
            tracing::error!(target: "sqlx::query", "somebody else's");
        });
        assert_eq!(
            recording.text(),
            "otto warn otto::directory: it is full path=a\\u{1b}b\n"
        );
    }
}
