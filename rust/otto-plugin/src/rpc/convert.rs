//! Between owned values and messages: what generated conversions call.

use std::sync::Arc;

use capnp::capability::FromClientHook;

use super::capability::Capability;
use super::lease::Lease;
use super::link::Link;
use super::scope::Scope;
use crate::limits::VALUE_DEPTH;

/// A message of the peer's that does not say what the schema wants it to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// A key stands twice where it may stand once.
    #[error("{field} holds the key {key:?} twice")]
    DuplicateKey {
        /// Which list it is, as `Struct.field`.
        field: &'static str,
        /// The key.
        key: String,
    },
    /// A value is nested deeper than the limit allows.
    #[error("a value is nested {depth} deep, and the limit valueDepth is {limit}")]
    Depth {
        /// How deep the reader had come.
        depth: u32,
        /// The limit.
        limit: u32,
    },
    /// A capability is null where one has to be.
    #[error("{field} is null, and has to be a capability")]
    NoCapability {
        /// Which one it is, as `Struct.field`.
        field: &'static str,
    },
    /// Text is not UTF-8.
    #[error("{field} is not UTF-8")]
    NotUtf8 {
        /// Which text it is, as `Struct.field`.
        field: &'static str,
    },
    /// The optional value is in a state that this side does not know.
    #[error("{field} has member {number}, which is not in the schema")]
    Unknown {
        /// Which union it is, as `Struct.field`.
        field: &'static str,
        /// The number of the member.
        number: u16,
    },
    /// The bytes of the message contradict each other.
    #[error("{field} cannot be read: {reason}")]
    Unreadable {
        /// Which part it is, as `Struct.field`.
        field: &'static str,
        /// What Cap'n Proto says of it.
        reason: String,
    },
}

/// A value of the caller's that cannot be sent. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsendable {
    /// The peer holds as many capabilities of this side's as it may.
    #[error("the peer holds {held} capabilities, and the limit capabilities is {limit}")]
    Capabilities {
        /// How many it holds.
        held: usize,
        /// The limit.
        limit: usize,
    },
    /// A chunk of a stream is larger than the peer accepts.
    #[error("the chunk is {size} bytes long, and the limit streamChunkBytes is {limit}")]
    Chunk {
        /// The size of the chunk with what is around it, in bytes.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// A value is nested deeper than the limit allows.
    #[error("a value is nested {depth} deep, and the limit valueDepth is {limit}")]
    Depth {
        /// How deep the writer had come.
        depth: u32,
        /// The limit.
        limit: u32,
    },
    /// A list, a text or data is longer than a message can hold.
    #[error("{field} has {length} elements, which no message can hold")]
    Length {
        /// Which one it is, as `Struct.field`.
        field: &'static str,
        /// How many elements it has.
        length: usize,
    },
    /// The message is larger than the peer accepts.
    #[error("the message is {size} bytes long, and the limit messageBytes is {limit}")]
    Size {
        /// The size of the message, in bytes.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// It is a member that only a newer schema has.
    #[error("{field} is member {number}, which is not in the schema")]
    Unknown {
        /// Which field it is, as `Struct.field`.
        field: &'static str,
        /// The number of the member.
        number: u16,
    },
    /// Cap'n Proto cannot write it.
    #[error("{field} cannot be written: {reason}")]
    Unwritable {
        /// Which part it is, as `Struct.field`.
        field: &'static str,
        /// What Cap'n Proto says of it.
        reason: String,
    },
}

/// Reads a message. Generated conversions get one handed.
#[derive(Debug)]
pub struct Reading<'a> {
    link: Option<&'a Arc<Link>>,
    scope: Option<&'a Arc<Scope>>,
    depth: u32,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(link: Option<&'a Arc<Link>>, scope: Option<&'a Arc<Scope>>) -> Self {
        Self {
            link,
            scope,
            depth: 0,
        }
    }

    /// Takes text, which has to be UTF-8.
    pub fn text(
        &mut self,
        value: capnp::Result<capnp::text::Reader<'_>>,
        field: &'static str,
    ) -> Result<String, Malformed> {
        let text = self.pointer(value, field)?;
        text.to_string().map_err(|_| Malformed::NotUtf8 { field })
    }

    /// Takes data.
    pub fn data(
        &mut self,
        value: capnp::Result<&[u8]>,
        field: &'static str,
    ) -> Result<Vec<u8>, Malformed> {
        self.pointer(value, field).map(<[u8]>::to_vec)
    }

    /// Takes what a getter of a list or of a struct gave.
    pub fn pointer<T>(
        &mut self,
        value: capnp::Result<T>,
        field: &'static str,
    ) -> Result<T, Malformed> {
        value.map_err(|error| Malformed::Unreadable {
            field,
            reason: error.to_string(),
        })
    }

    /// Takes an enum, of which the reader may know less than the sender: its number.
    pub fn number<E: Into<u16>>(&mut self, value: Result<E, capnp::NotInSchema>) -> u16 {
        match value {
            Ok(known) => known.into(),
            Err(capnp::NotInSchema(number)) => number,
        }
    }

    /// Takes a capability, which must not be null.
    pub fn capability<C: FromClientHook>(
        &mut self,
        present: bool,
        value: capnp::Result<C>,
        field: &'static str,
    ) -> Result<Capability, Malformed> {
        if !present {
            return Err(Malformed::NoCapability { field });
        }
        let client = self.pointer(value, field)?;
        Ok(Capability::remote(
            client.into_client_hook(),
            self.link.cloned(),
            self.scope.cloned(),
        ))
    }

    /// Reads a value that lies one level deeper.
    pub fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        if self.depth == VALUE_DEPTH {
            return Err(Malformed::Depth {
                depth: self.depth + 1,
                limit: VALUE_DEPTH,
            });
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// Says that a key was read for the second time.
    pub fn duplicate_key(&mut self, key: String, field: &'static str) -> Malformed {
        Malformed::DuplicateKey { field, key }
    }

    /// Says that an optional value is neither absent nor present.
    pub fn unknown(&mut self, field: &'static str, number: u16) -> Malformed {
        Malformed::Unknown { field, number }
    }
}

/// Writes a message. Generated conversions get one handed.
#[derive(Debug)]
pub struct Writing<'a> {
    link: Option<&'a Arc<Link>>,
    lease: Option<&'a Arc<Lease>>,
    depth: u32,
}

