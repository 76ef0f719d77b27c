//! What goes over a connection, recorded and readable.

mod decode;
mod drip;
mod frames;
mod halves;
mod link;
mod names;
mod payload;
mod record;
mod stream;
mod validity;
mod value;

pub(crate) use decode::{Answer, Message};
pub(crate) use halves::{Reader, Writer};
pub(crate) use link::Link;
pub(crate) use names::method_name;
pub(crate) use record::{Event, Party, Record};
pub(crate) use stream::Stream;
pub(crate) use validity::{FlawKind, first_flaw};
