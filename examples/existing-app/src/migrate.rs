//! Migrations, in a loop over all organizations.
//!
//! The loop goes on after a failure.

use anyhow::Context as _;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use tenant_core::{
    Database, ExtensionsSchema, MigrationSet, Migrations, Naming, Outcome, Registry, Settings,
    Tenants,
};
use tokio::runtime::Runtime;

/// The migrations of the public schema.
pub const PUBLIC: EmbeddedMigrations = embed_migrations!("migrations/public");

/// The migrations of each organization's schema.
pub const TENANT: EmbeddedMigrations = embed_migrations!("migrations/tenant");

/// Migrates the public schema, then each organization's schema. Returns the number of
/// organizations. This function blocks.
///
/// # Errors
///
/// If the database cannot be reached, or a migration fails.
pub fn migrate_all(url: &str) -> anyhow::Result<usize> {
    let report = Runtime::new()?.block_on(async {
        let tenants = tenants(url).await?;
        tenants.migrate_public().await?;
        anyhow::Ok(tenants.migrate().await?)
    })?;
    let count = report.outcomes.len();
    for Outcome { name, error, .. } in report.outcomes {
        let migrated = error.map_or(Ok(()), Err);
        migrated.with_context(|| format!("migrating `{name}`"))?;
    }
    Ok(count)
}

/// Returns the organizations as tenants, with the deleted ones, whose schemas stay.
///
/// # Errors
///
/// If the database cannot be reached.
pub async fn tenants(url: &str) -> anyhow::Result<Tenants> {
    let naming = Naming::template("org_{name}")?.allowing("[a-z][a-z0-9-]{1,50}")?;
    let list = "SELECT slug AS name, created_at FROM public.organizations";
    let registry = Registry::query(list).naming(naming);
    let migrations = Migrations {
        public: MigrationSet::from_source(&PUBLIC)?.merge(registry.migrations())?,
        tenant: MigrationSet::from_source(&TENANT)?,
    };
    let settings = Settings {
        extensions: Some(ExtensionsSchema::new("public")),
        ..Settings::default()
    };
    let tenants = Tenants::open(Database::parse(url)?, migrations, settings);
    Ok(tenants.await?.listed_in(registry).await?)
}
