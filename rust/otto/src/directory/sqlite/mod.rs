//! A store in a SQLite database, with the bytes of blobs in files beside it.

mod blobs;
mod bytes;
mod files;
mod records;
mod schema;
mod trouble;

#[cfg(test)]
mod tests;

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use otto_plugin::bindings::host::{Expect, Stamp};
use rustix::fs::Access;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, Sqlite, Transaction};
use tokio::io::AsyncRead;

use self::bytes::CheckedBytes;
use self::files::Files;
use self::trouble::At;
use super::{BlobName, Content, Key, Record, Store, StoreError};
use crate::places::Places;

/// The store of one user: `directory.sqlite` and `blobs/` in the data directory. Nobody else can read
/// them.
///
/// Any number of processes may have it open at once. Dropping the last clone closes it.
#[derive(Clone, Debug)]
pub(crate) struct SqliteStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: SqlitePool,
    /// Where the database is.
    path: PathBuf,
    files: Files,
    limits: Limits,
}

/// What a store waits for, and takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How long it waits for others that write.
    pub(super) wait: Duration,
    /// How large a blob may be, in bytes.
    pub(super) blob_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(10),
            blob_bytes: 1 << 30,
        }
    }
}

/// How many connections a process has. One writes at a time, whatever their number.
const CONNECTIONS: u32 = 4;

impl SqliteStore {
    /// Opens the store in the user's data directory, and makes it if there is none. It removes what
    /// processes that are gone have left.
    ///
    /// An error says why the store cannot be used, and what to do. It is then as it was.
    pub(crate) async fn open(places: &Places) -> Result<Self, StoreError> {
        Self::open_in(places.data(), Limits::default()).await
    }

    pub(super) async fn open_in(data: &Path, limits: Limits) -> Result<Self, StoreError> {
        let path = data.join("directory.sqlite");
        make_dir(data)?;
        make_database(&path)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(limits.wait);
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .after_release(|connection, _| {
                Box::pin(async move {
                    // What was given up is rolled back by then.
                    connection.ping().await?;
                    // After some errors, a full disk for one, SQLite does that by itself, and the
                    // connection does not know: nothing could begin on it any more.
                    Ok(!connection.is_in_transaction())
                })
            })
            .connect_lazy_with(options);
        let store = Self(Arc::new(Inner {
            pool,
            path,
            files: Files::new(data.join("blobs")),
            limits,
        }));
        // The files are left alone unless the database is one that this program knows.
        let prepared = schema::prepare(&store).await;
        if let Err(error) = prepared.and_then(|()| store.0.files.prepare()) {
            store.0.pool.close().await;
            return Err(error);
        }
        store.collect_or_warn().await;
        Ok(store)
    }

    /// Begins to write. Nobody else writes until the end of the transaction; dropping it leaves
    /// everything as it was.
    pub(super) async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.0.pool.begin_with("BEGIN IMMEDIATE").await.at(self)
    }
}

impl Store for SqliteStore {
    type Blob = CheckedBytes;

    async fn put(
        &self,
        key: &Key,
        content: &Content,
        expect: &Expect,
    ) -> Result<Stamp, StoreError> {
        records::put(self, key, content, expect).await
    }

    async fn record(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        records::one(self, key).await
    }

    async fn delete(&self, key: &Key) -> Result<bool, StoreError> {
        records::delete(self, key).await
    }

    async fn records(&self, app_id: &str, infra: &str) -> Result<Vec<Record>, StoreError> {
        records::all(self, app_id, infra).await
    }

    async fn put_blob(
        &self,
        name: &BlobName,
        bytes: impl AsyncRead + Unpin + Send,
    ) -> Result<u64, StoreError> {
        blobs::put(self, name, bytes).await
    }

    async fn blob(&self, name: &BlobName) -> Result<Option<CheckedBytes>, StoreError> {
        blobs::open(self, name).await
    }

    async fn delete_blob(&self, name: &BlobName) -> Result<bool, StoreError> {
        blobs::delete(self, name).await
    }
}

/// Makes a folder for this user alone, and those that it is in, unless there is one that can be written
/// to.
fn make_dir(path: &Path) -> Result<(), StoreError> {
    let make = || DirBuilder::new().mode(0o700).create(path);
    let made = match (make(), path.parent()) {
        (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
            make_dir(parent)?;
            make()
        }
        (made, _) => made,
    };
    match made {
        Ok(()) => path.parent().map_or(Ok(()), |parent| {
            files::sync(parent).map_err(|error| StoreError::system(parent, error))
        }),
        // Also somebody else, who does the same.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match path.is_dir() {
            true => writable(path, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK),
            false => Err(StoreError::Misplaced {
                path: path.to_owned(),
                expected: "folder",
            }),
        },
        Err(error) => Err(StoreError::system(path, error)),
    }
}

/// Makes an empty database for this user alone, unless there is one that can be written to. SQLite
/// gives the files that it makes beside it the same mode.
fn make_database(path: &Path) -> Result<(), StoreError> {
    // An existing file is never opened here: closing it would let go of the locks that SQLite has on
    // it for another store of this process.
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match fs::metadata(path) {
            Ok(found) if found.is_file() => writable(path, Access::READ_OK | Access::WRITE_OK),
            Ok(_) => Err(StoreError::Misplaced {
                path: path.to_owned(),
                expected: "file",
            }),
            Err(error) => Err(StoreError::system(path, error)),
        },
        Err(error) => Err(StoreError::system(path, error)),
    }
}

fn writable(path: &Path, access: Access) -> Result<(), StoreError> {
    rustix::fs::access(path, access).map_err(|error| StoreError::system(path, error.into()))
}
