//! What the database of a project says about its tenants. It is asked in a transaction
//! that may only read, with time-outs.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::anyhow;
use sql_text::ident;
use tenant_core::{Database, MIGRATION_HISTORY, PgError, Registry};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use super::columns::{self, ListColumn};
use super::template::Template;

/// How long everything may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Nothing is changed, and no one waits long for it.
const BEGIN: &str = "BEGIN READ ONLY; SET LOCAL statement_timeout = '5s'; \
                     SET LOCAL lock_timeout = '2s'";

/// Every schema of a user, and whether it has a migration history.
const SCHEMAS: &str = "SELECT n.nspname, \
    EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relname = $1), \
    EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')) \
    FROM pg_catalog.pg_namespace n \
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public') \
    ORDER BY n.nspname COLLATE \"C\"";

/// The schema with the most extensions; PostgreSQL's own brings one.
const EXTENSIONS: &str = "SELECT n.nspname, \
    pg_catalog.string_agg(e.extname::text, ', ' ORDER BY e.extname) \
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
    WHERE n.nspname <> 'pg_catalog' GROUP BY n.nspname ORDER BY count(*) DESC, n.nspname LIMIT 1";

/// The path that the database or a role in it is given, most particular first.
const PATHS: &str = "SELECT s.entry FROM pg_catalog.pg_db_role_setting d \
    CROSS JOIN LATERAL pg_catalog.unnest(d.setconfig) AS s (entry) \
    WHERE pg_catalog.split_part(s.entry, '=', 1) = 'search_path' \
    AND d.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database \
    WHERE datname = pg_catalog.current_database())) \
    ORDER BY d.setdatabase DESC, d.setrole DESC LIMIT 1";

/// Whether there is a table of that name that can be read.
const IS_THERE: &str = "SELECT coalesce(pg_catalog.has_table_privilege( \
    pg_catalog.to_regclass($1), 'SELECT'), false)";

/// What a database says.
#[derive(Debug, Default)]
pub struct InDatabase {
    /// The schemas of tenants, sorted.
    pub tenants: Vec<String>,
    /// Whether they were told by their migration histories, or by their names.
    pub by_history: bool,
    /// What their names have in common.
    pub(super) template: Template,
    /// Whether the registry of the library is there.
    pub has_registry: bool,
    /// Columns that list the tenants, the likeliest first.
    pub lists: Vec<ListColumn>,
    /// A schema with extensions, and their names.
    pub extensions: Option<(String, String)>,
    /// What is behind the first schema in the path that the database or a role is given.
    pub behind: Vec<String>,
    /// The versions in the history of the public schema.
    pub public_versions: Vec<String>,
    /// The same of one tenant.
    pub tenant_versions: Vec<String>,
}

/// Looks at `database`.
///
/// # Errors
///
/// When it does not answer, or not in time.
pub async fn look(database: &Database) -> anyhow::Result<InDatabase> {
    let looked = tokio::time::timeout(LIMIT, async {
        let client = database.pinned_driver().await?;
        let looked = look_with(&client).await;
        Ok(looked.map_err(PgError::from)?)
    });
    looked
        .await
        .unwrap_or_else(|_| Err(anyhow!("the database did not answer within {LIMIT:?}")))
}

async fn look_with(client: &Client) -> Result<InDatabase, tokio_postgres::Error> {
    client.batch_execute(BEGIN).await?;
    let schemas = schemas(client).await?;
    let (tenants, by_history) = tenants(&schemas);
    let mut found = InDatabase {
        template: Template::of(&tenants),
        has_registry: is_there(client, Registry::default().sql_table()).await?,
        extensions: extensions(client).await?,
        public_versions: versions(client, "public").await?,
        by_history,
        tenants,
        ..InDatabase::default()
    };
    if let (Some(tenant), true) = (found.tenants.first(), by_history) {
        found.tenant_versions = versions(client, tenant).await?;
    }
    found.behind = behind(client, &found, &schemas).await?;
    if !found.has_registry && !found.tenants.is_empty() {
        found.lists = lists(client, &found.tenants).await?;
    }
    client.batch_execute("ROLLBACK").await?;
    Ok(found)
}

