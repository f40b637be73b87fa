//! The tables that every tenant has for itself.
//!
//! Nothing here names a schema. The same queries work for each tenant, on a
//! connection whose `search_path` is that tenant's. Replace `dummy_table` by
//! your own tables: a migration in `migrations/tenant`, a file with its row
//! types here. What exists once for all tenants is in `schema-public`.

use diesel_migrations::{EmbeddedMigrations, embed_migrations};

mod dummy_table;
#[expect(
    missing_docs,
    reason = "`table!` generates items without documentation"
)]
pub mod schema;

pub use dummy_table::{Dummy, NewDummy};

/// The migrations of every tenant's schema, compiled in from `migrations/tenant`.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/tenant");
