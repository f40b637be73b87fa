//! Names that tenants and a schema behind them in the path both have: see
//! [`RuntimePath`](crate::RuntimePath).

use std::fmt;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error as DriverError, Row};

use crate::Error;
use crate::name::MIGRATION_HISTORY;
use crate::path::RuntimePath;
use crate::registry::{Registry, Rows};
use crate::tenants::reading::Reading;

/// An object that both tenants and a schema behind them have. The tenant's object comes first, so
/// this is no problem. A tenant that lacks the object uses the other one without an error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InBoth {
    /// Its kind: `table`, `view`, `materialized view`, `foreign table`, `sequence`, `type`,
    /// `domain`, `function`.
    pub kind: String,
    /// Its name; for a function, with the types of its arguments.
    pub name: String,
    /// The schema behind.
    pub schema: String,
    /// How many tenants have it.
    pub tenants: usize,
}

impl fmt::Display for InBoth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            name,
            schema,
            tenants,
        } = self;
        let counted = if *tenants == 1 { "tenant" } else { "tenants" };
        write!(
            formatter,
            "{kind} `{name}` exists in {tenants} {counted} and in the schema `{schema}` behind them"
        )
    }
}

/// All such names, by one query over all tenants. None where nothing is behind them.
///
/// # Errors
///
/// A server error.
pub(super) async fn in_both(
    reading: &Reading<'_>,
    registry: &Registry,
    path: &RuntimePath,
) -> Result<Vec<InBoth>, Error> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let behind = path.schemas().collect::<Vec<_>>();
    let parameters = [
        (&behind as &(dyn ToSql + Sync), Type::TEXT_ARRAY),
        (&MIGRATION_HISTORY as &(dyn ToSql + Sync), Type::TEXT),
    ];
    let rows = reading.query(&question(registry), &parameters).await;
    let found = rows.and_then(|rows| rows.iter().map(read).collect());
    found.map_err(|error| Error::database("look for names behind the tenants", error))
}

fn read(row: &Row) -> Result<InBoth, DriverError> {
    Ok(InBoth {
        kind: row.try_get(0)?,
        name: row.try_get(1)?,
        schema: row.try_get(2)?,
        tenants: usize::try_from(row.try_get::<_, i64>(3)?).unwrap_or_default(),
    })
}

/// Sequences of columns go with their tables, and what extensions bring is meant to be there.
fn question(registry: &Registry) -> String {
    let Rows { from, schema, .. } = registry.rows("t");
    format!(
        "WITH tenants AS (SELECT n.oid FROM {from} \
             JOIN pg_catalog.pg_namespace n ON n.nspname = {schema} \
             WHERE n.nspname <> ALL ($1)), \
         behind AS (SELECT oid, nspname::text AS name FROM pg_catalog.pg_namespace \
             WHERE nspname = ANY ($1)), \
         named AS ( \
             SELECT c.relnamespace AS place, c.relname::text AS name, CASE c.relkind \
                 WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' \
                 WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind, c.oid, \
                 'pg_catalog.pg_class'::pg_catalog.regclass AS catalog \
             FROM pg_catalog.pg_class c \
             WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relname <> $2 \
             UNION ALL \
             SELECT y.typnamespace, y.typname::text, \
                 CASE y.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, y.oid, \
                 'pg_catalog.pg_type'::pg_catalog.regclass \
             FROM pg_catalog.pg_type y \
             LEFT JOIN pg_catalog.pg_class r ON r.oid = y.typrelid \
             WHERE y.typtype IN ('e', 'd', 'r') OR r.relkind = 'c' \
             UNION ALL \
             SELECT p.pronamespace, pg_catalog.concat(p.proname, '(', \
                 pg_catalog.oidvectortypes(p.proargtypes), ')'), 'function', p.oid, \
                 'pg_catalog.pg_proc'::pg_catalog.regclass \
             FROM pg_catalog.pg_proc p \
             WHERE p.pronamespace IN (SELECT oid FROM tenants UNION ALL SELECT oid FROM behind)) \
         SELECT shared.kind, shared.name, behind.name, pg_catalog.count(*) \
         FROM behind \
         JOIN named shared ON shared.place = behind.oid \
         JOIN named own ON own.name = shared.name AND own.kind = shared.kind \
         JOIN tenants ON tenants.oid = own.place \
         WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
             WHERE d.classid = shared.catalog AND d.objid = shared.oid \
             AND (d.deptype = 'e' OR shared.kind = 'sequence' AND d.deptype IN ('a', 'i'))) \
         GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3"
    )
}
