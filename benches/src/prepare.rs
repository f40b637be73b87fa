//! Databases in the state that a measurement begins with.

use anyhow::ensure;
use tenant_core::Status;
use tokio_postgres::Client;

use crate::ours;
use crate::server::Server;
use crate::workload::{self, Extent};

/// Makes a database with the public tables, in the place of an older one.
pub(crate) async fn fresh(server: &Server, admin: &Client, name: &str) -> anyhow::Result<()> {
    remove(admin, name).await?;
    admin
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .await?;
    let tenants = ours::open(&server.url(name), Extent::All).await?;
    tenants.migrate_public().await?;
    Ok(())
}

/// Drops a database.
pub(crate) async fn remove(admin: &Client, name: &str) -> anyhow::Result<()> {
    let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    Ok(admin.batch_execute(&drop).await?)
}

/// Writes to the disk what one side has left in memory, so that the other does
/// not have to.
pub(crate) async fn settle(admin: &Client) -> anyhow::Result<()> {
    Ok(admin.batch_execute("CHECKPOINT").await?)
}

/// Makes a fleet that is up to date.
pub(crate) async fn fleet(url: &str, size: usize, jobs: usize) -> anyhow::Result<()> {
    let tenants = ours::open(url, Extent::All).await?;
    let names = workload::tenant_names(size)?;
    let report = tenants.create_many(names).jobs(jobs).await?;
    ensure!(
        report.count(Status::Created) == size,
        "the fleet was not made"
    );
    tidy(url).await
}

/// Lets the catalog come to rest once many tenants were made: left to itself, the
/// server would do so within some minutes, in the middle of the measurements.
pub(crate) async fn tidy(url: &str) -> anyhow::Result<()> {
    let client = tenant_core::Database::parse(url)?.driver().await?;
    let catalog = "SELECT 'VACUUM (ANALYZE) ' || string_agg(oid::regclass::text, ', ') \
                   FROM pg_class WHERE relkind = 'r' AND (relnamespace = 'pg_catalog'::regnamespace \
                   OR relnamespace = 'public'::regnamespace) AND NOT relisshared";
    let row = client.query_typed_one(catalog, &[]).await?;
    Ok(client.batch_execute(row.try_get(0)?).await?)
}
