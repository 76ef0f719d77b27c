//! Where `tracing` hands its records over.

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::queue;
use super::record::Fields;
use crate::rpc::is_own_thread;

/// Sends what a plugin notes to the host's log. Made by [`log_layer`].
#[derive(Clone, Copy, Debug)]
pub struct LogLayer(());

/// Gives the layer that [`Plugin::serve`](crate::guest::Plugin::serve) installs, for a plugin that
/// installs a subscriber of its own, before it is served.
///
/// A record is sent with the fields of the spans around it, of which the nearest wins. Those that
/// were noted before the host has connected are kept. Up to 1,024 wait to be sent; how many did not
/// fit is sent as a record in their place. A text above 16 KiB is cut, and so are a record above
/// 64 KiB and one of more than 64 fields. Nothing here ever waits or fails.
///
/// ```
/// use otto_plugin::guest::log_layer;
/// use tracing_subscriber::layer::SubscriberExt;
/// use tracing_subscriber::util::SubscriberInitExt;
///
/// tracing_subscriber::registry().with(log_layer()).init();
/// ```
pub fn log_layer() -> LogLayer {
    LogLayer(())
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        // What sending a record notes would be sent as well, and so on for ever.
        if is_own_thread() {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(around) = span.extensions().get::<Fields>() {
                fields.inherit(around);
            }
        }
        // That of the `log` crate stands in the fields.
        let of_log = event.normalized_metadata();
        let metadata = of_log.as_ref().unwrap_or_else(|| event.metadata());
        queue::push(fields.into_record(metadata));
    }
}
