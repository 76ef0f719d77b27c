//! What a store does, whatever it is made of.

use std::collections::BTreeMap;

use otto_plugin::bindings::host::{Expect, Stamp};
use tokio::io::AsyncRead;

use super::StoreError;

/// Keeps records and blobs. Clones are the same store.
///
/// Every method is safe to call at the same time from many tasks and from many processes. What it
/// answered without an error is kept, also if the power fails then. One that fails has changed
/// nothing. If its future is dropped, the change was made as a whole, or not at all.
///
/// Whoever writes another implementation runs the tests in `tests/contract.rs` against it.
pub(crate) trait Store: Clone + Send + Sync + 'static {
    /// Gives the bytes of a blob. What it gives before its end may be damaged; its end is reached only
    /// if all of it was what was stored, and is an error otherwise.
    type Blob: AsyncRead + Send + 'static;

    /// Stores a record in the place of what is under the key, and gives it a stamp: a new identity and
    /// the revision 1 if there was nothing, and otherwise the identity that was there and the next
    /// revision.
    ///
    /// An error is [`StoreError::Conflict`] if what is there is not what is expected, and
    /// [`StoreError::Unknown`] for an expectation that this version does not know.
    fn put(
        &self,
        key: &Key,
        content: &Content,
        expect: &Expect,
    ) -> impl Future<Output = Result<Stamp, StoreError>> + Send;

    /// Gives the record under a key, if there is one.
    fn record(&self, key: &Key) -> impl Future<Output = Result<Option<Record>, StoreError>> + Send;

    /// Deletes the record under a key, and says whether there was one. What is put there later is
    /// another record.
    fn delete(&self, key: &Key) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Gives all records of an application, and those of an infrastructure and its foundations, as
    /// they are at one moment, in the order of their keys.
    fn records(
        &self,
        app_id: &str,
        infra: &str,
    ) -> impl Future<Output = Result<Vec<Record>, StoreError>> + Send;

    /// Stores everything that `bytes` gives in the place of what is under the name, and answers its
    /// size in bytes. It takes as much memory for a large blob as for a small one. Nothing is changed
    /// before all of it has come and is on the disk, and then all of it at once.
    ///
    /// An error of `bytes` is [`StoreError::Source`]. [`StoreError::TooLarge`] comes as soon as one
    /// byte more has come than a blob may have.
    fn put_blob(
        &self,
        name: &BlobName,
        bytes: impl AsyncRead + Unpin + Send,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Opens the blob under a name, if there is one. It can be read to its end whatever becomes of the
    /// name meanwhile.
    fn blob(
        &self,
        name: &BlobName,
    ) -> impl Future<Output = Result<Option<Self::Blob>, StoreError>> + Send;

    /// Deletes the blob under a name, and says whether there was one.
    fn delete_blob(&self, name: &BlobName)
    -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Which record is meant: its kind, and the fields that this kind is looked up by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// The state of an infrastructure, which applications share.
    Infra {
        /// Its type.
        infra: String,
        /// The name of a foundation, for its own record. Empty for the infrastructure's.
        foundation: String,
    },
    /// The development environment of an application.
    Dev {
        /// `Appfile.id`.
        app_id: String,
    },
    /// The last build of an application for an infrastructure.
    Build {
        app_id: String,
        infra: String,
        flavor: String,
    },
    /// The last deploy of an application to an infrastructure.
    Deploy {
        app_id: String,
        infra: String,
        flavor: String,
    },
}

/// What a record says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// A number of the kind's own enumeration of the schema, such as `DeployState`. 0 for a kind that
    /// has none.
    pub(crate) state: u16,
    /// The kind's own pairs, such as `DeployRecord.deploy`.
    pub(crate) pairs: BTreeMap<String, String>,
}

/// A record as it is stored. It becomes a record of the schema by `into`, such as a
/// [`DeployRecord`](otto_plugin::bindings::host::DeployRecord).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) key: Key,
    pub(crate) stamp: Stamp,
    pub(crate) content: Content,
}

/// Which blob is meant. Two applications may use the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BlobName {
    /// `Appfile.id`.
    pub(crate) app_id: String,
    /// Any text.
    pub(crate) key: String,
}
