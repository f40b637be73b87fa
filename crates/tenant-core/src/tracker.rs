//! The tables of `public` that list schemas: the tenants, and the spares.
//!
//! Here are the statements on them that travel inside a schema's transaction.
//! Only `name` must exist for reading; `version` and `migrated_at` are written
//! for display. Diesel's typed rows of the same tables are `schema_public`'s;
//! a test holds the two together.

use crate::TenantName;
use crate::sql::{Schema, literal};

/// The list of tenants, qualified and quoted.
pub(crate) const TABLE: &str = "public.schema_tracker";

/// The list of spare schemas, qualified and quoted. A database that was set up
/// by an older program has none, and then there are no spares.
pub(crate) const SPARES: &str = "public.spare_schemas";

/// The table that lists the schema; none lists `public`.
fn list(schema: Schema<'_>) -> Option<&'static str> {
    match schema {
        Schema::Public => None,
        Schema::Tenant(_) => Some(TABLE),
        Schema::Spare(_) => Some(SPARES),
    }
}

/// An expression: whether the schema has a row.
pub(crate) fn is_registered(schema: Schema<'_>) -> String {
    let Some(table) = list(schema) else {
        return "true".to_owned();
    };
    let name = literal(schema.name());
    format!("EXISTS (SELECT FROM {table} WHERE name = {name})")
}

/// Registers a schema at the version `newest`.
pub(crate) fn insert(schema: Schema<'_>, newest: Option<&str>) -> Option<String> {
    let table = list(schema)?;
    let name = literal(schema.name());
    let version = version_or_null(newest);
    Some(format!(
        "INSERT INTO {table} (name, version, migrated_at) VALUES ({name}, {version}, now())"
    ))
}

/// Notes that a run has brought a schema to the version `newest`, and fails, by a
/// division by zero, unless `condition` holds. An older migration that was
/// applied late does not set the version back.
pub(crate) fn update(schema: Schema<'_>, newest: Option<&str>, condition: &str) -> Option<String> {
    let table = list(schema)?;
    let name = literal(schema.name());
    let version = version_or_null(newest);
    Some(format!(
        "UPDATE {table} SET version = greatest(version, {version}), migrated_at = now() \
         WHERE name = {name} AND 1 / ({condition})::int = 1"
    ))
}

/// Takes a schema out of its list.
pub(crate) fn delete(schema: Schema<'_>) -> Option<String> {
    let table = list(schema)?;
    let name = literal(schema.name());
    Some(format!("DELETE FROM {table} WHERE name = {name}"))
}

/// Picks the oldest spare that was last seen at the version `newest` and that
/// nobody else is about to take, and holds its row. No row when there is none
/// but those `passed_over`.
pub(crate) fn pick_spare(newest: Option<&str>, passed_over: &[TenantName]) -> String {
    let version = version_or_null(newest);
    let passed_over = passed_over.iter().map(|name| literal(name.as_str()));
    let passed_over = passed_over.collect::<Vec<_>>().join(", ");
    format!(
        "SELECT name FROM {SPARES} WHERE version IS NOT DISTINCT FROM {version} \
         AND name <> ALL (ARRAY[{passed_over}]::text[]) \
         ORDER BY created_at, name LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
}

fn version_or_null(version: Option<&str>) -> String {
    version.map_or_else(|| "NULL".to_owned(), literal)
}
