//! Keys and their values.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::CredentialsError;
use crate::screen::Secret;

/// The number of the format inside of the file.
const FORMAT: u32 = 1;

/// The most that is kept for one infrastructure, in bytes of JSON.
pub(super) const BYTES_MAX: usize = 256 << 10;

/// What an infrastructure has: values by their keys. Debug output shows the keys only, and the values
/// are overwritten when it is dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Secrets(BTreeMap<String, Secret>);

#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    values: BTreeMap<&'a str, &'a str>,
}

#[derive(Deserialize)]
struct Read {
    format: u32,
    #[serde(default)]
    values: BTreeMap<String, String>,
}

impl Secrets {
    /// Adds a value, and answers false if the key has one already, which is then kept.
    pub(crate) fn insert(&mut self, key: String, value: Secret) -> bool {
        use std::collections::btree_map::Entry;
        match self.0.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert(value);
                true
            }
            Entry::Occupied(_) => false,
        }
    }

    /// Takes every value of `other`, in the place of those with the same key.
    pub(crate) fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The names of the keys, sorted.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The keys and their values, for whoever hands them to a plugin.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn to_json(&self, infra: &str) -> Result<Zeroizing<Vec<u8>>, CredentialsError> {
        let values: BTreeMap<_, _> = self
            .0
            .iter()
            .map(|(key, value)| (key.as_str(), value.expose()))
            .collect();
        // A buffer that never grows leaves no copy behind; a character takes at most six bytes in JSON.
        let bytes: usize = values
            .iter()
            .map(|(key, value)| 6 * (key.len() + value.len()) + 8)
            .sum();
        let mut json = Zeroizing::new(Vec::with_capacity(bytes + 64));
        let written = Written {
            format: FORMAT,
            values,
        };
        serde_json::to_writer(&mut *json, &written).map_err(|error| CredentialsError::Damaged {
            infra: infra.to_owned(),
            reason: error.to_string(),
        })?;
        match json.len() > BYTES_MAX {
            true => Err(too_large(infra, json.len())),
            false => Ok(json),
        }
    }

    pub(super) fn from_json(infra: &str, json: &[u8]) -> Result<Self, CredentialsError> {
        // What the reader says of the text may quote it.
        let read: Read =
            serde_json::from_slice(json).map_err(|error| CredentialsError::Damaged {
                infra: infra.to_owned(),
                reason: format!(
                    "what is inside is no JSON of keys and values, at line {} column {}",
                    error.line(),
                    error.column()
                ),
            })?;
        if read.format != FORMAT {
            return Err(CredentialsError::Format {
                infra: infra.to_owned(),
                found: read.format,
                known: FORMAT,
            });
        }
        Ok(Self(
            read.values
                .into_iter()
                .map(|(key, value)| (key, Secret::new(value)))
                .collect(),
        ))
    }
}

pub(super) fn too_large(infra: &str, bytes: usize) -> CredentialsError {
    CredentialsError::TooLarge {
        infra: infra.to_owned(),
        bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
        max: BYTES_MAX as u64,
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.0).finish()
    }
}
