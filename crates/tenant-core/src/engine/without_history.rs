//! Schemas without a migration history that are not empty: what is in them is not the
//! migrations' to build upon, or was created by them and the history was lost.

use sql_text::literal;
use tokio_postgres::SimpleQueryRow;

use super::script::Script;
use super::send::ask;
use super::work::Work;
use crate::migration::MigrationSet;
use crate::name::{MIGRATION_HISTORY, Schema, Target};
use crate::{Error, SchemaName};

/// The query for what is in these schemas: the schema's name and the object's. Nothing of
/// what an extension brought.
pub(crate) fn objects_in<'a>(schemas: impl IntoIterator<Item = &'a SchemaName>) -> String {
    let schemas = schemas.into_iter().map(|it| literal(it.as_str()));
    let schemas = schemas.collect::<Vec<_>>().join(", ");
    format!(
        "SELECT n.nspname::text, coalesce(c.relname, p.proname, t.typname)::text \
         FROM pg_catalog.pg_namespace n \
         JOIN pg_catalog.pg_depend d ON d.refobjid = n.oid \
              AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass \
         LEFT JOIN pg_catalog.pg_class c ON c.oid = d.objid \
              AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
              AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND c.relname <> {} \
         LEFT JOIN pg_catalog.pg_proc p ON p.oid = d.objid \
              AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass \
         LEFT JOIN pg_catalog.pg_type t ON t.oid = d.objid AND t.typtype IN ('d', 'e', 'r') \
              AND d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass \
         WHERE n.nspname IN ({schemas}) AND coalesce(c.oid, p.oid, t.oid) IS NOT NULL \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.classid \
                         AND e.objid = d.objid AND e.deptype = 'e')",
        literal(MIGRATION_HISTORY)
    )
}

/// Refuses the tenant of `work`, which has no migration history, if its schema is not empty.
///
/// # Errors
///
/// [`Error::NoHistory`], [`Error::ForeignObjects`], or a server error.
pub(super) async fn require_empty(work: Work<'_>) -> Result<(), Error> {
    let Schema::Tenant(target) = work.schema else {
        return Ok(());
    };
    let rows = objects_of(work, &target.schema).await?;
    let objects = rows.iter().filter_map(|row| row.get(1));
    let objects = objects.collect::<Vec<_>>();
    if objects.is_empty() {
        return Ok(());
    }
    Err(refusal(target, work.migrations, &objects))
}

/// Whether the schema of `work` holds nothing but a migration history.
///
/// # Errors
///
/// A server error.
pub(super) async fn is_empty(work: Work<'_>) -> Result<bool, Error> {
    let Some(schema) = work.schema.own_name() else {
        return Ok(false);
    };
    Ok(objects_of(work, schema).await?.is_empty())
}

async fn objects_of(work: Work<'_>, schema: &SchemaName) -> Result<Vec<SimpleQueryRow>, Error> {
    let mut script = Script::default();
    let query = objects_in([schema]);
    script.step("look for objects without a migration history", &query);
    ask(work, &script).await
}

/// Why nothing is done with a tenant that has these objects and no migration history. What
/// migrations name, they may have created.
pub(crate) fn refusal(target: &Target, migrations: &MigrationSet, objects: &[&str]) -> Error {
    let words = migrations.words();
    if objects.iter().any(|object| words.contains(*object)) {
        Error::NoHistory(target.name.clone())
    } else {
        Error::ForeignObjects(target.name.clone())
    }
}
