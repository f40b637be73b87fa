//! Which orphaned schemas hold rows: no advice drops them.

use std::collections::HashSet;

use tokio_postgres::types::{ToSql, Type};

use crate::catalog::Catalog;
use crate::name::MIGRATION_HISTORY;
use crate::tenants::reading::Reading;

/// Those of the schemas `names` with a table that may hold a row. A table whose rows were deleted
/// counts until it is vacuumed, and if the server does not answer, all of them count: a drop that
/// is not advised costs nothing.
pub(super) async fn with_rows(reading: &Reading<'_>, names: &HashSet<String>) -> HashSet<String> {
    if names.is_empty() {
        return HashSet::new();
    }
    let all = names.iter().map(String::as_str).collect::<Vec<_>>();
    let parameters: [(&(dyn ToSql + Sync), Type); 2] =
        [(&all, Type::TEXT_ARRAY), (&MIGRATION_HISTORY, Type::TEXT)];
    let question = question(reading.catalog());
    let rows = reading.query(&question, &parameters).await;
    let found = rows.and_then(|rows| {
        let schemas = rows.iter().map(|row| row.try_get(0));
        schemas.collect::<Result<HashSet<String>, _>>()
    });
    found.unwrap_or_else(|_| names.clone())
}

/// The size tells it without a lock on each table. On a cluster, the rows of a distributed table
/// are on other servers.
fn question(catalog: Catalog) -> String {
    let size = match catalog {
        Catalog::Plain => "pg_catalog.pg_relation_size(c.oid)",
        Catalog::Cluster => {
            "CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_dist_partition p \
                 WHERE p.logicalrelid = c.oid) \
             THEN pg_catalog.citus_relation_size(c.oid) ELSE pg_catalog.pg_relation_size(c.oid) END"
        }
    };
    format!(
        "SELECT DISTINCT n.nspname::text FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = ANY ($1) AND c.relname <> $2 AND c.relkind = 'r' AND {size} > 0"
    )
}
