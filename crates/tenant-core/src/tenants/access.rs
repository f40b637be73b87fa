//! Whether the role that the application logs in as can read the tenants.

use tokio_postgres::types::{ToSql, Type};

use super::reading::Reading;
use crate::Error;
use crate::fleet::Selection;
use crate::name::MIGRATION_HISTORY;
use crate::registry::{Registry, Rows};
use crate::report::{Problem, ProblemKind};

/// The tenants that `role` cannot read, or cannot read fully.
///
/// # Errors
///
/// The server's error, for example that there is no such role.
pub(super) async fn missing_access(
    reading: &Reading<'_>,
    registry: &Registry,
    role: &str,
    select: &Selection,
) -> Result<Vec<Problem>, Error> {
    let only = select.parameter();
    let Rows {
        from, key, schema, ..
    } = registry.rows("t");
    let sql = format!(
        "SELECT {key}::text, coalesce(pg_catalog.array_agg(c.relname::text ORDER BY c.relname) \
             FILTER (WHERE NOT pg_catalog.has_table_privilege($1::name, c.oid, 'SELECT')), '{{}}'), \
             n.nspname::text \
         FROM {from} JOIN pg_catalog.pg_namespace n ON n.nspname = {schema} \
         LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
              AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname <> $2 AND {} \
         WHERE $3::text[] IS NULL OR {key} = ANY ($3) GROUP BY {key}, n.oid, n.nspname \
         HAVING NOT pg_catalog.has_schema_privilege($1::name, n.oid, 'USAGE') \
             OR pg_catalog.bool_or(NOT pg_catalog.has_table_privilege($1::name, c.oid, 'SELECT')) \
         ORDER BY 1",
        reading.catalog().no_shard("c")
    );
    let parameters: [(&(dyn ToSql + Sync), Type); 3] = [
        (&role, Type::NAME),
        (&MIGRATION_HISTORY, Type::NAME),
        (&only, Type::TEXT_ARRAY),
    ];
    let failed = |error| Error::database(format!("check the rights of the role `{role}`"), error);
    let rows = reading.query(&sql, &parameters).await.map_err(failed)?;
    let problem = |row: &tokio_postgres::Row| {
        Ok(Problem {
            tenant: row.try_get(0)?,
            kind: ProblemKind::NoAccess {
                schema: row.try_get(2)?,
                role: role.to_owned(),
                tables: row.try_get(1)?,
            },
        })
    };
    let problems = rows.iter().map(problem);
    let problems = problems.collect::<Result<Vec<_>, tokio_postgres::Error>>();
    let mut problems = problems.map_err(failed)?;
    // A row that is no tenant's is told of as that.
    let is_tenant = |key: &str| registry.registered(key).is_ok();
    problems.retain(|it| it.tenant.as_deref().is_some_and(is_tenant));
    Ok(problems)
}
