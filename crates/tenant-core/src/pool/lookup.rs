//! Asks the database about a tenant.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Bool, Nullable, Oid, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use super::directory::Whereabouts;
use super::message::{self, Before};
use super::suspended::SuspendedTenant;
use super::tag::Tag;
use sql_text::literal;

use crate::TenantName;
use crate::link::{Mark, Oids, OwnTypes};
use crate::name::Target;
use crate::path::{self, RuntimePath};
use crate::registry::{Registry, Rows};

/// What the database says of a registered tenant.
#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Nullable<Text>)]
    schema: Option<String>,
    #[diesel(sql_type = Bool)]
    is_allowed: bool,
    #[diesel(sql_type = Nullable<Text>)]
    state: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    suspension: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    shape: String,
    #[diesel(sql_type = Array<Text>)]
    types: Vec<String>,
    #[diesel(sql_type = Array<Oid>)]
    type_oids: Vec<u32>,
    #[diesel(sql_type = Array<Oid>)]
    array_oids: Vec<u32>,
    #[diesel(sql_type = Array<Text>)]
    shared: Vec<String>,
    #[diesel(sql_type = Array<Oid>)]
    shared_oids: Vec<u32>,
    #[diesel(sql_type = Array<Oid>)]
    shared_array_oids: Vec<u32>,
}

impl Found {
    /// Why the tenant is not served, if it is not.
    fn suspended(&self, registry: &Registry, name: &TenantName) -> Option<Arc<SuspendedTenant>> {
        let said = (self.state.as_deref(), self.suspension.as_deref(), self.now);
        SuspendedTenant::of(registry, name, said).map(Arc::new)
    }

    fn into_tag(self) -> Tag {
        let own = named(self.types, self.type_oids, self.array_oids);
        let shared = named(self.shared, self.shared_oids, self.shared_array_oids);
        Tag::of_shape(&self.shape, OwnTypes::new(own, shared))
    }
}

fn named(
    names: Vec<String>,
    ones: Vec<u32>,
    arrays: Vec<u32>,
) -> impl Iterator<Item = (String, Oids)> {
    let oids = ones.into_iter().zip(arrays);
    names.into_iter().zip(oids.map(|(one, array)| [one, array]))
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    answer: bool,
}

/// What there is of a tenant.
pub(super) enum Presence {
    /// Everything.
    Whole(Whereabouts),
    /// A registration, and no schema.
    NoSchema,
    /// A schema that this role may not look into.
    Forbidden,
    /// Nothing.
    Nobody,
}

/// Where to look.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) registry: &'a Registry,
    /// What is behind the tenant's schema in the path.
    pub(super) path: &'a RuntimePath,
}

/// The shape is made of all columns with their types, and of the schema's own
/// types: what decides whether a prepared statement serves another tenant too. Where other
/// schemas are behind it, its functions count too: without one of them, a name leads to the
/// one behind, which may have another result.
///
/// The types are told by name, and so are those of the same names in shared schemas.
///
/// What belongs to a schema is found through `pg_depend`, which has an index by
/// it; `pg_class` has none, and would be read as a whole.
fn question(Place { registry, path }: Place<'_>) -> String {
    let Rows {
        from,
        key,
        schema,
        served_state,
        suspension,
        ..
    } = registry.rows("t");
    let state = served_state.unwrap_or_else(|| "NULL".to_owned());
    let functions = match path.is_empty() {
        true => "NULL",
        false => FUNCTIONS,
    };
    let shared = path.schemas().map(literal).collect::<Vec<_>>();
    format!(
        "SELECT n.nspname::text AS schema, \
        coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false) AS is_allowed, \
        {state}::text AS state, {suspension}::text AS suspension, pg_catalog.now() AS now, \
        pg_catalog.md5(pg_catalog.concat(columns.shape, own.type_oids, {functions})) AS shape, \
        coalesce(own.types, '{{}}') AS types, \
        coalesce(own.type_oids, '{{}}') AS type_oids, \
        coalesce(own.array_oids, '{{}}') AS array_oids, \
        coalesce(others.types, '{{}}') AS shared, \
        coalesce(others.type_oids, '{{}}') AS shared_oids, \
        coalesce(others.array_oids, '{{}}') AS shared_array_oids \
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
        SELECT {TYPES} \
        FROM pg_catalog.pg_depend d \
        JOIN pg_catalog.pg_type y ON y.oid = d.objid \
        WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass \
        AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass \
        AND d.refobjid = n.oid \
     ) own \
     CROSS JOIN LATERAL ( \
        SELECT {TYPES} \
        FROM pg_catalog.unnest(own.types) of (name) \
        JOIN pg_catalog.pg_type y ON y.typname = of.name \
        JOIN pg_catalog.pg_namespace s ON s.oid = y.typnamespace \
        WHERE s.oid <> n.oid AND s.nspname IN ({shared}) \
     ) others \
     WHERE {key} = $1",
        shared = [&[literal("public")], shared.as_slice()]
            .concat()
            .join(", "),
    )
}

