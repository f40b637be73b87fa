//! Schemas whose tables are those of another program.

use std::collections::HashSet;

use tokio_postgres::types::{ToSql, Type};

use super::reading::Reading;
use crate::migration::MigrationSet;
use crate::name::MIGRATION_HISTORY;
use crate::shape::{Change, Difference, ObjectKind, Shape};
use crate::{Error, SchemaName};

/// Whether a schema, as `found` says, has tables, and none of those of
/// `expected`.
pub(super) fn has_others_tables(found: &[Difference], expected: &Shape) -> bool {
    let tables = |change: &Change| {
        let of = found.iter().filter(|it| it.change == *change);
        of.filter(|it| it.object.kind == ObjectKind::Table).count()
    };
    let wanted = expected.tables().count();
    wanted > 0 && tables(&Change::Missing) == wanted && tables(&Change::Extra) > 0
}

/// Those of `schemas` that hold tables, none of which `migrations` name.
///
/// # Errors
///
/// A server error.
pub(super) async fn with_others_tables(
    reading: &Reading<'_>,
    schemas: &[SchemaName],
    migrations: &MigrationSet,
) -> Result<HashSet<String>, Error> {
    if schemas.is_empty() {
        return Ok(HashSet::new());
    }
    let sql = "SELECT n.nspname::text FROM pg_catalog.pg_namespace n \
               JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
               WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p', 'f') AND c.relname <> $2 \
               GROUP BY 1 HAVING NOT pg_catalog.bool_or(c.relname::text = ANY ($3))";
    let schemas = schemas.iter().map(SchemaName::as_str).collect::<Vec<_>>();
    let words = migrations.words().into_iter().collect::<Vec<_>>();
    let parameters: [(&(dyn ToSql + Sync), Type); 3] = [
        (&schemas, Type::NAME_ARRAY),
        (&MIGRATION_HISTORY, Type::NAME),
        (&words, Type::TEXT_ARRAY),
    ];
    let failed = |error| Error::database("look for tables of another program", error);
    let rows = reading.query(sql, &parameters).await.map_err(failed)?;
    let schemas = rows.iter().map(|row| row.try_get(0));
    schemas.collect::<Result<_, _>>().map_err(failed)
}
