//! The tables of `public` that list schemas: the tenants, and the spares.
//!
//! Here are the statements on them that travel inside a schema's transaction.
//! Only `name` must exist for reading; `version` and `migrated_at` are written
//! for display. Diesel's typed rows of the same tables are `schema_public`'s;
//! a test holds the two together.

mod migrations;

use crate::TenantName;
use crate::migration::Migration;
use crate::name::Schema;
use crate::sql::literal;

/// The list of tenants, qualified and quoted.
pub(crate) const TABLE: &str = "public.schema_tracker";

/// The list of spare schemas, qualified and quoted. A database that was set up
/// by an older program has none, and then there are no spares.
pub(crate) const SPARES: &str = "public.spare_schemas";

/// The table that lists the schema; none lists `public`, or what is never committed.
fn list(schema: Schema<'_>) -> Option<&'static str> {
    match schema {
        Schema::Public | Schema::Rehearsal(_) => None,
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

/// Migrations that were applied or reverted, for the list to know.
#[derive(Clone, Copy)]
pub(crate) struct Ran<'a> {
    /// Applied ones oldest first, reverted ones newest first.
    pub(crate) migrations: &'a [&'a Migration],
    /// Whether the list has a column for their fingerprints.
    pub(crate) with_fingerprints: bool,
}

impl Ran<'_> {
    /// The newest version of those that were applied, as a constant.
    fn version(self) -> String {
        version_or_null(
            self.migrations
                .last()
                .map(|newest| newest.version().as_str()),
        )
    }

    /// An expression: the fingerprints by version.
    fn fingerprints(self) -> Option<String> {
        let fingerprints = self
            .with_fingerprints
            .then(|| fingerprints(self.migrations));
        fingerprints.filter(|_| !self.migrations.is_empty())
    }
}

/// An expression of type `jsonb`: the fingerprints of `migrations` by version.
fn fingerprints(migrations: &[&Migration]) -> String {
    let pairs = migrations.iter();
    let pairs = pairs.flat_map(|one| [literal(one.version().as_str()), literal(one.fingerprint())]);
    let pairs = pairs.collect::<Vec<_>>().join(", ");
    format!("pg_catalog.jsonb_object(ARRAY[{pairs}]::text[])")
}

/// Registers a schema with the migrations that it has.
pub(crate) fn insert(schema: Schema<'_>, applied: Ran<'_>) -> Option<String> {
    let table = list(schema)?;
    let (name, version) = (literal(schema.name()), applied.version());
    Some(match applied.fingerprints() {
        None => format!(
            "INSERT INTO {table} (name, version, migrated_at) VALUES ({name}, {version}, now())"
        ),
        Some(fingerprints) => format!(
            "INSERT INTO {table} (name, version, migrated_at, fingerprints) \
             VALUES ({name}, {version}, now(), {fingerprints})"
        ),
    })
}

/// Registers a schema that has a table of applied migrations of its own, whose newest
/// version is `newest`. What their texts were is not known.
pub(crate) fn adopt(schema: Schema<'_>, newest: Option<&str>) -> Option<String> {
    let table = list(schema)?;
    let (name, version) = (literal(schema.name()), version_or_null(newest));
    Some(format!(
        "INSERT INTO {table} (name, version, migrated_at) VALUES ({name}, {version}, now())"
    ))
}

/// Notes which migrations a run has applied to a schema, and fails, by a
/// division by zero, unless `condition` holds. An older migration that was
/// applied late does not set the version back.
pub(crate) fn update(schema: Schema<'_>, applied: Ran<'_>, condition: &str) -> Option<String> {
    let table = list(schema)?;
    let (name, version) = (literal(schema.name()), applied.version());
    let fingerprints = applied.fingerprints();
    let fingerprints = fingerprints.map_or_else(String::new, |new| {
        format!(", fingerprints = fingerprints || {new}")
    });
    Some(format!(
        "UPDATE {table} SET version = greatest(version, {version}), migrated_at = now(){fingerprints} \
         WHERE name = {name} AND 1 / ({condition})::int = 1"
    ))
}

/// Notes which migrations a run has reverted in a schema, whose own table says what
/// remains, and fails, by a division by zero, unless `condition` holds.
pub(crate) fn set_back(schema: Schema<'_>, reverted: Ran<'_>, condition: &str) -> Option<String> {
    let table = list(schema)?;
    let (name, ledger) = (literal(schema.name()), schema.ledger());
    let fingerprints = if reverted.with_fingerprints {
        let versions = reverted
            .migrations
            .iter()
            .map(|one| literal(one.version().as_str()));
        let versions = versions.collect::<Vec<_>>().join(", ");
        format!(", fingerprints = fingerprints - ARRAY[{versions}]::text[]")
    } else {
        String::new()
    };
    Some(format!(
        "UPDATE {table} SET version = (SELECT max(version COLLATE \"C\") FROM {ledger}), \
         migrated_at = now(){fingerprints} \
         WHERE name = {name} AND 1 / ({condition})::int = 1"
    ))
}

/// Moves a spare, which is at the version `newest`, to the list of tenants.
pub(crate) fn take_over(
    spare: Schema<'_>,
    tenant: Schema<'_>,
    newest: Option<&str>,
    with_fingerprints: bool,
) -> String {
    let fingerprints = if with_fingerprints {
        ", fingerprints"
    } else {
        ""
    };
    format!(
        "WITH taken AS (DELETE FROM {SPARES} WHERE name = {} RETURNING *) \
         INSERT INTO {TABLE} (name, version, migrated_at{fingerprints}) \
         SELECT {}, {}, now(){fingerprints} FROM taken",
        literal(spare.name()),
        literal(tenant.name()),
        version_or_null(newest)
    )
}

/// Registers a schema with the migrations of another, whose copy it is.
pub(crate) fn copy(from: Schema<'_>, to: Schema<'_>, with_fingerprints: bool) -> String {
    let fingerprints = if with_fingerprints {
        ", fingerprints"
    } else {
        ""
    };
    format!(
        "INSERT INTO {TABLE} (name, version, migrated_at{fingerprints}) \
         SELECT {}, version, now(){fingerprints} FROM {TABLE} WHERE name = {}",
        literal(to.name()),
        literal(from.name())
    )
}

/// Gives a registered schema another name in its list; all else in its row stays.
pub(crate) fn rename(from: Schema<'_>, to: Schema<'_>) -> Option<String> {
    let table = list(from)?;
    let (from, to) = (literal(from.name()), literal(to.name()));
    Some(format!(
        "UPDATE {table} SET name = {to} WHERE name = {from}"
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
