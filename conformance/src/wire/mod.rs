//! What goes over a connection, recorded and readable.

mod decode;
mod detail;
mod drip;
mod escaped;
mod frames;
mod halves;
mod link;
mod names;
mod payload;
mod places;
mod record;
mod secret;
mod shown;
mod stream;
mod validity;
mod value;

pub(crate) use decode::{Answer, Decoded, Message, Questions, piece};
pub(crate) use detail::{Capability, Detail, How, Kind, Target};
pub(crate) use escaped::{escaped, hex};
pub(crate) use frames::{Frames, Piece};
pub(crate) use halves::{Reader, Writer};
pub(crate) use link::Link;
pub(crate) use names::method_name;
pub(crate) use record::{Event, Party, Record};
pub(crate) use shown::{Shown, grouped};
pub(crate) use stream::Stream;
pub(crate) use validity::{FlawKind, first_flaw};
pub(crate) use value::Limit;
