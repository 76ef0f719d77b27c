//! What a message carries beside its own fields: content, capabilities, exceptions.

use capnp::introspect::Type;
use capnp_rpc::rpc_capnp::{cap_descriptor, exception, payload};

use super::detail::Capability;
use super::secret::Privacy;
use super::shown::Shown;
use super::value::{self, Limit};

/// How many capabilities of one message are kept: more than any method has.
const KEPT_CAPABILITIES: u32 = 64;
/// How much of the text of an exception is kept, in characters.
const KEPT_REASON: usize = 200;

/// The content and the capabilities of a message.
#[derive(Debug)]
pub(super) struct Carried {
    /// The content, where its type is known.
    pub(super) content: Option<Shown>,
    pub(super) capabilities: Vec<Capability>,
    /// Whether there is no content, or only a capability that is none.
    pub(super) null: bool,
}

impl Carried {
    pub(super) fn read(
        payload: payload::Reader<'_>,
        shape: Option<fn() -> Type>,
        privacy: Privacy,
        limit: Limit,
    ) -> capnp::Result<Self> {
        let content = payload.get_content();
        let table = payload.get_cap_table()?;
        let capabilities = table
            .iter()
            .take(KEPT_CAPABILITIES as usize)
            .map(descriptor)
            .collect::<capnp::Result<Vec<_>>>()?;
        let null = content.is_null() || capabilities == [Capability::None];
        let read = |shape: fn() -> Type| value::read(content, shape(), table.len(), privacy, limit);
        Ok(Self {
            content: shape.map(read),
            capabilities,
            null,
        })
    }

    /// The content in short.
    pub(super) fn brief(&self) -> String {
        self.content.as_ref().map_or_else(String::new, Shown::brief)
    }

    /// Each capability, after a space.
    pub(super) fn told_capabilities(&self) -> String {
        let told = self.capabilities.iter();
        told.map(|capability| format!(" {capability}")).collect()
    }
}

/// A capability in a table.
pub(super) fn descriptor(descriptor: cap_descriptor::Reader<'_>) -> capnp::Result<Capability> {
    Ok(match descriptor.which() {
        Ok(cap_descriptor::None(())) => Capability::None,
        Ok(cap_descriptor::SenderHosted(id)) => Capability::Sender(id),
        Ok(cap_descriptor::SenderPromise(id)) => Capability::SenderPromise(id),
        Ok(cap_descriptor::ReceiverHosted(id)) => Capability::Receiver(id),
        Ok(cap_descriptor::ReceiverAnswer(answer)) => {
            Capability::ReceiverAnswer(answer?.get_question_id())
        }
        Ok(cap_descriptor::ThirdPartyHosted(_)) => Capability::ThirdParty,
        Err(capnp::NotInSchema(number)) => Capability::Unknown(number),
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
    let shown: String = reason.chars().take(KEPT_REASON).collect();
    format!("{kind}: {shown:?}")
}
