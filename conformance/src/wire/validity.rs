//! Whether messages are what the schema and the encoding allow.

use std::collections::HashMap;
use std::fmt;

use capnp::introspect::{Introspect, Type, TypeVariant};
use capnp::message::ReaderOptions;
use capnp::{ErrorKind, any_pointer, dynamic_list, dynamic_struct, dynamic_value, serialize};
use capnp_rpc::rpc_capnp::{call, message, return_};
use otto_plugin::rpc::Method;

use super::decode::Message;
use super::names;
use super::record::{Event, Party};
use super::value::as_struct;

/// What this host announces as the largest message, and the most segments: the defaults of `Limits`.
const MESSAGE_BYTES: usize = 16 << 20;
const SEGMENTS: u32 = 256;

/// What is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) kind: FlawKind,
    /// Where in the message it is, and what.
    pub(crate) what: String,
}

/// The kinds of what can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlawKind {
    /// A text is not UTF-8, or does not end with NUL.
    Text,
    /// A method, a member of a union or an enumerant that the schema does not have.
    Unknown,
    /// More than the other side accepts.
    Limit,
    /// A pointer that leads nowhere, or to something of another type.
    Encoding,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// The first message of the plugin's that is not valid, with what is wrong with it.
pub(crate) fn first_flaw(events: &[Event]) -> Option<(&Event, Flaw)> {
    let mut asked = HashMap::new();
    for event in events {
        match (event.from, &event.message) {
            (
                Party::Host,
                Message::Call {
                    question,
                    interface,
                    ordinal,
                },
            ) => drop(asked.insert(*question, (*interface, *ordinal))),
            (Party::Host, _) => {}
            (Party::Plugin, _) => {
                let method = |question| {
                    let (interface, ordinal) = asked.get(&question)?;
                    names::method(*interface, *ordinal)
                };
                if let Err(flaw) = check(event, method) {
                    return Some((event, flaw));
                }
            }
        }
    }
    None
}

/// Looks at one message. `method` says what a question of the host's was.
fn check(event: &Event, method: impl Fn(u32) -> Option<&'static Method>) -> Result<(), Flaw> {
    if event.message == Message::Malformed {
        return Err(flaw(FlawKind::Encoding, &event.line));
    }
    let Some(count) = event.raw.first_chunk() else {
        return Ok(());
    };
    let segments = u32::from_le_bytes(*count).saturating_add(1);
    if event.raw.len() > MESSAGE_BYTES || segments > SEGMENTS {
        let what = format!("{} bytes in {segments} segments", event.raw.len());
        return Err(flaw(FlawKind::Limit, &what));
    }
    let encoding = |error: capnp::Error| of(&error, "the message");
    let reader = serialize::read_message(&event.raw[..], ReaderOptions::new()).map_err(encoding)?;
    let root: any_pointer::Reader<'_> = reader.get_root().map_err(encoding)?;
    pointer(root, message::Owned::introspect(), "Message")?;
    let root: message::Reader<'_> = root.get_as().map_err(encoding)?;
    match root.which() {
        Ok(message::Call(call)) => params(call.map_err(encoding)?),
        Ok(message::Return(answer)) => results(answer.map_err(encoding)?, method),
        _ => Ok(()),
    }
}

fn params(call: call::Reader<'_>) -> Result<(), Flaw> {
    let (interface, ordinal) = (call.get_interface_id(), call.get_method_id());
    let name = names::method_name(interface, ordinal);
    let Some(method) = names::method(interface, ordinal) else {
        let what = format!("a call of {name}, which the schema does not have");
        return Err(flaw(FlawKind::Unknown, &what));
    };
    let payload = call.get_params().map_err(|error| of(&error, &name))?;
    pointer(payload.get_content(), (method.params)(), &name)
}

fn results(
    answer: return_::Reader<'_>,
    method: impl Fn(u32) -> Option<&'static Method>,
) -> Result<(), Flaw> {
    let Some(method) = method(answer.get_answer_id()) else {
        return Ok(());
    };
    match answer.which() {
        Ok(return_::Results(payload)) => {
            let name = method.to_string();
            let payload = payload.map_err(|error| of(&error, &name))?;
            pointer(payload.get_content(), (method.results)(), &name)
        }
        _ => Ok(()),
    }
}

/// Follows a pointer to a struct of this type.
fn pointer(content: any_pointer::Reader<'_>, shape: Type, path: &str) -> Result<(), Flaw> {
    let TypeVariant::Struct(schema) = shape.which() else {
        return Ok(());
    };
    let reader = as_struct(content).map_err(|error| of(&error, path))?;
    fields(dynamic_struct::Reader::new(reader, schema.into()), path)
}

fn fields(reader: dynamic_struct::Reader<'_>, path: &str) -> Result<(), Flaw> {
    let unreadable = |error: capnp::Error| of(&error, path);
    let schema = reader.get_schema();
    let union = schema.get_union_fields().map_err(unreadable)?;
    let member = reader.which().map_err(unreadable)?;
    if !union.is_empty() && member.is_none() {
        let what = format!("{path} has a member of a union that the schema does not have");
        return Err(flaw(FlawKind::Unknown, &what));
    }
    let others = schema.get_non_union_fields().map_err(unreadable)?;
    for field in others.into_iter().chain(member) {
        let name = field.get_proto().get_name().map_err(unreadable)?;
        let path = format!("{path}.{}", name.to_str().unwrap_or("?"));
        let read = reader.get(field).map_err(|error| of(&error, &path))?;
        value(read, &path)?;
    }
    Ok(())
}

