//! Finds the function that made a migration fail, where PostgreSQL does not say its schema,
//! and the schema of an object that the migration did not find.
//!
//! It leaves the schema out of what is in the path: the functions of the tenant's schema,
//! and those of the schema for extensions, which is where event triggers often have
//! theirs. The server is asked which it is, once the failure has undone what the
//! migration made.

use sql_text::{ident, literal};

use super::work::Work;
use crate::PgError;
use crate::error::trigger_function;
use crate::migration::{Migration, MigrationFile, Sql};
use crate::name::Schema;
use crate::registry::{List, SPARE_PREFIX};

/// The function, with its schema, if neither the migration nor the schema has it.
pub(super) async fn function_elsewhere(
    work: Work<'_>,
    (migration, file): (&Migration, MigrationFile),
    error: &PgError,
) -> Option<String> {
    let (name, written) = trigger_function(error)?;
    // What the migration speaks of, it has made or calls.
    if migration.file(file).map(Sql::text)?.contains(&name) {
        return None;
    }
    let (elsewhere, own) = match (work.schema, &work.settings.extensions) {
        (Schema::Public, _) => (work.schema.schema_name(), None),
        (_, Some(extensions)) => (extensions.name(), Some(work.schema.ident())),
        (_, None) => return None,
    };
    let exists = |schema: &str| {
        let function = literal(&format!("{schema}.{written}"));
        format!("pg_catalog.to_regprocedure({function}) IS NOT NULL")
    };
    let mut sql = format!(
        "SELECT pg_catalog.quote_ident({}) WHERE {}",
        literal(elsewhere),
        exists(&ident(elsewhere))
    );
    if let Some(own) = own {
        sql = format!("{sql} AND NOT {}", exists(&own));
    }
    let client = work.database.pinned_driver().await.ok()?;
    let row = client.query_typed_opt(&sql, &[]).await.ok()??;
    let schema = row.try_get::<_, String>(0).ok()?;
    Some(format!("{schema}.{written}"))
}

/// A type, a function, an operator or an operator class, which the server has not found, with the schema
/// that has it: of an extension, or what no tenant has for itself. `None` where a schema of
/// extensions is named, or none has it.
pub(super) async fn object_elsewhere(work: Work<'_>, error: &PgError) -> Option<(String, String)> {
    let is_unknown = matches!(error.sqlstate(), Some("42704" | "42883"));
    let is_public = matches!(work.schema, Schema::Public);
    if !is_unknown || is_public || work.settings.extensions.is_some() {
        return None;
    }
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let message = error.message()?;
    let words = message.split(|c| !is_of_word(c));
    let words = words.filter(|word| !word.is_empty()).map(literal);
    let words = words.collect::<Vec<_>>().join(", ");
    let rows = work.registry.rows_of(List::Tenants, "t");
    let sql = format!(
        "SELECT o.name, n.nspname::text FROM ( \
             SELECT oid, typname::text, typnamespace, 'pg_catalog.pg_type'::regclass \
             FROM pg_catalog.pg_type UNION ALL \
             SELECT oid, proname::text, pronamespace, 'pg_catalog.pg_proc'::regclass \
             FROM pg_catalog.pg_proc UNION ALL \
             SELECT oid, opcname::text, opcnamespace, 'pg_catalog.pg_opclass'::regclass \
             FROM pg_catalog.pg_opclass UNION ALL \
             SELECT oid, oprname::text, oprnamespace, 'pg_catalog.pg_operator'::regclass \
             FROM pg_catalog.pg_operator) o (oid, name, namespace, catalog) \
         JOIN pg_catalog.pg_namespace n ON n.oid = o.namespace \
         LEFT JOIN pg_catalog.pg_depend d ON d.objid = o.oid AND d.classid = o.catalog \
             AND d.deptype = 'e' \
         LEFT JOIN pg_catalog.pg_operator p ON p.oid = o.oid \
             AND o.catalog = 'pg_catalog.pg_operator'::regclass \
         WHERE (o.name = ANY (ARRAY[{words}]::text[]) OR pg_catalog.strpos({message}, \
               pg_catalog.format(' %s %s %s', p.oprleft::regtype, o.name, p.oprright::regtype)) > 0) \
           AND n.nspname !~ '^pg_' \
           AND n.nspname NOT IN ('information_schema', {own}) \
           AND NOT pg_catalog.starts_with(n.nspname::text, {spare}) \
           AND NOT EXISTS (SELECT FROM {from} WHERE {schema} = n.nspname) \
         ORDER BY d.objid IS NULL, 2, 1 LIMIT 1",
        message = literal(message),
        own = literal(work.schema.schema_name()),
        spare = literal(SPARE_PREFIX),
        from = rows.from,
        schema = rows.schema,
    );
    let client = work.database.pinned_driver().await.ok()?;
    let row = client.query_typed_opt(&sql, &[]).await.ok()??;
    Some((row.try_get(0).ok()?, row.try_get(1).ok()?))
}
