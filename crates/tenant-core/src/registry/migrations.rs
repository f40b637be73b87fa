//! The migrations that make the list of tenants, the list of spares, and the table of
//! expected shapes.

use super::place::Place;
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

/// All of them, oldest first. What is released stays as it is: databases have it.
const OWN: [(&str, &str, &str); 4] = [
    own!("2026-01-01-000000_create_schema_tracker"),
    own!("2026-01-03-000000_create_spare_schemas"),
    own!("2026-01-04-000000_add_fingerprints"),
    own!("2026-01-05-000000_create_expected_shapes"),
];

impl MigrationSet {
    /// The public migrations that this library needs: they make the list of tenants,
    /// `public.schema_tracker`, the list of spare schemas, and the table that keeps what
    /// tenants should look like. An application with
    /// public migrations of its own adds these with [`MigrationSet::merge`].
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
        let (ours, version, own) = match list {
            List::Tenants => (
                Place::tenants(),
                "20260101000000",
                "id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL UNIQUE",
            ),
            List::Spares => (Place::spares(), "20260103000000", "name text PRIMARY KEY"),
        };
        let statement = format!(
            "CREATE TABLE {} ({own}, created_at timestamptz NOT NULL DEFAULT now(), version text, \
             migrated_at timestamptz, fingerprints jsonb NOT NULL DEFAULT '{{}}')",
            ours.table
        );
        let is_ours = *self.place(list) == ours;
        is_ours.then_some(Creation { version, statement })
    }
}
