//! A directory that is kept in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::blobs::keep;
use crate::bindings::error::{Error, ErrorKind};
use crate::bindings::host::{
    BuildRecord, DeployRecord, DevRecord, Directory, Expect, InfraRecord, Lookup, Stamp,
};
use crate::bindings::stream::ByteStreamClient;
use crate::rpc::own;
use crate::stream;

/// A call that a plugin made on the [`MemoryDirectory`]: the method, as in the schema, and what it
/// was about.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DirectoryCall {
    /// The name of the method, such as `putBuild`.
    pub method: &'static str,
    /// The lookup, for a record.
    pub lookup: Option<Lookup>,
    /// The key, for a blob.
    pub key: Option<String>,
}

/// Keeps records and blobs in memory, as a host's directory would, and records what was called.
/// Clones are the same one. It serves every lookup: it belongs to no call.
#[derive(Clone, Debug, Default)]
pub struct MemoryDirectory(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    calls: Vec<DirectoryCall>,
    infra: Records<InfraRecord>,
    dev: Records<DevRecord>,
    build: Records<BuildRecord>,
    deploy: Records<DeployRecord>,
    blobs: BTreeMap<String, Vec<u8>>,
    ids: u64,
}

type Records<R> = BTreeMap<[String; 4], R>;

impl MemoryDirectory {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was called, in order.
    pub fn calls(&self) -> Vec<DirectoryCall> {
        self.with(|state| state.calls.clone())
    }

    /// The bytes under a key, if there are any.
    pub fn blob(&self, key: &str) -> Option<Vec<u8>> {
        self.with(|state| state.blobs.get(key).cloned())
    }

    /// Puts bytes under a key, as an earlier run would have.
    pub fn insert_blob(&self, key: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.keep(key.into(), bytes.into());
    }

    pub(super) fn keep(&self, key: String, bytes: Vec<u8>) {
        self.with(|state| state.blobs.insert(key, bytes));
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn record(&self, method: &'static str, lookup: &Lookup) {
        let call = DirectoryCall {
            method,
            lookup: Some(lookup.clone()),
            key: None,
        };
        self.with(|state| state.calls.push(call));
    }

    fn record_blob(&self, method: &'static str, key: &str) {
        let call = DirectoryCall {
            method,
            lookup: None,
            key: Some(key.into()),
        };
        self.with(|state| state.calls.push(call));
    }

    /// Stores a record under `key`, if what is there is what was expected.
    fn put<R: Stamped>(
        &self,
        key: [String; 4],
        mut record: R,
        expect: &Expect,
        records: impl FnOnce(&mut State) -> &mut Records<R>,
    ) -> Result<Stamp, Error> {
        self.with(|state| {
            state.ids += 1;
            let new_id = format!("record-{}", state.ids);
            let records = records(state);
            let found = records.get_mut(&key).map(|record| record.stamp().clone());
            let revision = found.as_ref().map_or(0, |stamp| stamp.revision);
            let as_expected = match expect {
                Expect::Any => true,
                Expect::Missing => found.is_none(),
                Expect::Revision(expected) => found.is_some() && *expected == revision,
                Expect::Unknown(_) => return Err(Error::unsupported("Expect")),
            };
            if !as_expected {
                let message = format!("expected {expect:?}, and found revision {revision}");
                return Err(Error::new(ErrorKind::Conflict, message));
            }
            let id = found.map_or(new_id, |stamp| stamp.id);
            let stamp = Stamp {
                id,
                revision: revision + 1,
            };
            *record.stamp() = stamp.clone();
            records.insert(key, record);
            Ok(stamp)
        })
    }
}

/// A record that carries its stamp.
trait Stamped {
    fn stamp(&mut self) -> &mut Stamp;
}

/// The fields that a record is looked up by. The others are ignored.
fn infra(lookup: Lookup) -> [String; 4] {
    [
        String::new(),
        lookup.infra,
        String::new(),
        lookup.foundation,
    ]
}

fn dev(lookup: Lookup) -> [String; 4] {
    [lookup.app_id, String::new(), String::new(), String::new()]
}

fn app(lookup: Lookup) -> [String; 4] {
    [lookup.app_id, lookup.infra, lookup.flavor, String::new()]
}

/// The three methods of one kind of record, all of the same form.
macro_rules! records {
    ($record:ty, $field:ident, $key:ident, $put:ident $put_name:literal,
     $get:ident $get_name:literal, $delete:ident $delete_name:literal) => {
        async fn $put(
            &self,
            lookup: Lookup,
            record: $record,
            expect: Expect,
        ) -> Result<Stamp, Error> {
            self.record($put_name, &lookup);
            self.put($key(lookup), record, &expect, |state| &mut state.$field)
        }

        async fn $get(&self, lookup: Lookup) -> Result<Option<$record>, Error> {
            self.record($get_name, &lookup);
            Ok(self.with(|state| state.$field.get(&$key(lookup)).cloned()))
        }

        async fn $delete(&self, lookup: Lookup) -> Result<bool, Error> {
            self.record($delete_name, &lookup);
            Ok(self.with(|state| state.$field.remove(&$key(lookup)).is_some()))
        }
    };
}

impl Directory for MemoryDirectory {
    records!(InfraRecord, infra, infra, put_infra "putInfra", get_infra "getInfra",
             delete_infra "deleteInfra");
    records!(DevRecord, dev, dev, put_dev "putDev", get_dev "getDev", delete_dev "deleteDev");
    records!(BuildRecord, build, app, put_build "putBuild", get_build "getBuild",
             delete_build "deleteBuild");
    records!(DeployRecord, deploy, app, put_deploy "putDeploy", get_deploy "getDeploy",
             delete_deploy "deleteDeploy");

    async fn put_blob(&self, key: String) -> Result<ByteStreamClient, Error> {
        self.record_blob("putBlob", &key);
        let (stream, reader) = stream::pipe();
        own()?.spawn(keep(self.clone(), key, reader));
        Ok(stream)
    }

    async fn get_blob(&self, key: String, into: ByteStreamClient) -> Result<Option<u64>, Error> {
        self.record_blob("getBlob", &key);
        match self.blob(&key) {
            Some(bytes) => stream::send(&bytes[..], &into).await.map(Some),
            None => Ok(None),
        }
    }

    async fn delete_blob(&self, key: String) -> Result<bool, Error> {
        self.record_blob("deleteBlob", &key);
        Ok(self.with(|state| state.blobs.remove(&key).is_some()))
    }
}

macro_rules! stamped {
    ($($record:ty),*) => {
        $(impl Stamped for $record {
            fn stamp(&mut self) -> &mut Stamp {
                &mut self.stamp
            }
        })*
    };
}

stamped!(InfraRecord, DevRecord, BuildRecord, DeployRecord);
