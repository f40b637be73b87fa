//! Reads the tables of applied migrations, of many tenants at once.

mod apart;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Kind, Type};

use super::reading::{LedgerRead, Reading};
use crate::catalog::Catalog;
use crate::name::MIGRATION_HISTORY;
use crate::{PgError, SchemaName};

pub(super) use apart::Unreached;

/// Reads the ledgers of `schemas` into `ledgers`, in order. `unreached` keeps which
/// servers of a cluster do not answer, for further ones.
pub(super) async fn read_ledgers(
    reading: &Reading<'_>,
    schemas: &[SchemaName],
    unreached: &Unreached,
    ledgers: &mut Vec<(SchemaName, LedgerRead)>,
) {
    match reading.catalog() {
        Catalog::Plain => read_together(reading, schemas, ledgers).await,
        Catalog::Cluster => apart::read_apart(reading, schemas, unreached, ledgers).await,
    }
}

/// With one query. When that fails, because of one of the schemas, each half is asked
/// for by itself.
async fn read_together(
    reading: &Reading<'_>,
    schemas: &[SchemaName],
    ledgers: &mut Vec<(SchemaName, LedgerRead)>,
) {
    let error = match query_ledgers(reading, schemas).await {
        Ok(applied) => {
            let applied = applied.into_iter().map(Ok);
            return ledgers.extend(schemas.iter().cloned().zip(applied));
        }
        Err(error) => error,
    };
    if let [schema] = schemas {
        return ledgers.push((schema.clone(), Err(error)));
    }
    let (one, other) = schemas.split_at(schemas.len() / 2);
    Box::pin(read_together(reading, one, ledgers)).await;
    Box::pin(read_together(reading, other, ledgers)).await;
}

/// The versions that each of `schemas` has, oldest first.
///
/// Of all forms in one query this is among the fastest: PostgreSQL plans a list
/// of `VALUES` more quickly than a `UNION` or a sort.
async fn query_ledgers(
    reading: &Reading<'_>,
    schemas: &[SchemaName],
) -> Result<Vec<Vec<String>>, PgError> {
    let ledgers = schemas.iter().enumerate().map(|(number, schema)| {
        let ledger = schema.ledger();
        format!("({number}, ARRAY(SELECT version FROM {ledger}))")
    });
    let sql = format!("VALUES {}", ledgers.collect::<Vec<_>>().join(", "));
    let mut rows = Vec::with_capacity(schemas.len());
    for row in reading.query(&sql, &[]).await? {
        let versions = row.try_get(1).map_err(|error| unfit_column(&row, error));
        let mut versions: Vec<String> = versions?;
        versions.sort();
        rows.push((row.try_get::<_, i32>(0)?, versions));
    }
    rows.sort_by_key(|(number, _)| *number);
    Ok(rows.into_iter().map(|(_, versions)| versions).collect())
}

/// Why the versions cannot be read: Diesel's column is a text and never NULL, and this column has
/// another type, or a NULL.
fn unfit_column(row: &Row, error: tokio_postgres::Error) -> PgError {
    let column = row.columns().get(1).map(|column| column.type_());
    match column.map(Type::kind) {
        Some(Kind::Array(of)) if !<String as FromSql<'_>>::accepts(of) => {
            PgError::from_text(format!(
                "column `version` of `{MIGRATION_HISTORY}` has type `{of}`; expected \
                 `character varying(50)`"
            ))
        }
        Some(Kind::Array(_)) => PgError::from_text(format!(
            "column `version` of `{MIGRATION_HISTORY}` is NULL in some row"
        )),
        _ => error.into(),
    }
}