fn value(read: dynamic_value::Reader<'_>, path: &str) -> Result<(), Flaw> {
    match read {
        dynamic_value::Reader::Struct(reader) => fields(reader, path),
        dynamic_value::Reader::List(list) => elements(list, path),
        dynamic_value::Reader::Text(text) => match text.to_str() {
            Ok(_) => Ok(()),
            Err(error) => Err(flaw(FlawKind::Text, &format!("{path} is no text: {error}"))),
        },
        dynamic_value::Reader::Enum(value) => match value.get_enumerant() {
            Ok(Some(_)) => Ok(()),
            _ => {
                let number = value.get_value();
                let what = format!("{path} is {number}, which the schema does not have");
                Err(flaw(FlawKind::Unknown, &what))
            }
        },
        _ => Ok(()),
    }
}

fn elements(list: dynamic_list::Reader<'_>, path: &str) -> Result<(), Flaw> {
    for index in 0..list.len() {
        let path = format!("{path}[{index}]");
        let element = list.get(index).map_err(|error| of(&error, &path))?;
        // One number is as good as another.
        let is_plain = !matches!(
            element,
            dynamic_value::Reader::Struct(_)
                | dynamic_value::Reader::List(_)
                | dynamic_value::Reader::Text(_)
                | dynamic_value::Reader::Data(_)
                | dynamic_value::Reader::Enum(_)
        );
        if is_plain {
            return Ok(());
        }
        value(element, &path)?;
    }
    Ok(())
}

fn flaw(kind: FlawKind, what: &str) -> Flaw {
    Flaw {
        kind,
        what: what.to_owned(),
    }
}

/// What the reader of Cap'n Proto says about a place.
fn of(error: &capnp::Error, path: &str) -> Flaw {
    let kind = match error.kind {
        ErrorKind::MessageContainsTextThatIsNotNULTerminated
        | ErrorKind::TextBlobMissingNULTerminator
        | ErrorKind::TextContainsNonUtf8Data(_) => FlawKind::Text,
        _ => FlawKind::Encoding,
    };
    flaw(kind, &format!("{path}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use capnp::message::Builder;

    use super::*;
    use crate::protocol::{CONNECT_CALL, LOG, META_CALL};
    use crate::wire::Record;

    fn message(fill: impl FnOnce(message::Builder<'_>)) -> Vec<u8> {
        let mut builder = Builder::new_default();
        fill(builder.init_root());
        serialize::write_message_to_words(&builder)
    }

    fn ask((interface, ordinal): (u64, u16)) -> Vec<u8> {
        message(|message| {
            let mut call = message.init_call();
            call.set_question_id(1);
            call.set_interface_id(interface);
            call.set_method_id(ordinal);
        })
    }

    fn meta_with(app: &[u8]) -> Vec<u8> {
        use otto_plugin::wire::app_capnp::app::meta_results;
        message(|message| {
            let mut answer = message.init_return();
            answer.set_answer_id(1);
            let content = answer.init_results().get_content();
            let results: meta_results::Builder<'_> = content.init_as();
            let mut tuple = results.init_meta().init_tuples(1).get(0);
            tuple.set_app(capnp::text::Reader(app));
        })
    }

    fn kind(question: (u64, u16), answer: &[u8]) -> Option<FlawKind> {
        let mut record = Record::new(Instant::now());
        record.take(Party::Host, &ask(question));
        record.take(Party::Plugin, answer);
        first_flaw(record.events()).map(|(_, flaw)| flaw.kind)
    }

    #[test]
    fn an_ordinary_answer_is_valid() {
        assert_eq!(kind(META_CALL, &meta_with(b"ruby")), None);
    }

    #[test]
    fn a_text_that_is_not_utf_8_or_has_no_end_is_found() {
        assert_eq!(kind(META_CALL, &meta_with(b"\xff")), Some(FlawKind::Text));
        let mut endless = meta_with(b"endless");
        let end = endless.windows(8).position(|part| part == b"endless\0");
        endless[end.expect("the text") + 7] = b'!';
        assert_eq!(kind(META_CALL, &endless), Some(FlawKind::Text));
    }

    #[test]
    fn a_pointer_that_leads_out_of_the_message_is_found() {
        let mut cut = meta_with(b"ruby");
        // The list of tuples is at the end of a chain of pointers: cut what it leads to.
        cut.truncate(cut.len() - 8);
        let words = u32::try_from((cut.len() - 8) / 8).expect("a short message");
        cut[4..8].copy_from_slice(&words.to_le_bytes());
        assert_eq!(kind(META_CALL, &cut), Some(FlawKind::Encoding));
    }

    #[test]
    fn a_call_and_a_message_that_the_schema_does_not_have_are_found() {
        assert_eq!(kind(CONNECT_CALL, &ask((LOG, 77))), Some(FlawKind::Unknown));
        let mut unknown = ask(META_CALL);
        unknown[16..18].copy_from_slice(&999_u16.to_le_bytes());
        assert_eq!(kind(CONNECT_CALL, &unknown), Some(FlawKind::Unknown));
    }
}
