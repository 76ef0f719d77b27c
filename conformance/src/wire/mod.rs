//! What goes over a connection, recorded and readable.

mod decode;
mod drip;
mod frames;
mod link;
mod names;
mod payload;
mod record;
mod stream;
mod value;

pub(crate) use decode::{Answer, Message};
pub(crate) use link::{Link, Reader, Writer};
pub(crate) use names::method_name;
pub(crate) use record::{Event, Party, Record};
pub(crate) use stream::Stream;
