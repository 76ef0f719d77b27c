//! Records, one row each.

use std::collections::BTreeMap;

use otto_plugin::bindings::host::{Expect, Stamp};
use uuid::Uuid;

use super::SqliteStore;
use super::trouble::At;
use crate::directory::{Content, Key, Record, StoreError};

pub(super) async fn put(
    store: &SqliteStore,
    key: &Key,
    content: &Content,
    expect: &Expect,
) -> Result<Stamp, StoreError> {
    let pairs = serde_json::to_string(&content.pairs)
        .map_err(|error| StoreError::system(&*store.0.path, error.into()))?;
    let columns = Columns::of(key);
    let mut writing = store.write().await?;
    let found: Option<(String, i64)> = sqlx::query_as(
        "SELECT id, revision FROM record
         WHERE kind = ? AND app_id = ? AND infra = ? AND flavor = ? AND foundation = ?",
    )
    .bind(columns.kind)
    .bind(columns.app_id)
    .bind(columns.infra)
    .bind(columns.flavor)
    .bind(columns.foundation)
    .fetch_optional(&mut *writing)
    .await
    .at(store)?;
    let revision = found.as_ref().map(|(_, revision)| revision.cast_unsigned());
    let as_expected = match expect {
        Expect::Any => true,
        Expect::Missing => revision.is_none(),
        Expect::Revision(expected) => revision == Some(*expected),
        unknown => {
            return Err(StoreError::Unknown {
                what: "Expect",
                said: format!("{unknown:?}"),
            });
        }
    };
    if !as_expected {
        let expect = expect.clone();
        return Err(StoreError::Conflict { expect, revision });
    }
    let stamp = Stamp {
        id: found.map_or_else(|| Uuid::new_v4().to_string(), |(id, _)| id),
        revision: revision.unwrap_or(0) + 1,
    };
    sqlx::query(
        "INSERT INTO record (kind, app_id, infra, flavor, foundation, id, revision, state, pairs)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE
         SET revision = excluded.revision, state = excluded.state, pairs = excluded.pairs",
    )
    .bind(columns.kind)
    .bind(columns.app_id)
    .bind(columns.infra)
    .bind(columns.flavor)
    .bind(columns.foundation)
    .bind(&stamp.id)
    .bind(stamp.revision.cast_signed())
    .bind(content.state)
    .bind(pairs)
    .execute(&mut *writing)
    .await
    .at(store)?;
    writing.commit().await.at(store)?;
    Ok(stamp)
}

pub(super) async fn one(store: &SqliteStore, key: &Key) -> Result<Option<Record>, StoreError> {
    let columns = Columns::of(key);
    let row: Option<Row> = sqlx::query_as(
        "SELECT kind, app_id, infra, flavor, foundation, id, revision, state, pairs FROM record
         WHERE kind = ? AND app_id = ? AND infra = ? AND flavor = ? AND foundation = ?",
    )
    .bind(columns.kind)
    .bind(columns.app_id)
    .bind(columns.infra)
    .bind(columns.flavor)
    .bind(columns.foundation)
    .fetch_optional(&store.0.pool)
    .await
    .at(store)?;
    row.map(|row| record(store, row)).transpose()
}

pub(super) async fn all(
    store: &SqliteStore,
    app_id: &str,
    infra: &str,
) -> Result<Vec<Record>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT kind, app_id, infra, flavor, foundation, id, revision, state, pairs FROM record
         WHERE kind IN ('dev', 'build', 'deploy') AND app_id = ?
            OR kind = 'infra' AND infra = ?",
    )
    .bind(app_id)
    .bind(infra)
    .fetch_all(&store.0.pool)
    .await
    .at(store)?;
    let records: Result<Vec<_>, _> = rows.into_iter().map(|row| record(store, row)).collect();
    let mut records = records?;
    records.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(records)
}

pub(super) async fn delete(store: &SqliteStore, key: &Key) -> Result<bool, StoreError> {
    let columns = Columns::of(key);
    let mut writing = store.write().await?;
    let deleted = sqlx::query(
        "DELETE FROM record
         WHERE kind = ? AND app_id = ? AND infra = ? AND flavor = ? AND foundation = ?",
    )
    .bind(columns.kind)
    .bind(columns.app_id)
    .bind(columns.infra)
    .bind(columns.flavor)
    .bind(columns.foundation)
    .execute(&mut *writing)
    .await
    .at(store)?;
    writing.commit().await.at(store)?;
    Ok(deleted.rows_affected() > 0)
}

/// A key, as it stands in a row. What a kind is not looked up by is empty.
#[derive(Clone, Copy)]
struct Columns<'a> {
    kind: &'static str,
    app_id: &'a str,
    infra: &'a str,
    flavor: &'a str,
    foundation: &'a str,
}

impl<'a> Columns<'a> {
    fn of(key: &'a Key) -> Self {
        let app = |kind, app_id, infra, flavor| Self {
            kind,
            app_id,
            infra,
            flavor,
            foundation: "",
        };
        match key {
            Key::Infra { infra, foundation } => Self {
                foundation,
                ..app("infra", "", infra, "")
            },
            Key::Dev { app_id } => app("dev", app_id, "", ""),
            Key::Build {
                app_id,
                infra,
                flavor,
            } => app("build", app_id, infra, flavor),
            Key::Deploy {
                app_id,
                infra,
                flavor,
            } => app("deploy", app_id, infra, flavor),
        }
    }
}

/// Everything that is in a row, in the order of the columns.
type Row = (
    String,
    String,
    String,
    String,
    String,
    String,
    i64,
    u16,
    String,
);

fn record(store: &SqliteStore, row: Row) -> Result<Record, StoreError> {
    let (kind, app_id, infra, flavor, foundation, id, revision, state, pairs) = row;
    let damaged = |detail: String| StoreError::Damaged {
        path: store.0.path.clone(),
        detail,
    };
    let pairs: BTreeMap<String, String> = serde_json::from_str(&pairs).map_err(|error| {
        damaged(format!(
            "the pairs of the record {id} are no pairs: {error}"
        ))
    })?;
    let key = match &*kind {
        "infra" => Key::Infra { infra, foundation },
        "dev" => Key::Dev { app_id },
        "build" => Key::Build {
            app_id,
            infra,
            flavor,
        },
        "deploy" => Key::Deploy {
            app_id,
            infra,
            flavor,
        },
        _ => return Err(damaged(format!("the record {id} is of no known kind"))),
    };
    Ok(Record {
        key,
        stamp: Stamp {
            id,
            revision: revision.cast_unsigned(),
        },
        content: Content { state, pairs },
    })
}
