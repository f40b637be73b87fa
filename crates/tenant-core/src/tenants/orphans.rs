//! Schemas that look like a tenant's and are nobody's.

use tokio_postgres::types::{ToSql, Type};

use super::health::{Problem, ProblemKind};
use super::reading::Reading;
use super::{Tenants, state};
use crate::sql::LEDGER;
use crate::{Error, tracker};

impl Tenants {
    /// The schemas that look like a tenant's without being registered: with a
    /// ledger, with tables that are all tenants' tables, or empty. A neighbour's
    /// schema with tables of its own is left out, and so are an extension's and
    /// the spares.
    pub(super) async fn orphans(
        &self,
        reading: &Reading<'_>,
        telling: &[String],
    ) -> Result<Vec<Problem>, Error> {
        let extensions = self
            .settings
            .extensions
            .as_ref()
            .map(|schema| schema.name());
        let sql = format!(
            "WITH nobodys AS MATERIALIZED ( \
                 SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n \
                 WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('public', 'information_schema') \
               AND n.nspname IS DISTINCT FROM $2 AND n.nspname <> ALL ($4) \
               AND NOT EXISTS (SELECT FROM {} t WHERE t.name = n.nspname) \
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = n.oid \
                   AND d.classid = 'pg_catalog.pg_namespace'::regclass AND d.deptype = 'e')) \
             SELECT n.nspname::text FROM nobodys n \
             WHERE (EXISTS (SELECT FROM pg_catalog.pg_class c \
                            WHERE c.relnamespace = n.oid AND c.relname = $3) \
                    OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid \
                               AND c.relkind IN ('r', 'p') AND c.relname = ANY ($1)) \
                   AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid \
                               AND c.relkind IN ('r', 'p') AND c.relname <> ALL ($1)) \
                    OR NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid) \
                   AND NOT EXISTS (SELECT FROM pg_catalog.pg_type y WHERE y.typnamespace = n.oid) \
                   AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace = n.oid)) \
             ORDER BY 1",
            tracker::TABLE
        );
        let spares = state::names_of_spares(reading).await?;
        let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
            (&telling, Type::TEXT_ARRAY),
            (&extensions, Type::TEXT),
            (&LEDGER, Type::TEXT),
            (&spares, Type::TEXT_ARRAY),
        ];
        let found = reading.query(&sql, &parameters).await;
        let rows = found.map_err(|error| Error::database("looking for orphaned schemas", error))?;
        let problem = |row: &tokio_postgres::Row| Problem {
            tenant: row.try_get(0).ok(),
            kind: ProblemKind::OrphanedSchema,
        };
        Ok(rows.iter().map(problem).collect())
    }
}