/// The lists of tenants; none if the catalog is too large to be asked in time.
async fn lists(
    client: &Client,
    tenants: &[String],
) -> Result<Vec<ListColumn>, tokio_postgres::Error> {
    client.batch_execute("SAVEPOINT lists").await?;
    match columns::lists(client, tenants).await {
        Err(error) if error.as_db_error().is_some() => {
            client.batch_execute("ROLLBACK TO lists").await?;
            Ok(Vec::new())
        }
        looked => looked,
    }
}

/// A schema of a user.
struct Found {
    name: String,
    has_history: bool,
    has_tables: bool,
}

async fn schemas(client: &Client) -> Result<Vec<Found>, tokio_postgres::Error> {
    let history = (&MIGRATION_HISTORY as _, Type::TEXT);
    let rows = client.query_typed(SCHEMAS, &[history]).await?;
    let found = rows.iter().map(|row| {
        Ok(Found {
            name: row.try_get(0)?,
            has_history: row.try_get(1)?,
            has_tables: row.try_get(2)?,
        })
    });
    found.collect()
}

/// The schemas that are tenants': those with a migration history, else those with tables
/// whose names begin alike.
fn tenants(schemas: &[Found]) -> (Vec<String>, bool) {
    let names = |is_one: fn(&Found) -> bool| {
        let found = schemas.iter().filter(|found| is_one(found));
        found.map(|found| found.name.clone()).collect::<Vec<_>>()
    };
    let with_history = names(|found| found.has_history);
    if !with_history.is_empty() {
        // One or the other can be another program's.
        let alike = alike(&with_history);
        let is_most = alike.len() * 5 >= with_history.len() * 4 && alike.len() > 1;
        return (if is_most { alike } else { with_history }, true);
    }
    let alike = alike(&names(|found| found.has_tables));
    let several = Some(alike).filter(|alike| alike.len() > 1);
    (several.unwrap_or_default(), false)
}

/// The largest group of names that begin with the same word.
fn alike(names: &[String]) -> Vec<String> {
    let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for name in names {
        let end = name.find(['_', '-']);
        if let Some(start) = end.and_then(|end| name.get(..=end)) {
            groups.entry(start).or_default().push(name.clone());
        }
    }
    let groups = groups.into_values();
    groups.max_by_key(Vec::len).unwrap_or_default()
}

async fn is_there(client: &Client, table: &str) -> Result<bool, tokio_postgres::Error> {
    let table = (&table as _, Type::TEXT);
    client.query_typed_one(IS_THERE, &[table]).await?.try_get(0)
}

async fn extensions(client: &Client) -> Result<Option<(String, String)>, tokio_postgres::Error> {
    let row = client.query_typed_opt(EXTENSIONS, &[]).await?;
    let read = |row: Row| Ok((row.try_get(0)?, row.try_get(1)?));
    row.map(read).transpose()
}

/// The versions in a history, if it can be read.
async fn versions(client: &Client, schema: &str) -> Result<Vec<String>, tokio_postgres::Error> {
    let table = format!("{}.{MIGRATION_HISTORY}", ident(schema));
    if !is_there(client, &table).await? {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT version::text FROM {table} ORDER BY 1");
    let rows = client.query_typed(&sql, &[]).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// The schemas in a configured path, without the tenants' and the role's own.
async fn behind(
    client: &Client,
    found: &InDatabase,
    schemas: &[Found],
) -> Result<Vec<String>, tokio_postgres::Error> {
    let Some(row) = client.query_typed_opt(PATHS, &[]).await? else {
        return Ok(Vec::new());
    };
    let setting = row.try_get::<_, String>(0)?;
    let (_, path) = setting.split_once('=').unwrap_or_default();
    let names = path.split(',').map(|name| name.trim().trim_matches('"'));
    let exists = |name: &str| name == "public" || schemas.iter().any(|schema| schema.name == name);
    let extensions = found.extensions.as_ref().map(|(schema, _)| schema.as_str());
    let is_tenant = |name: &str| found.tenants.iter().any(|tenant| tenant == name);
    let names = names.filter(|name| exists(name) && !is_tenant(name));
    let names = names.filter(|name| *name == "public" || Some(*name) != extensions);
    Ok(names.map(str::to_owned).collect())
}
