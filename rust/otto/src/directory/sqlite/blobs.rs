//! Blobs: which key has which content, and what becomes of contents that no key has.

use std::io;

use sqlx::SqliteConnection;
use tokio::fs::File;
use tokio::io::AsyncRead;

use super::SqliteStore;
use super::bytes::CheckedBytes;
use super::trouble::At;
use crate::directory::{BlobName, StoreError};

pub(super) async fn put(
    store: &SqliteStore,
    name: &BlobName,
    bytes: impl AsyncRead + Unpin + Send,
) -> Result<u64, StoreError> {
    let draft = store
        .0
        .files
        .draft(bytes, store.0.limits.blob_bytes)
        .await?;
    let (hash, size) = (draft.hash.clone(), draft.size);
    let mut writing = store.write().await?;
    while !is_noted(store, &mut writing, &hash).await? {
        // For good before the file is in place: a crash must leave no file that is not noted.
        sqlx::query("INSERT INTO content (hash, size) VALUES (?, ?)")
            .bind(&hash)
            .bind(size.cast_signed())
            .execute(&mut *writing)
            .await
            .at(store)?;
        writing.commit().await.at(store)?;
        // Somebody may collect it before this can write again.
        writing = store.write().await?;
    }
    // Nothing is awaited here: if this is dropped, no work goes on after the lock has been let go.
    store.0.files.place(draft)?;
    sqlx::query(
        "INSERT INTO blob (app_id, key, hash) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET hash = excluded.hash",
    )
    .bind(&name.app_id)
    .bind(&name.key)
    .bind(&hash)
    .execute(&mut *writing)
    .await
    .at(store)?;
    writing.commit().await.at(store)?;
    store.collect_or_warn().await;
    Ok(size)
}

pub(super) async fn open(
    store: &SqliteStore,
    name: &BlobName,
) -> Result<Option<CheckedBytes>, StoreError> {
    let mut reading = store.0.pool.acquire().await.at(store)?;
    let Some((hash, size)) = find(store, &mut reading, name).await? else {
        return Ok(None);
    };
    if let Some(bytes) = open_content(store, hash, size).await? {
        return Ok(Some(bytes));
    }
    drop(reading);
    // Another one may have taken its place, and it may have been collected meanwhile. Nobody can do
    // that while this holds the lock.
    let mut writing = store.write().await?;
    let Some((hash, size)) = find(store, &mut writing, name).await? else {
        return Ok(None);
    };
    match open_content(store, hash.clone(), size).await? {
        Some(bytes) => Ok(Some(bytes)),
        None => Err(StoreError::BlobDamaged {
            path: store.0.files.path(&hash),
            size,
            hash,
            found: "no file".into(),
        }),
    }
}

pub(super) async fn delete(store: &SqliteStore, name: &BlobName) -> Result<bool, StoreError> {
    let mut writing = store.write().await?;
    let deleted = sqlx::query("DELETE FROM blob WHERE app_id = ? AND key = ?")
        .bind(&name.app_id)
        .bind(&name.key)
        .execute(&mut *writing)
        .await
        .at(store)?;
    writing.commit().await.at(store)?;
    store.collect_or_warn().await;
    Ok(deleted.rows_affected() > 0)
}

impl SqliteStore {
    /// Removes the contents that no key refers to. What cannot be removed now is found by the next
    /// collection, so nothing fails because of it.
    pub(super) async fn collect_or_warn(&self) {
        if let Err(error) = self.collect().await {
            tracing::warn!(%error, "what nothing refers to could not be removed");
        }
    }

    async fn collect(&self) -> Result<(), StoreError> {
        let garbage: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM content WHERE hash NOT IN (SELECT hash FROM blob))",
        )
        .fetch_one(&self.0.pool)
        .await
        .at(self)?;
        if !garbage {
            return Ok(());
        }
        let mut writing = self.write().await?;
        let garbage: Vec<String> = sqlx::query_scalar(
            "DELETE FROM content WHERE hash NOT IN (SELECT hash FROM blob) RETURNING hash",
        )
        .fetch_all(&mut *writing)
        .await
        .at(self)?;
        // As in `put`, nothing is awaited here: a file that is removed when the lock has been let go
        // may be somebody's.
        garbage
            .iter()
            .try_for_each(|hash| self.0.files.remove(hash))?;
        writing.commit().await.at(self)
    }
}

async fn is_noted(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    hash: &str,
) -> Result<bool, StoreError> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM content WHERE hash = ?)")
        .bind(hash)
        .fetch_one(connection)
        .await
        .at(store)
}

/// The hash and the size of what is under a name.
async fn find(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    name: &BlobName,
) -> Result<Option<(String, u64)>, StoreError> {
    let found: Option<(String, i64)> = sqlx::query_as(
        "SELECT hash, size FROM blob JOIN content USING (hash) WHERE app_id = ? AND key = ?",
    )
    .bind(&name.app_id)
    .bind(&name.key)
    .fetch_optional(connection)
    .await
    .at(store)?;
    Ok(found.map(|(hash, size)| (hash, size.cast_unsigned())))
}

/// Opens the file of a content, if it is in place.
async fn open_content(
    store: &SqliteStore,
    hash: String,
    size: u64,
) -> Result<Option<CheckedBytes>, StoreError> {
    let path = store.0.files.path(&hash);
    match File::open(&path).await {
        Ok(file) => Ok(Some(CheckedBytes::new(file, path, hash, size))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::system(path, error)),
    }
}