/// Types as three arrays.
const TYPES: &str = "pg_catalog.array_agg(y.typname::text ORDER BY y.oid) AS types, \
    pg_catalog.array_agg(y.oid ORDER BY y.oid) AS type_oids, \
    pg_catalog.array_agg(y.typarray ORDER BY y.oid) AS array_oids";

/// The functions of the schema as text: alike for tenants that are alike, so a result that is
/// one of the schema's own types is told by its name.
const FUNCTIONS: &str = "(SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', p.proname, \
        p.pronargs, CASE y.typnamespace WHEN n.oid THEN y.typname::text \
        ELSE y.oid::text END), ',' ORDER BY p.proname, p.pronargs, y.typname) \
    FROM pg_catalog.pg_depend d \
    JOIN pg_catalog.pg_proc p ON p.oid = d.objid \
    JOIN pg_catalog.pg_type y ON y.oid = p.prorettype \
    WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass \
    AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass \
    AND d.refobjid = n.oid)";

/// Looks for the tenant `name`, without a role that an earlier user may have left set. Behind a
/// pooler, the reset and the query are in one transaction, because another transaction may get
/// another server connection.
pub(super) async fn find(
    mut connection: &AsyncPgConnection,
    before: Before,
    place: Place<'_>,
    name: &TenantName,
) -> QueryResult<Presence> {
    if before == Before::Unknown {
        let begin = format!("BEGIN; {}", message::forget());
        connection.batch_execute(&begin).await?;
    }
    let query = diesel::sql_query(question(place)).bind::<Text, _>(name.as_str());
    let found = query.get_result::<Found>(&mut connection).await.optional();
    if before == Before::Unknown {
        // Of a transaction that has failed, it keeps nothing.
        connection.batch_execute("COMMIT").await?;
    }
    let Some(found) = found? else {
        return Ok(Presence::Nobody);
    };
    // What cannot be a tenant's schema, such as `public`, is none.
    let schema = found.schema.as_ref().and_then(|schema| schema.parse().ok());
    Ok(match schema {
        None => Presence::NoSchema,
        Some(_) if !found.is_allowed => Presence::Forbidden,
        Some(schema) => Presence::Whole(Whereabouts {
            suspended: found.suspended(place.registry, name),
            tag: found.into_tag(),
            target: Target {
                name: name.clone(),
                schema,
            },
        }),
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

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

/// One of these schemas that is a tenant's.
pub(super) async fn tenant_among(
    mut connection: &AsyncPgConnection,
    registry: &Registry,
    schemas: &[&str],
) -> QueryResult<Option<String>> {
    let Rows { from, schema, .. } = registry.rows("t");
    let sql =
        format!("SELECT {schema}::text AS name FROM {from} WHERE {schema} = ANY ($1) LIMIT 1");
    let query = diesel::sql_query(sql).bind::<Array<Text>, _>(schemas);
    let found = query
        .get_result::<Named>(&mut connection)
        .await
        .optional()?;
    Ok(found.map(|found| found.name))
}

/// Whether the transaction or the session sets its own path.
pub(super) async fn has_path(mut connection: &AsyncPgConnection) -> QueryResult<bool> {
    let query = diesel::sql_query(format!("{}{}", Mark::Ask.comment(), path::IS_SET));
    Ok(query.get_result::<Answer>(&mut connection).await?.answer)
}
