//! The migrations that make the list of tenants, the list of spares, and the table of
//! expected shapes.

use sql_text::literal;

use super::beside::BESIDE_SCHEMA;
use super::place::{EXPECTATIONS, Place};
use super::source::Source;
use super::{List, Registry};
use crate::MigrationSet;

/// Takes a migration of this crate from its folder: its name and both of its files.
macro_rules! own {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../migrations/", $name, "/up.sql")),
            include_str!(concat!("../../migrations/", $name, "/down.sql")),
        )
    };
}

/// The first of them: what it is called, what applies it and what reverts it.
pub(super) const FIRST: (&str, &str, &str) = own!("2026-01-01-000000_create_schema_tracker");

/// All of them, oldest first. What is released stays as it is: databases have it.
///
/// A new one gets an hour that no clock shows, as in `2026-12-24-990000`, so that no tool and
/// no person gives its version to a migration of an application.
const OWN: [(&str, &str, &str); 5] = [
    FIRST,
    own!("2026-01-03-000000_create_spare_schemas"),
    own!("2026-01-04-000000_add_fingerprints"),
    own!("2026-01-05-000000_create_expected_shapes"),
    own!("2026-12-01-990000_add_suspension"),
];

impl MigrationSet {
    /// Returns the public migrations that this library needs. They create the list of tenants,
    /// `public.schema_tracker`, the list of spares, and the table of expected definitions. If your
    /// application has its own public migrations, add these with [`MigrationSet::merge`].
    ///
    /// ```
    /// use tenant_core::{MigrationSet, Migrations};
    /// # use diesel_migrations::{EmbeddedMigrations, embed_migrations};
    /// # const TENANT: EmbeddedMigrations = embed_migrations!("../../migrations/tenant");
    ///
    /// let migrations = Migrations {
    ///     public: MigrationSet::registry(),
    ///     tenant: MigrationSet::from_source(&TENANT)?,
    /// };
    /// # Ok::<(), tenant_core::SourceError>(())
    /// ```
    #[must_use]
    pub fn registry() -> Self {
        Self::of_texts(&OWN)
    }
}

/// The migration that makes what another registry than the default needs.
const STATE: &str = "2026-11-30-990000_create_tenant_state";

/// The migration that adds the column of suspensions to the table that is written. Its version is
/// not that of the default registry's: a program can have both.
const SUSPENSION: &str = "2026-12-01-980000_add_suspension";

/// The columns that the lists have beside their keys.
const COLUMNS: &str = "created_at timestamptz NOT NULL DEFAULT now(), version text, \
    migrated_at timestamptz, fingerprints jsonb NOT NULL DEFAULT '{}'";

/// The statement that makes the table of expected shapes.
const CREATE_EXPECTATIONS: &str = "CREATE TABLE IF NOT EXISTS public.expected_shapes (\
    key text PRIMARY KEY, expectation text NOT NULL, \
    made_at timestamptz NOT NULL DEFAULT now());\n";

impl Registry {
    /// Returns the public migrations that this registry needs, for
    /// [`Migrations::public`](crate::Migrations::public). For the default registry, they equal
    /// [`MigrationSet::registry`].
    ///
    /// For another registry, the first migration creates what is missing: the list itself, if it is a
    /// table of this library's kind, or the table beside a query; the list of spares; and the table
    /// of expected definitions. A second one adds the column of suspensions. A table with a
    /// condition or a column of schemas belongs to the application, and is neither created nor
    /// changed. The named schemas must exist.
    #[must_use]
    pub fn migrations(&self) -> MigrationSet {
        if *self.place(List::Tenants) == Place::tenants() {
            return MigrationSet::registry();
        }
        let own = self.own_table();
        let spares = Place::spares().table;
        let made = own.iter().map(|(_, create)| create.as_str());
        let list =
            format!("CREATE TABLE IF NOT EXISTS {spares} (name text PRIMARY KEY, {COLUMNS});\n");
        let up = made
            .chain([list.as_str(), CREATE_EXPECTATIONS])
            .collect::<String>();
        let dropped = own
            .iter()
            .map(|(table, _)| format!("DROP TABLE {table};\n"));
        let down = dropped.collect::<String>();
        let down = format!("{down}DROP TABLE {spares};\nDROP TABLE {EXPECTATIONS};\n");
        let Some((table, _)) = &own else {
            return MigrationSet::of_texts(&[(STATE, &up, &down)]);
        };
        let added = add_suspension(table);
        let removed = format!("ALTER TABLE {table} DROP COLUMN IF EXISTS suspension;\n");
        MigrationSet::of_texts(&[(STATE, &up, &down), (SUSPENSION, &added, &removed)])
    }

    /// The table that is written, and the statement that makes it, if it is none of the
    /// application's.
    fn own_table(&self) -> Option<(String, String)> {
        let Place { table, key, .. } = self.place(List::Tenants);
        let columns = if self.is_query() {
            format!(
                "{key} text PRIMARY KEY, {BESIDE_SCHEMA} text NOT NULL, version text, \
                 migrated_at timestamptz, fingerprints jsonb NOT NULL DEFAULT '{{}}'"
            )
        } else if self.0.source == Source::default() {
            format!(
                "id uuid PRIMARY KEY DEFAULT gen_random_uuid(), {key} text NOT NULL UNIQUE, {COLUMNS}"
            )
        } else {
            return None;
        };
        let create = format!("CREATE TABLE IF NOT EXISTS {table} ({columns});\n");
        Some((table.clone(), create))
    }
}

/// Adds the column of suspensions. The list can be a view, or a table of another role: it stays as
/// it is, and keeps no suspensions.
fn add_suspension(table: &str) -> String {
    let body = format!(
        "BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_class \
             WHERE oid = pg_catalog.to_regclass({}) AND relkind IN ('r', 'p') \
             AND pg_catalog.pg_has_role(relowner, 'USAGE')) \
         THEN ALTER TABLE {table} ADD COLUMN IF NOT EXISTS suspension jsonb; END IF; END",
        literal(table)
    );
    format!("DO {};\n", literal(&body))
}

/// How a list is made.
pub(crate) struct Creation {
    /// The version of the migration that makes it.
    pub(crate) version: &'static str,
    /// The statement that makes it as all of them together do.
    pub(crate) statement: String,
}

impl Registry {
    /// How the list is made by the migrations of this crate, if it is theirs.
    pub(crate) fn creation(&self, list: List) -> Option<Creation> {
        let (ours, version, own, last) = match list {
            List::Tenants => (
                Place::tenants(),
                "20260101000000",
                "id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL UNIQUE",
                ", suspension jsonb",
            ),
            List::Spares => (
                Place::spares(),
                "20260103000000",
                "name text PRIMARY KEY",
                "",
            ),
        };
        let statement = format!(
            "CREATE TABLE {} ({own}, created_at timestamptz NOT NULL DEFAULT now(), version text, \
             migrated_at timestamptz, fingerprints jsonb NOT NULL DEFAULT '{{}}'{last})",
            ours.table
        );
        let is_ours = *self.place(list) == ours;
        is_ours.then_some(Creation { version, statement })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_since_the_first_four_is_one_that_no_clock_shows() {
        let beside = Registry::query("SELECT 1").migrations();
        let new = MigrationSet::registry();
        for migration in new.iter().skip(4).chain(beside.iter()) {
            let hour = migration.version().as_str().get(8..10).unwrap();
            assert!(hour > "23", "{}", migration.name());
        }
    }
}
