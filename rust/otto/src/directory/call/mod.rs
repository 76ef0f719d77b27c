//! The directory that is lent for one call.

use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{
    BuildRecord, DeployRecord, DevRecord, Directory, Expect, InfraRecord, Lookup, Stamp,
};
use otto_plugin::bindings::stream::ByteStreamClient;
use otto_plugin::stream;

use super::{BlobName, Key, Store};

#[cfg(test)]
mod tests;

/// What a call is about, as in its `Context`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    /// `Appfile.id`.
    pub(crate) app_id: String,
    /// The type of the infrastructure.
    pub(crate) infra: String,
    /// The flavor of the infrastructure.
    pub(crate) flavor: String,
}

/// Serves a store to the plugin of one call: the records of the call's own application,
/// infrastructure and flavor, and the application's own blobs. Everything else is `denied`.
///
/// To be lent as `DirectoryClient::new`. What it began to store when the call ends, and what was not
/// complete by then, leaves nothing.
#[derive(Clone, Debug)]
pub(crate) struct CallDirectory<S> {
    store: S,
    scope: Scope,
}

impl<S: Store> CallDirectory<S> {
    pub(crate) fn new(store: S, scope: Scope) -> Self {
        Self { store, scope }
    }

    fn blob_name(&self, key: String) -> Result<BlobName, Error> {
        if key.len() > KEY_BYTES {
            let message = format!(
                "the key of a blob may have {KEY_BYTES} bytes, and this one has {}",
                key.len()
            );
            return Err(Error::new(ErrorKind::LimitExceeded, message));
        }
        Ok(BlobName {
            app_id: self.scope.app_id.clone(),
            key,
        })
    }
}

/// How long the key of a blob may be, in bytes.
const KEY_BYTES: usize = 1024;

/// The three methods of one kind of record, all of the same form.
macro_rules! records {
    ($record:ty, $key:ident, $put:ident, $get:ident, $delete:ident) => {
        async fn $put(
            &self,
            lookup: Lookup,
            record: $record,
            expect: Expect,
        ) -> Result<Stamp, Error> {
            let key = self.scope.$key(lookup)?;
            Ok(self.store.put(&key, &record.try_into()?, &expect).await?)
        }

        async fn $get(&self, lookup: Lookup) -> Result<Option<$record>, Error> {
            let key = self.scope.$key(lookup)?;
            Ok(self.store.record(&key).await?.map(Into::into))
        }

        async fn $delete(&self, lookup: Lookup) -> Result<bool, Error> {
            let key = self.scope.$key(lookup)?;
            Ok(self.store.delete(&key).await?)
        }
    };
}

impl<S: Store> Directory for CallDirectory<S> {
    records!(InfraRecord, infra, put_infra, get_infra, delete_infra);
    records!(DevRecord, dev, put_dev, get_dev, delete_dev);
    records!(BuildRecord, build, put_build, get_build, delete_build);
    records!(DeployRecord, deploy, put_deploy, get_deploy, delete_deploy);

    async fn put_blob(&self, key: String) -> Result<ByteStreamClient, Error> {
        let name = self.blob_name(key)?;
        let (stream, mut reader) = stream::pipe();
        let store = self.store.clone();
        // It ends with the stream, and the stream with the call.
        tokio::spawn(async move {
            match store.put_blob(&name, &mut reader).await {
                // The end was read, so there is nothing that could have failed since.
                Ok(_) => drop(reader.accept()),
                Err(error) => reader.refuse(error.into()),
            }
        });
        Ok(stream)
    }

    async fn get_blob(&self, key: String, into: ByteStreamClient) -> Result<Option<u64>, Error> {
        let name = self.blob_name(key)?;
        match self.store.blob(&name).await? {
            Some(blob) => stream::send(blob, &into).await.map(Some),
            None => Ok(None),
        }
    }

    async fn delete_blob(&self, key: String) -> Result<bool, Error> {
        let name = self.blob_name(key)?;
        Ok(self.store.delete_blob(&name).await?)
    }
}

/// Which record a lookup means. Fields that the kind is not looked up by are ignored.
impl Scope {
    fn infra(&self, lookup: Lookup) -> Result<Key, Error> {
        Ok(Key::Infra {
            infra: own("infra", lookup.infra, &self.infra)?,
            foundation: lookup.foundation,
        })
    }

    fn dev(&self, lookup: Lookup) -> Result<Key, Error> {
        Ok(Key::Dev {
            app_id: own("appId", lookup.app_id, &self.app_id)?,
        })
    }

    fn build(&self, lookup: Lookup) -> Result<Key, Error> {
        Ok(Key::Build {
            app_id: own("appId", lookup.app_id, &self.app_id)?,
            infra: own("infra", lookup.infra, &self.infra)?,
            flavor: own("flavor", lookup.flavor, &self.flavor)?,
        })
    }

    fn deploy(&self, lookup: Lookup) -> Result<Key, Error> {
        Ok(Key::Deploy {
            app_id: own("appId", lookup.app_id, &self.app_id)?,
            infra: own("infra", lookup.infra, &self.infra)?,
            flavor: own("flavor", lookup.flavor, &self.flavor)?,
        })
    }
}

fn own(field: &str, asked: String, own: &str) -> Result<String, Error> {
    if asked == own {
        return Ok(asked);
    }
    let message = format!("Lookup.{field} is {asked:?}, and this call's own is {own:?}");
    Err(Error::new(ErrorKind::Denied, message))
}
