//! What SQLite says, and what it means.

use super::SqliteStore;
use crate::directory::StoreError;

/// Says at which store an error of SQLite's has happened.
pub(super) trait At<T> {
    fn at(self, store: &SqliteStore) -> Result<T, StoreError>;
}

impl<T> At<T> for Result<T, sqlx::Error> {
    fn at(self, store: &SqliteStore) -> Result<T, StoreError> {
        self.map_err(|error| explain(store, error))
    }
}

fn explain(store: &SqliteStore, source: sqlx::Error) -> StoreError {
    let path = store.0.path.clone();
    if let sqlx::Error::PoolTimedOut = source {
        // Every connection of this process waits for somebody else.
        let waited = store.0.pool.options().get_acquire_timeout();
        return StoreError::Locked { path, waited };
    }
    if let sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) = source {
        let detail = source.to_string();
        return StoreError::Damaged { path, detail };
    }
    match primary_code(&source) {
        Some(BUSY | LOCKED) => StoreError::Locked {
            path,
            waited: store.0.limits.wait,
        },
        Some(FULL) => StoreError::Full {
            path,
            source: source.into(),
        },
        Some(READONLY) => StoreError::ReadOnly {
            path,
            source: source.into(),
        },
        Some(CORRUPT | NOTADB) => StoreError::Damaged {
            path,
            detail: source
                .into_database_error()
                .map_or_else(String::new, |error| error.message().to_owned()),
        },
        _ => StoreError::Database { path, source },
    }
}

/// Whether somebody else holds a lock.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(BUSY)
}

/// The result code of SQLite's, without what it adds in the higher bits.
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    let code: u32 = code.parse().ok()?;
    Some(code & 0xff)
}

// <https://www.sqlite.org/rescode.html>
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const READONLY: u32 = 8;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const NOTADB: u32 = 26;
