//! The tables and views of one schema.

use tenant_core::Database;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::reading::{Parameter, Reading};
use super::text::{some_text, text};
use crate::error::Failure;

/// What holds rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Table,
    Partitioned,
    View,
    MaterializedView,
    Foreign,
}

/// A table or view, as the list of them shows it.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    pub(crate) oid: u32,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// How many rows PostgreSQL estimates, if it has counted at all.
    pub(crate) estimate: Option<f64>,
    /// With its indexes, in bytes.
    pub(crate) size: Option<i64>,
    pub(crate) comment: Option<String>,
}

impl Kind {
    fn of(letter: &str) -> Self {
        match letter {
            "p" => Self::Partitioned,
            "v" => Self::View,
            "m" => Self::MaterializedView,
            "f" => Self::Foreign,
            _ => Self::Table,
        }
    }

    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Partitioned => "partitioned table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Foreign => "foreign table",
        }
    }

    /// The class of its sign.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Table | Self::Partitioned => "sign-table",
            Self::View | Self::MaterializedView => "sign-view",
            Self::Foreign => "sign-foreign",
        }
    }

    /// Whether it can have keys.
    pub(crate) fn has_keys(self) -> bool {
        matches!(self, Self::Table | Self::Partitioned)
    }

    /// Whether PostgreSQL keeps an estimate of its rows.
    fn is_estimated(self) -> bool {
        !matches!(self, Self::View)
    }
}

/// The rows of a partitioned table are those of its parts, and a table has also those of
/// the tables that inherit from it.
const SELECT: &str = "SELECT c.oid, c.relname::pg_catalog.text, c.relkind::pg_catalog.text, \
        CASE WHEN c.relkind = 'p' OR c.relhassubclass THEN parts.rows ELSE c.reltuples \
            END::pg_catalog.float8, pg_catalog.obj_description(c.oid, 'pg_class') \
     FROM pg_catalog.pg_class c LEFT JOIN LATERAL ( \
        WITH RECURSIVE tree AS (SELECT c.oid AS relid UNION SELECT i.inhrelid FROM tree \
            JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.relid) \
        SELECT pg_catalog.sum(part.reltuples) AS rows FROM tree \
        JOIN pg_catalog.pg_class part ON part.oid = tree.relid \
        WHERE part.relkind <> 'p' AND part.reltuples >= 0::pg_catalog.float4 \
     ) parts ON c.relkind = 'p' OR c.relhassubclass \
     WHERE c.relkind = ANY ('{r,p,v,m,f}'::pg_catalog.\"char\"[])";

/// What belongs to a schema is found through `pg_depend`, which has an index by
/// it; `pg_class` has none, and with thousands of tenants is long.
const OF_SCHEMA: &str = "c.oid IN ( \
     SELECT d.objid FROM pg_catalog.pg_namespace n \
     JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass::pg_catalog.oid \
        AND d.refobjid = n.oid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid \
     WHERE n.nspname = $1)";

/// The tables and views of the schema, by name, without their sizes.
pub(crate) async fn relations(reading: &Reading) -> Result<Vec<Relation>, Failure> {
    const WHAT: &str = "Listing the tables";
    let schema: Parameter<'_> = (&reading.schema(), Type::TEXT);
    let sql = format!("{SELECT} AND {OF_SCHEMA} ORDER BY c.relname");
    let rows = reading.rows(WHAT, &sql, &[schema]).await?;
    let read = rows.iter().map(relation).collect::<Result<_, _>>();
    read.map_err(Failure::of(WHAT))
}

/// The one that is called `name`.
pub(super) async fn find(reading: &Reading, name: &str) -> Result<Option<Relation>, Failure> {
    const WHAT: &str = "Looking for the table";
    let sql = format!(
        "{SELECT} AND c.relname = $2 AND c.relnamespace = \
         (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1)"
    );
    let parameters: [Parameter<'_>; 2] = [(&reading.schema(), Type::TEXT), (&name, Type::TEXT)];
    let rows = reading.rows(WHAT, &sql, &parameters).await?;
    let found = rows.first().map(relation).transpose();
    found.map_err(Failure::of(WHAT))
}

fn relation(row: &Row) -> Result<Relation, tokio_postgres::Error> {
    let kind = Kind::of(row.try_get(2)?);
    let estimate = row.try_get::<_, Option<f64>>(3)?;
    Ok(Relation {
        oid: row.try_get(0)?,
        name: text(row, 1)?,
        kind,
        // Below zero: nobody has counted yet.
        estimate: estimate.filter(|rows| kind.is_estimated() && *rows >= 0.0),
        size: None,
        comment: some_text(row, 4)?,
    })
}

/// How large a table is that this server has.
const SIZE: &str = "pg_catalog.pg_total_relation_size(oid)";

/// How large a table is, wherever in the cluster it is.
///
/// Source: Citus, its function `citus_total_relation_size`.
const SIZE_ON_CLUSTER: &str = "CASE \
     WHEN EXISTS (SELECT FROM pg_catalog.pg_dist_partition WHERE logicalrelid::pg_catalog.oid = oid) \
     THEN pg_catalog.citus_total_relation_size(oid, false) \
     ELSE pg_catalog.pg_total_relation_size(oid) END";

/// Adds the sizes: the transaction's last question. A table that another session holds for
/// itself would be waited for; then all stay unknown, and the reason is given. `database`
/// is the one that is read.
pub(crate) async fn measure(
    reading: &Reading,
    database: &Database,
    relations: &mut [Relation],
) -> Result<(), Failure> {
    let oids = relations
        .iter()
        .map(|relation| relation.oid)
        .collect::<Vec<_>>();
    let size = if database.is_cluster() {
        SIZE_ON_CLUSTER
    } else {
        SIZE
    };
    let sql = format!(
        "SELECT {size} FROM pg_catalog.unnest($1) WITH ORDINALITY AS asked (oid, at) ORDER BY at"
    );
    let rows = reading
        .rows("Measuring", &sql, &[(&oids, Type::OID_ARRAY)])
        .await?;
    for (relation, row) in relations.iter_mut().zip(&rows) {
        relation.size = row.try_get(0).ok().flatten();
    }
    Ok(())
}
