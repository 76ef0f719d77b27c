//! What a message carries beside its own fields: content, capabilities, exceptions.

use std::fmt::Write;

use capnp::introspect::Type;
use capnp_rpc::rpc_capnp::{cap_descriptor, exception, payload};

use super::value::{self, Limits};

/// The content and the capabilities of a message.
#[derive(Debug)]
pub(super) struct Carried {
    /// The content in short, where its type is known.
    pub(super) brief: String,
    /// The content at length, if that was wanted.
    pub(super) content: String,
    /// Each capability, after a space.
    pub(super) capabilities: String,
    /// Whether there is no content, or only a capability that is none.
    pub(super) null: bool,
}

impl Carried {
    pub(super) fn read(
        payload: payload::Reader<'_>,
        shape: Option<fn() -> Type>,
        at_length: bool,
    ) -> capnp::Result<Self> {
        let content = payload.get_content();
        let table = payload.get_cap_table()?;
        let mut capabilities = String::new();
        for capability in table {
            let _ = write!(capabilities, " {}", descriptor(capability)?);
        }
        let show =
            |limits| shape.map_or_else(String::new, |shape| value::show(content, shape(), limits));
        let is_none = |index| matches!(table.get(index).which(), Ok(cap_descriptor::None(())));
        Ok(Self {
            brief: show(Limits::LINE),
            content: if at_length {
                show(Limits::RECORD)
            } else {
                String::new()
            },
            capabilities,
            null: content.is_null() || (table.len() == 1 && is_none(0)),
        })
    }
}

/// A capability in a word.
pub(super) fn descriptor(descriptor: cap_descriptor::Reader<'_>) -> capnp::Result<String> {
    Ok(match descriptor.which() {
        Ok(cap_descriptor::None(())) => "cap#none".to_owned(),
        Ok(cap_descriptor::SenderHosted(id)) => format!("cap#{id}"),
        Ok(cap_descriptor::SenderPromise(id)) => format!("cap#{id}(promise)"),
        Ok(cap_descriptor::ReceiverHosted(id)) => format!("cap#{id}(receiver's)"),
        Ok(cap_descriptor::ReceiverAnswer(answer)) => {
            format!("answer q{}", answer?.get_question_id())
        }
        Ok(cap_descriptor::ThirdPartyHosted(_)) => "cap#(third party's)".to_owned(),
        Err(capnp::NotInSchema(number)) => format!("cap#(unknown type {number})"),
    })
}

/// An exception in a few words.
pub(super) fn exception_text(exception: exception::Reader<'_>) -> String {
    let kind = match exception.get_type() {
        Ok(kind) => format!("{kind:?}").to_lowercase(),
        Err(capnp::NotInSchema(number)) => format!("type {number}"),
    };
    let reason = exception.get_reason().map_err(|_| ());
    let reason = reason.map_or_else(|()| "?".into(), |text| text.to_string().unwrap_or_default());
    let shown: String = reason.chars().take(200).collect();
    format!("{kind}: {shown:?}")
}
