//! Migrations, in a loop over all organizations.
//!
//! The loop runs on one connection and ends at the first failure.

use anyhow::{Context as _, anyhow};
use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::database::path;
use crate::models::organizations::Organization;

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
    let mut connection = AsyncConnectionWrapper::<AsyncPgConnection>::establish(url)?;
    let public = connection.run_pending_migrations(PUBLIC).map(drop);
    public.map_err(|error| anyhow!(error).context("migrating the public schema"))?;
    let organizations = Organization::active()
        .select(Organization::as_select())
        .load(&mut connection)?;
    for organization in &organizations {
        let migrated = migrate(&mut connection, &organization.schema());
        migrated.with_context(|| format!("migrating `{}`", organization.slug))?;
    }
    Ok(organizations.len())
}

/// Migrates one schema, and leaves it in the connection's path.
pub(crate) fn migrate(
    connection: &mut (impl MigrationHarness<Pg> + SimpleConnection),
    schema: &str,
) -> anyhow::Result<()> {
    connection.batch_execute(&path(schema))?;
    let run = connection.run_pending_migrations(TENANT).map(drop);
    run.map_err(|error| anyhow!(error))
}
