//! The search for tenants: what is shown of each is cheap, however many there are.

use std::collections::HashMap;

use tenant_core::{Node, PoolError, Registry, RegistryRows, SchemaName, Tenants};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::reading::{Parameter, Reading};
use super::select::{begins, contains};
use crate::error::Failure;

/// A registered tenant.
#[derive(Debug)]
pub(crate) struct TenantRow {
    pub(crate) name: String,
    /// What its schema is called, by the list or by the name; `None` where the list has
    /// nothing for it, or what cannot be a tenant's.
    schema: Option<SchemaName>,
    /// `None` where the list does not say.
    pub(crate) created_at: Option<chrono::DateTime<chrono::Utc>>,
    /// What the list says; the tenant's own table of migrations is the truth.
    pub(crate) version: Option<String>,
    pub(crate) has_schema: bool,
    /// Of its tables with their indexes, in bytes.
    pub(crate) size: Option<i64>,
    /// The server of the cluster that it is on, where there is a cluster.
    pub(crate) node: Option<Node>,
}

impl TenantRow {
    /// What its schema is called, if that is not its own name.
    pub(crate) fn other_schema(&self) -> Option<&str> {
        self.schema
            .as_ref()
            .map(SchemaName::as_str)
            .filter(|schema| *schema != self.name)
    }
}

/// The tenants that were found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) rows: Vec<TenantRow>,
    /// How many there are, beyond those that are shown.
    pub(crate) total: i64,
}

/// Which tenants are looked for.
#[derive(Debug, Default)]
pub(crate) struct Search<'a> {
    /// In the name.
    pub(crate) text: &'a str,
    /// Only those whose version is another than this.
    pub(crate) not_at: Option<&'a str>,
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

/// Those that begin with the text come first.
fn search_in(registry: &Registry) -> String {
    let RegistryRows {
        from,
        key,
        schema,
        created_at,
        version,
        ..
    } = registry.rows("t");
    format!(
        "WITH found AS MATERIALIZED ( \
            SELECT {key} AS name, {schema} AS schema, {created_at} AS created_at, \
                {version} AS version, pg_catalog.count(*) OVER () AS total, \
                pg_catalog.row_number() OVER (ORDER BY NOT {begins}, {key}) AS at \
            FROM {from} WHERE {contains} AND ($2::pg_catalog.text IS NULL \
                OR {version}::pg_catalog.text IS DISTINCT FROM $2::pg_catalog.text) \
            ORDER BY at LIMIT $3 OFFSET $4) \
         SELECT found.name, found.created_at, found.version, n.oid IS NOT NULL, found.total, \
            found.schema \
         FROM found LEFT JOIN pg_catalog.pg_namespace n \
            ON n.nspname = found.schema::pg_catalog.text ORDER BY found.at",
        begins = begins(&format!("{key}::pg_catalog.text"), "$1"),
        contains = contains(&format!("{key}::pg_catalog.text"), "$1"),
    )
}

/// A schema's tables are found through `pg_depend`, which has an index by it.
const SIZES: &str = "SELECT asked.name, (SELECT pg_catalog.sum( \
            pg_catalog.pg_total_relation_size(c.oid::pg_catalog.regclass)) \
        FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.objid \
        WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass::pg_catalog.oid \
            AND d.refobjid = n.oid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid \
            AND (c.relkind = 'r' OR c.relkind = 'm'))::pg_catalog.int8 \
     FROM pg_catalog.unnest($1) AS asked (name) \
     JOIN pg_catalog.pg_namespace n ON n.nspname = asked.name";

/// Looks for tenants. Without a list of them, the database is not set up.
pub(crate) async fn tenants(
    reading: &Reading,
    registry: &Registry,
    search: &Search<'_>,
) -> Result<Found, Failure> {
    const WHAT: &str = "Looking for tenants";
    let parameters: [Parameter<'_>; 4] = [
        (&search.text, Type::TEXT),
        (&search.not_at, Type::TEXT),
        (&search.limit, Type::INT8),
        (&search.offset, Type::INT8),
    ];
    let rows = reading.rows(WHAT, &search_in(registry), &parameters).await;
    let rows = rows.map_err(|failure| match failure {
        Failure::Query { source, .. } if source.sqlstate() == Some("42P01") => {
            let table = registry.sql_table().to_owned();
            PoolError::NotSetUp { table }.into()
        }
        failure => failure,
    })?;
    let total = rows.first().map_or(Ok(0), |row| row.try_get(4));
    let found = rows.iter().map(tenant).collect::<Result<_, _>>();
    Ok(Found {
        rows: found.map_err(Failure::of(WHAT))?,
        total: total.map_err(Failure::of(WHAT))?,
    })
}

fn tenant(row: &Row) -> Result<TenantRow, tokio_postgres::Error> {
    let schema = row.try_get::<_, Option<&str>>(5)?;
    let schema = schema.and_then(|schema| schema.parse::<SchemaName>().ok());
    Ok(TenantRow {
        name: row.try_get(0)?,
        has_schema: schema.is_some() && row.try_get(3)?,
        schema,
        created_at: row.try_get(1)?,
        version: row.try_get(2)?,
        size: None,
        node: None,
    })
}

/// Adds the sizes: the transaction's last question. A table that another session holds
/// for itself would be waited for; then all stay unknown, and the reason is given.
pub(crate) async fn measure(reading: &Reading, found: &mut Found) -> Result<(), Failure> {
    let names = found
        .rows
        .iter()
        .filter_map(|tenant| Some(tenant.schema.as_ref()?.as_str()));
    let names = names.collect::<Vec<_>>();
    let rows = reading
        .rows("Measuring", SIZES, &[(&names, Type::TEXT_ARRAY)])
        .await?;
    let sizes = rows.iter();
    let sizes = sizes.filter_map(|row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?)));
    let sizes = sizes.collect::<HashMap<String, Option<i64>>>();
    for tenant in &mut found.rows {
        tenant.size = tenant
            .schema
            .as_ref()
            .and_then(|schema| sizes.get(schema.as_str()).copied().flatten());
    }
    Ok(())
}

/// Adds the servers of a cluster that they are on.
pub(crate) async fn find_homes(tenants: &Tenants, found: &mut Found) -> Result<(), Failure> {
    let mut homes = tenants.cluster().homes().await?;
    for tenant in &mut found.rows {
        tenant.node = tenant
            .schema
            .as_ref()
            .and_then(|schema| homes.remove(schema.as_str()));
    }
    Ok(())
}

/// The same with the sizes there. What a server does not tell stays unknown.
pub(crate) async fn measure_at_home(tenants: &Tenants, found: &mut Found) -> Result<(), Failure> {
    let mut places = tenants.cluster().places().await?;
    for tenant in &mut found.rows {
        let place = tenant
            .schema
            .as_ref()
            .and_then(|schema| places.remove(schema.as_str()));
        let bytes = place.as_ref().and_then(|place| place.bytes);
        tenant.size = bytes.and_then(|bytes| i64::try_from(bytes).ok());
        tenant.node = place.map(|place| place.node);
    }
    Ok(())
}
