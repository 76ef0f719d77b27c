//! The tables, from one version to the next.

use std::time::Instant;

use sqlx::{Connection, SqliteConnection};

use super::SqliteStore;
use super::trouble::{At, is_busy};
use crate::directory::StoreError;

/// Each makes the schema of its number out of the one before, or out of an empty database.
const STEPS: [&str; 1] = [include_str!("schema/1.sql")];

/// The schema that this program knows. Those before it are brought up to it.
const KNOWN: u32 = STEPS.len() as u32;

/// Marks the database as a directory of Otto's: "Otto".
const APPLICATION: u32 = u32::from_be_bytes(*b"Otto");

/// Brings the database up to the schema that this program knows.
///
/// One that is up to it is only looked at. A newer one, and one of another program's, is an error,
/// and stays as it is. Several processes may do it at once.
pub(super) async fn prepare(store: &SqliteStore) -> Result<(), StoreError> {
    let mut connection = store.0.pool.acquire().await.at(store)?;
    if version(store, &mut connection).await? == KNOWN {
        return Ok(());
    }
    use_wal(store, &mut connection).await?;
    let mut writing = connection.begin_with("BEGIN IMMEDIATE").await.at(store)?;
    // Somebody else may have done it meanwhile.
    let version = version(store, &mut writing).await?;
    for (step, number) in STEPS.into_iter().zip(1..).skip(version as usize) {
        sqlx::raw_sql(step).execute(&mut *writing).await.at(store)?;
        let mark = format!("PRAGMA user_version = {number}; PRAGMA application_id = {APPLICATION}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(mark))
            .execute(&mut *writing)
            .await
            .at(store)?;
    }
    writing.commit().await.at(store)
}

/// The schema that the database has. 0 is that of an empty one.
async fn version(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
) -> Result<u32, StoreError> {
    let (application, version, objects): (i32, i32, i64) = sqlx::query_as(
        "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
         FROM pragma_application_id, pragma_user_version",
    )
    .fetch_one(connection)
    .await
    .at(store)?;
    let path = || store.0.path.clone();
    let (application, version) = (application.cast_unsigned(), version.cast_unsigned());
    let is_empty = application == 0 && version == 0 && objects == 0;
    if application != APPLICATION && !is_empty {
        return Err(StoreError::Foreign {
            path: path(),
            found: application,
            ours: APPLICATION,
        });
    }
    if version > KNOWN {
        return Err(StoreError::Newer {
            path: path(),
            found: version,
            known: KNOWN,
        });
    }
    Ok(version)
}

/// Has the database keep a write-ahead log, which lets others read while one writes. The file keeps
/// that from then on.
async fn use_wal(store: &SqliteStore, connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let deadline = Instant::now() + store.0.limits.wait;
    loop {
        let changed = sqlx::query("PRAGMA journal_mode = WAL")
            .execute(&mut *connection)
            .await;
        match changed {
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                // Somebody else does the same. SQLite does not wait for that, but it does where a
                // transaction begins.
                let turn = connection.begin_with("BEGIN IMMEDIATE").await.at(store)?;
                turn.rollback().await.at(store)?;
            }
            changed => return changed.map(drop).at(store),
        }
    }
}
