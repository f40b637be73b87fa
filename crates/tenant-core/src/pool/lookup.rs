//! Asks the database about a tenant.

use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use super::message::{self, Before};
use super::tag::Tag;
use crate::TenantName;
use crate::link::Mark;
use crate::path;
use crate::registry::{Registry, Rows};

/// What the database says of a registered tenant.
#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    has_schema: bool,
    #[diesel(sql_type = Bool)]
    is_allowed: bool,
    #[diesel(sql_type = Text)]
    shape: String,
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    answer: bool,
}

/// What there is of a tenant.
pub(super) enum Presence {
    /// Everything; its statements carry this tag.
    Whole(Tag),
    /// A registration, and no schema.
    NoSchema,
    /// A schema that this role may not look into.
    Forbidden,
    /// Nothing.
    Nobody,
}

/// The shape is made of all columns with their types, and of the schema's own
/// types: what decides whether a prepared statement serves another tenant too.
///
/// What belongs to a schema is found through `pg_depend`, which has an index by
/// it; `pg_class` has none, and would be read as a whole.
fn question(registry: &Registry) -> String {
    let Rows {
        from, key, schema, ..
    } = registry.rows("t");
    format!(
        "SELECT n.oid IS NOT NULL AS has_schema, \
        coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false) AS is_allowed, \
        pg_catalog.md5(pg_catalog.concat(columns.shape, types.oids)) AS shape \
     FROM {from} \
     LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = {schema} \
     CROSS JOIN LATERAL ( \
        SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', c.relname, a.attname, \
            a.atttypid, a.atttypmod, a.attcollation), ',' ORDER BY c.relname, a.attname) AS shape \
        FROM pg_catalog.pg_depend d \
        JOIN pg_catalog.pg_class c ON c.oid = d.objid \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid \
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
        AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass \
        AND d.refobjid = n.oid AND a.attnum > 0 AND NOT a.attisdropped \
     ) columns \
     CROSS JOIN LATERAL ( \
        SELECT pg_catalog.array_agg(d.objid ORDER BY d.objid) AS oids \
        FROM pg_catalog.pg_depend d \
        WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass \
        AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass \
        AND d.refobjid = n.oid \
     ) types \
     WHERE {key} = $1"
    )
}

/// Looks for the tenant `name`. Not as the role that somebody has left, and not in
/// a transaction.
pub(super) async fn find(
    mut connection: &AsyncPgConnection,
    before: Before,
    registry: &Registry,
    name: &TenantName,
) -> QueryResult<Presence> {
    if before == Before::Unknown {
        connection.batch_execute(&message::forget()).await?;
    }
    let query = diesel::sql_query(question(registry)).bind::<Text, _>(name.as_str());
    let found: Option<Found> = query.get_result(&mut connection).await.optional()?;
    Ok(match found {
        None => Presence::Nobody,
        Some(found) if !found.has_schema => Presence::NoSchema,
        Some(found) if !found.is_allowed => Presence::Forbidden,
        Some(found) => Presence::Whole(Tag::of_shape(&found.shape)),
    })
}

/// Whether the list of tenants is there.
pub(super) async fn is_set_up(
    mut connection: &AsyncPgConnection,
    registry: &Registry,
) -> QueryResult<bool> {
    let sql = "SELECT pg_catalog.to_regclass($1) IS NOT NULL AS answer";
    let query = diesel::sql_query(sql).bind::<Text, _>(registry.sql_table());
    Ok(query.get_result::<Answer>(&mut connection).await?.answer)
}

/// Whether this role may look into the schema called `name`; `None` if there is none.
pub(super) async fn has_schema(
    mut connection: &AsyncPgConnection,
    name: &str,
) -> QueryResult<Option<bool>> {
    let sql = "SELECT pg_catalog.has_schema_privilege(oid, 'USAGE') AS answer \
         FROM pg_catalog.pg_namespace WHERE nspname = $1";
    let query = diesel::sql_query(sql).bind::<Text, _>(name);
    let found = query.get_result::<Answer>(&mut connection).await;
    Ok(found.optional()?.map(|found| found.answer))
}

/// Whether the transaction or the session has a path of its own.
pub(super) async fn has_path(mut connection: &AsyncPgConnection) -> QueryResult<bool> {
    let query = diesel::sql_query(format!("{}{}", Mark::Ask.comment(), path::IS_SET));
    Ok(query.get_result::<Answer>(&mut connection).await?.answer)
}
