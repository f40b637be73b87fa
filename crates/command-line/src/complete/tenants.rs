//! Tenants whose names begin with the typed text.

use clap_complete::engine::CompletionCandidate;
use sql_text::literal;
use tenant_core::{Database, Registry};

use super::typed::Typed;
use crate::Context;

/// The maximum number of names. A longer list would not be read.
const MOST: usize = 1000;

/// Tenants whose names begin with `prefix` and are not on the line yet. None if anything
/// fails.
pub(super) fn starting_with(typed: &Typed, prefix: &str) -> Vec<CompletionCandidate> {
    let names = names(typed, prefix).unwrap_or_default().into_iter();
    let names = names.filter(|name| can_be_typed(name) && !typed.words.contains(name));
    names.map(CompletionCandidate::new).collect()
}

/// Whether it is one line, and no option.
fn can_be_typed(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('-') && !name.chars().any(char::is_control)
}

fn names(typed: &Typed, prefix: &str) -> anyhow::Result<Vec<String>> {
    let context = typed.context()?;
    let Some(database) = database(&context)? else {
        return Ok(Vec::new());
    };
    let registry = context.settings().registry()?.unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(listed(&database, &registry, prefix))
}

/// The database of this run. The project's own server counts if it runs already.
fn database(context: &Context) -> anyhow::Result<Option<Database>> {
    let url = match context.named_url()? {
        Some(url) => Some(url),
        None => running(context)?,
    };
    Ok(url.map(|url| Database::parse(&url)).transpose()?)
}

/// The project's own server, if it runs.
#[cfg(all(unix, feature = "local-postgres"))]
fn running(context: &Context) -> anyhow::Result<Option<String>> {
    let server = context.project_server()?.running()?;
    Ok(server.map(|server| server.url))
}

#[cfg(not(all(unix, feature = "local-postgres")))]
fn running(_: &Context) -> anyhow::Result<Option<String>> {
    Ok(None)
}

/// The names of all tenants. No server is started for it.
///
/// # Errors
///
/// What reading the settings or asking the server meets.
pub(crate) async fn all_names(context: &Context) -> anyhow::Result<Vec<String>> {
    let Some(database) = database(context)? else {
        return Ok(Vec::new());
    };
    let rows = context.settings().registry()?.unwrap_or_default().rows("t");
    let select = format!("SELECT ({})::text FROM {}", rows.key, rows.from);
    in_transaction(&database, &select).await
}

async fn listed(
    database: &Database,
    registry: &Registry,
    prefix: &str,
) -> anyhow::Result<Vec<String>> {
    in_transaction(database, &query(registry, prefix)).await
}

/// The first column that `select` gives. It is sent in a transaction that may only read, as one
/// statement: the server refuses a configured text that would end the transaction and write.
async fn in_transaction(database: &Database, select: &str) -> anyhow::Result<Vec<String>> {
    let client = database.driver().await?;
    let begin = "BEGIN READ ONLY; SET LOCAL statement_timeout = '1500ms'";
    client.batch_execute(begin).await?;
    let names = client.query_typed(select, &[]).await?;
    let names = names.iter().map(|row| row.try_get::<_, Option<String>>(0));
    let names = names.collect::<Result<Vec<_>, _>>()?;
    Ok(names.into_iter().flatten().collect())
}

/// If there are more than [`MOST`] names, the last one of all is among them, so that a shell
/// does not take the beginning that the first ones share for one that all share.
fn query(registry: &Registry, prefix: &str) -> String {
    let rows = registry.rows("t");
    let (from, name) = (rows.from, format!("({})::text", rows.key));
    let found = format!("{from} WHERE starts_with({name}, {})", literal(prefix));
    let name = format!("{name} COLLATE \"C\"");
    format!(
        "SELECT name FROM (SELECT {name} AS name FROM {found} ORDER BY 1 LIMIT {MOST}) f \
         UNION SELECT max({name}) FROM {found} ORDER BY 1"
    )
}