impl<'a> Writing<'a> {
    pub(crate) fn new(link: Option<&'a Arc<Link>>, lease: Option<&'a Arc<Lease>>) -> Self {
        Self {
            link,
            lease,
            depth: 0,
        }
    }

    /// Takes the length of a list or of data.
    pub fn length(&mut self, length: usize, field: &'static str) -> Result<u32, Unsendable> {
        // The wire has 29 bits for it.
        match u32::try_from(length) {
            Ok(short) if short < 1 << 29 => Ok(short),
            _ => Err(Unsendable::Length { field, length }),
        }
    }

    /// Gives the wire form of an enum, unless only a newer schema has the member.
    pub fn number<E: TryFrom<u16>>(
        &mut self,
        number: u16,
        field: &'static str,
    ) -> Result<E, Unsendable> {
        E::try_from(number).map_err(|_| self.unknown(field, number))
    }

    /// Gives the wire form of a capability. A local one is lent for as long as the call lasts, if
    /// the call lends.
    pub fn capability<C: FromClientHook>(
        &mut self,
        capability: &Capability,
    ) -> Result<C, Unsendable> {
        if let Some(link) = self.link.filter(|_| capability.is_local()) {
            link.may_hold()?;
        }
        Ok(C::new(capability.hook(self.link, self.lease)))
    }

    /// Writes a value that lies one level deeper.
    pub fn nested<T>(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<T, Unsendable>,
    ) -> Result<T, Unsendable> {
        let limit = self
            .link
            .map_or(VALUE_DEPTH, |link| link.peer_value_depth());
        if self.depth >= limit {
            return Err(Unsendable::Depth {
                depth: self.depth + 1,
                limit,
            });
        }
        self.depth += 1;
        let value = write(self);
        self.depth -= 1;
        value
    }

    /// Takes what a setter gave.
    pub fn pointer<T>(
        &mut self,
        value: capnp::Result<T>,
        field: &'static str,
    ) -> Result<T, Unsendable> {
        value.map_err(|error| Unsendable::Unwritable {
            field,
            reason: error.to_string(),
        })
    }

    /// Says that a member that was read from a newer peer cannot be sent on.
    pub fn unknown(&mut self, field: &'static str, number: u16) -> Unsendable {
        Unsendable::Unknown { field, number }
    }
}
