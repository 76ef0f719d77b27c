//! A directory whose blobs are watched while they are written.

use std::sync::{Arc, Mutex};

use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::{
    BuildRecord, DeployRecord, DevRecord, Directory, DirectoryClient, Expect, InfraRecord, Lookup,
    Stamp,
};
use otto_plugin::bindings::stream::{ByteStream, ByteStreamClient};
use otto_plugin::testing::MemoryDirectory;

/// Called with the number of bytes of a blob that have been sent, before the last of them arrive.
/// Says whether they are to.
type Hook = Arc<dyn Fn(u64) -> bool + Send + Sync>;

/// A [`MemoryDirectory`] that says how much of a blob has been sent, in either direction, and may
/// get stuck.
pub(crate) struct Watched {
    inner: MemoryDirectory,
    hook: Hook,
}

impl Watched {
    pub(crate) fn client(
        inner: &MemoryDirectory,
        hook: impl Fn(u64) -> bool + Send + Sync + 'static,
    ) -> DirectoryClient {
        DirectoryClient::new(Self {
            inner: inner.clone(),
            hook: Arc::new(hook),
        })
    }

    fn counting(&self, inner: ByteStreamClient) -> ByteStreamClient {
        ByteStreamClient::new(Counting {
            inner,
            count: Mutex::new(0),
            hook: Arc::clone(&self.hook),
        })
    }
}

/// The three methods of one kind of record, passed on.
macro_rules! records {
    ($record:ty, $put:ident, $get:ident, $delete:ident) => {
        async fn $put(
            &self,
            lookup: Lookup,
            record: $record,
            expect: Expect,
        ) -> Result<Stamp, Error> {
            self.inner.$put(lookup, record, expect).await
        }

        async fn $get(&self, lookup: Lookup) -> Result<Option<$record>, Error> {
            self.inner.$get(lookup).await
        }

        async fn $delete(&self, lookup: Lookup) -> Result<bool, Error> {
            self.inner.$delete(lookup).await
        }
    };
}

impl Directory for Watched {
    records!(InfraRecord, put_infra, get_infra, delete_infra);
    records!(DevRecord, put_dev, get_dev, delete_dev);
    records!(BuildRecord, put_build, get_build, delete_build);
    records!(DeployRecord, put_deploy, get_deploy, delete_deploy);

    async fn put_blob(&self, key: String) -> Result<ByteStreamClient, Error> {
        Ok(self.counting(self.inner.put_blob(key).await?))
    }

    async fn get_blob(&self, key: String, into: ByteStreamClient) -> Result<Option<u64>, Error> {
        let into = self.counting(into);
        self.inner.get_blob(key, into).await
    }

    async fn delete_blob(&self, key: String) -> Result<bool, Error> {
        self.inner.delete_blob(key).await
    }
}

struct Counting {
    inner: ByteStreamClient,
    count: Mutex<u64>,
    hook: Hook,
}

impl ByteStream for Counting {
    async fn write(&self, chunk: Vec<u8>) {
        let count = {
            let mut count = self.count.lock().unwrap();
            *count += chunk.len() as u64;
            *count
        };
        if !(self.hook)(count) {
            std::future::pending().await
        }
        // What goes wrong is told at `done`.
        let _ = self.inner.write(chunk).await;
    }

    async fn done(&self) -> Result<u64, Error> {
        Ok(self.inner.done().await?)
    }

    async fn abort(&self, reason: Error) -> Result<(), Error> {
        Ok(self.inner.abort(reason).await?)
    }
}
