//! Makes scratch databases, drops them, and sweeps away those of runs that were
//! killed.
//!
//! The SQL text with names in it is put together by the server, whose
//! `format()` quotes them.

use std::time::Duration;

use anyhow::Context as _;
use command_line::Output;
use tenant_core::{Database, PgError};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use crate::advice::advised;

/// A scratch database that is about to be made.
pub(super) struct Plan {
    pub(super) name: String,
    statement: String,
    grant: String,
}

/// Names it after the server's clock, which is the one that sweeping asks. It
/// is to be as the database beside it, so that the migrations meet the same
/// encoding.
pub(super) async fn plan(client: &Client) -> anyhow::Result<Plan> {
    let random = format!("{:08x}", rand::random::<u32>());
    let sql = "SELECT name, \
                      format('CREATE DATABASE %I TEMPLATE template0 ENCODING %L LC_COLLATE %L \
                              LC_CTYPE %L', \
                             name, pg_encoding_to_char(encoding), datcollate, datctype), \
                      format('ALTER ROLE %I CREATEDB', current_user) \
               FROM pg_database, \
                    LATERAL (SELECT 'diesel_tenants_scratch_' \
                             || floor(extract(epoch FROM clock_timestamp()))::bigint \
                             || '_' || $1) AS naming (name) \
               WHERE datname = current_database()";
    let row = client.query_typed_one(sql, &[(&random, Type::TEXT)]).await;
    let plan = row.and_then(|row| {
        Ok(Plan {
            name: row.try_get(0)?,
            statement: row.try_get(1)?,
            grant: row.try_get(2)?,
        })
    });
    plan.map_err(PgError::from)
        .context("could not choose a name for the scratch database")
}

/// Makes it.
pub(super) async fn create(client: &Client, plan: &Plan) -> anyhow::Result<()> {
    let Err(error) = client.batch_execute(&plan.statement).await else {
        return Ok(());
    };
    let is_denied = error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE);
    let error = anyhow::Error::from(PgError::from(error));
    let what = "could not create the scratch database";
    if !is_denied {
        return Err(error.context(what));
    }
    Err(error.context(advised(
        what,
        &format!(
            "Let a superuser run this SQL. Or name a server where your role may create databases \
             with --scratch-url URL.\n{};",
            plan.grant
        ),
    )))
}

/// How often it is asked whether the making has come to its end.
const PAUSE: Duration = Duration::from_millis(50);

/// How often at most: half a minute.
const PATIENCE: u32 = 600;

/// Drops the database `name` on the server of `origin`, even if sessions are connected.
pub(super) async fn remove(origin: &Database, name: &str) -> anyhow::Result<()> {
    let client = origin.pinned_driver().await?;
    until_made(&client, name).await?;
    let sql = "SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', $1)";
    run(&client, sql, name).await?;
    Ok(())
}

/// Waits while the server is still at `CREATE DATABASE`: a client that has gone
/// away does not stop it, and until its end there is nothing to drop.
async fn until_made(client: &Client, name: &str) -> Result<(), PgError> {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' \
               AND pid <> pg_backend_pid() AND query LIKE 'CREATE DATABASE ' || $1 || ' %'";
    for _ in 0..PATIENCE {
        let row = client.query_typed_one(sql, &[(&name, Type::TEXT)]).await?;
        if row.try_get::<_, i64>(0)? == 0 {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Drops the databases that killed runs left behind. Their names are this program's, they are more
/// than an hour old, and no session is connected to them.
///
/// A failure is left to the next run: the database may belong to another role.
pub(super) async fn sweep(client: &Client, output: Output) {
    if let Err(error) = try_to_sweep(client, output).await {
        output.detail(&format!(
            "could not look for abandoned scratch databases: {error}"
        ));
    }
}

async fn try_to_sweep(client: &Client, output: Output) -> Result<(), PgError> {
    let sql = "SELECT datname FROM pg_database AS database \
               WHERE substring(datname FROM '^diesel_tenants_scratch_([0-9]{1,12})_[0-9a-f]{8}$')\
                     ::bigint < extract(epoch FROM clock_timestamp()) - 3600 \
               AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE datid = database.oid)";
    for row in client.query_typed(sql, &[]).await? {
        let name = row.try_get::<_, String>(0)?;
        // Without FORCE: should somebody have connected meanwhile, it stays.
        let sql = "SELECT format('DROP DATABASE IF EXISTS %I', $1)";
        match run(client, sql, &name).await {
            Ok(()) => output.detail(&format!("dropped the abandoned scratch database `{name}`")),
            Err(error) => output.detail(&format!(
                "could not drop the abandoned scratch database \
                                                  `{name}`: {error}"
            )),
        }
    }
    Ok(())
}

/// Runs the statement that the server makes of `sql` and `name`.
async fn run(client: &Client, sql: &str, name: &str) -> Result<(), PgError> {
    let row = client.query_typed_one(sql, &[(&name, Type::TEXT)]).await?;
    client.batch_execute(row.try_get(0)?).await?;
    Ok(())
}
