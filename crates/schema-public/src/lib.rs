//! The tables of the `public` schema: what exists once for all tenants.
//!
//! It contains the list of tenants and the list of spare schemas. To add a table that all tenants
//! share, add a migration in `migrations/public` and a file with its row types here. The tables of
//! each tenant are in `schema-tenant`.

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
