//! Makes the database that is copied for each test.
//!
//! It is built under another name and renamed when it is complete, so what bears
//! the name can be used, whatever became of its maker. On a server that outlives
//! the process it stays, for the next processes: its name says what is in it.

use sha2::{Digest, Sha256};
use tokio_postgres::Client;

use crate::failure::Failure;
use crate::server::{Server, execute};
use tenant_core::Database;
use tenant_core::{Migrations, Settings, Tenants};
use tenant_core::{quote_ident, quote_literal};

/// What the names of all templates begin with.
pub(crate) const PREFIX: &str = "diesel_tenants_template_";

/// How its comment begins, which ends in a date.
pub(crate) const LAST_USED: &str = "Copied for tests of tenants, last on ";

/// How many tenants without a name it has, so that the first ones of a test need
/// not be built.
const SPARES: usize = 1;

/// What a template is made from, and where.
#[derive(Clone, Copy)]
pub(super) struct Recipe<'a> {
    pub(super) server: &'a Server,
    pub(super) migrations: &'a Migrations,
    pub(super) settings: &'a Settings,
    pub(super) setup: &'a str,
}

/// The name of the template, which is there afterwards.
///
/// Several processes that come at once make it once: the others wait, outside
/// any transaction and in another database than the migrations run in.
pub(super) async fn ensure(recipe: Recipe<'_>) -> Result<String, Failure> {
    let client = recipe.server.client().await?;
    let role = text(&client, "SELECT current_user::text").await?;
    let number = recipe.number(&role);
    let name = format!("{PREFIX}{number:016x}");
    let lock = format!(
        "SELECT pg_catalog.pg_advisory_lock({})",
        number.cast_signed()
    );
    execute(
        &client,
        "wait for the process that creates the template",
        &lock,
    )
    .await?;
    if !exists(&client, &name).await? {
        build(recipe, &client, &name).await?;
    }
    if recipe.server.is_given() {
        note_use(&client, &name).await?;
    }
    Ok(name)
}

impl Recipe<'_> {
    /// Another one for whatever makes another database.
    fn number(self, role: &str) -> u64 {
        let mut hash = Sha256::new();
        let settings = format!("{:?}", self.settings.extensions);
        for part in [env!("CARGO_PKG_VERSION"), role, self.setup, &settings] {
            hash.update(part);
            hash.update([0]);
        }
        for stream in [&self.migrations.public, &self.migrations.tenant] {
            for migration in stream.iter() {
                hash.update(migration.version().as_str());
                hash.update(migration.name());
                hash.update(migration.fingerprint());
                hash.update([0]);
            }
            hash.update([0]);
        }
        let digits = hash.finalize();
        digits
            .iter()
            .take(8)
            .fold(0, |all, byte| all << 8 | u64::from(*byte))
    }
}

async fn build(recipe: Recipe<'_>, client: &Client, name: &str) -> Result<(), Failure> {
    let building = recipe.server.create(None).await?;
    let done = async {
        fill(recipe, &building).await?;
        complete(client, &building, name).await
    };
    let done = done.await;
    if done.is_err() {
        drop(recipe.server.remove(&building).await);
    }
    match done {
        // Whoever made it had connected to another database, where our lock is
        // not seen.
        Err(_) if exists(client, name).await? => Ok(()),
        done => done,
    }
}

async fn fill(recipe: Recipe<'_>, building: &str) -> Result<(), Failure> {
    let database = Database::parse(&recipe.server.url(building))?;
    if !recipe.setup.is_empty() {
        let action = "set up the template";
        execute(&database.driver().await?, action, recipe.setup).await?;
    }
    let (migrations, settings) = (recipe.migrations.clone(), recipe.settings.clone());
    let tenants = Tenants::open(database, migrations, settings).await?;
    tenants.migrate_public().await?;
    // Without them, tenants are built; what is wrong with the tenants' migrations
    // is told to the test that makes a tenant.
    drop(tenants.spares().keep(SPARES).await);
    Ok(())
}

/// Completes the template. It allows no connections from now on, because a database in use cannot
/// be copied. The server waits for sessions that are about to end.
async fn complete(client: &Client, building: &str, name: &str) -> Result<(), Failure> {
    let (from, to) = (quote_ident(building), quote_ident(name));
    for sql in [
        format!("ALTER DATABASE {from} WITH ALLOW_CONNECTIONS false"),
        format!("ALTER DATABASE {from} RENAME TO {to}"),
    ] {
        execute(client, "complete the template", &sql).await?;
    }
    Ok(())
}

async fn exists(client: &Client, name: &str) -> Result<bool, Failure> {
    let count = format!(
        "SELECT count(*)::text FROM pg_catalog.pg_database WHERE datname = {}",
        quote_literal(name)
    );
    Ok(text(client, &count).await? != "0")
}

/// Says when it was used, once a day.
async fn note_use(client: &Client, name: &str) -> Result<(), Failure> {
    let today = "SELECT pg_catalog.to_char(pg_catalog.now(), 'YYYY-MM-DD')";
    let comment = format!("{LAST_USED}{}", text(client, today).await?);
    let known = format!(
        "SELECT coalesce(pg_catalog.shobj_description(oid, 'pg_database'), '') \
         FROM pg_catalog.pg_database WHERE datname = {}",
        quote_literal(name)
    );
    if text(client, &known).await? == comment {
        return Ok(());
    }
    let sql = format!(
        "COMMENT ON DATABASE {} IS {}",
        quote_ident(name),
        quote_literal(&comment)
    );
    execute(client, "record when the template was used", &sql).await
}

async fn text(client: &Client, sql: &str) -> Result<String, Failure> {
    let row = client.query_typed_one(sql, &[]).await;
    let text = row.and_then(|row| row.try_get::<_, String>(0));
    text.map_err(|error| Failure::of_server("look for the template", error))
}
