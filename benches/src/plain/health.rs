//! The minimum that a health check must query: pending migrations, missing tables, and orphaned
//! schemas.

use anyhow::ensure;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::{connect, pending};
use crate::arguments::Task;
use crate::stopwatch::{Sample, Stopwatch};
use crate::workload::TABLES;

const INCOMPLETE: &str = "SELECT t.name FROM public.schema_tracker t \
     LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = t.name \
     LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
          AND c.relkind = 'r' AND c.relname = ANY ($1) \
     GROUP BY t.name HAVING count(c.oid) < cardinality($1)";

const ORPHANED: &str = "SELECT n.nspname::text FROM pg_catalog.pg_class c \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relname = '__diesel_schema_migrations' AND n.nspname <> 'public' \
       AND NOT EXISTS (SELECT FROM public.schema_tracker t WHERE t.name = n.nspname)";

/// Checks every tenant.
pub(crate) async fn health(task: &Task) -> anyhow::Result<Sample> {
    let client = connect(&task.url).await?;
    let stopwatch = Stopwatch::start();
    let behind = pending::behind(task, &client).await?;
    let incomplete = count(&client, INCOMPLETE, &[(&&TABLES[..], Type::TEXT_ARRAY)]).await?;
    let orphaned = count(&client, ORPHANED, &[]).await?;
    let sample = stopwatch.stop(task.tenants);
    let found = [behind, incomplete, orphaned];
    ensure!(found == [0; 3], "behind, incomplete, orphaned: {found:?}");
    Ok(sample)
}

async fn count(
    client: &Client,
    sql: &str,
    parameters: &[(&(dyn ToSql + Sync), Type)],
) -> anyhow::Result<usize> {
    Ok(client.query_typed(sql, parameters).await?.len())
}
