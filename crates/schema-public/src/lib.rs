//! The tables of the `public` schema: what exists once for all tenants.
//!
//! Here that is the list of tenants, and that of spare schemas. A table of your own that all tenants
//! share goes beside it: a migration in `migrations/public`, a file with its
//! row types here. What every tenant has for itself is in `schema-tenant`.

use diesel_migrations::{EmbeddedMigrations, embed_migrations};

#[expect(
    missing_docs,
    reason = "`table!` generates items without documentation"
)]
pub mod schema;
mod schema_tracker;
mod spare_schema;

pub use schema_tracker::{NewSchemaTracker, SchemaTracker};
pub use spare_schema::SpareSchema;

/// The migrations of the `public` schema, compiled in from `migrations/public`.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/public");
