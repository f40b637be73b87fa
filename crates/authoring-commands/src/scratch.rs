//! [`Scratch`]: a temporary database, created by the migrations on the disk.
//!
//! PostgreSQL shows what the migrations create; nothing is guessed from their text.
//! The scratch database is on the same server as the user's database. It is
//! dropped at the end, after an error, and on Ctrl-C. If a run is killed, the
//! database stays until a later run drops it.

mod extensions;
mod fill;
mod server;
pub(crate) mod url;

use anyhow::Context as _;
use clap::Args;
use command_line::hints::Advised;
use command_line::{Context, Invocation, Message, Output};
use schema_diff::{Catalog, Schema};
use tenant_core::{Database, ExtensionsSchema, PgError, quote_ident};
use tokio_postgres::Client;

use crate::advice::{self, advised};
use crate::{Project, Stream};

/// What becomes of a scratch database that could not be dropped.
const STAYS: &str = "A later run drops it after an hour. To drop it now, run this SQL.";

/// The option names no usable server.
fn misled(error: anyhow::Error) -> anyhow::Error {
    let what = "could not create a scratch database at --scratch-url";
    let hint = "Correct --scratch-url, or omit it.";
    error.context(Advised::new(what, hint))
}

async fn connected(url: &str) -> anyhow::Result<(Database, Client)> {
    let database = Database::parse(url)?;
    let client = database.pinned_driver().await?;
    Ok((database, client))
}

/// What the schema `public` is called in a scratch database of the tenants'
/// stream, where a tenant's schema has taken that name.
pub const PUBLIC_ASIDE: &str = "diesel_tenants_public_aside";

/// How values are written in the definitions that are read: without loss, and so that
/// each session reads them as the same.
const UNIFORM: &str = "SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; \
                       SET bytea_output = 'hex'; SET extra_float_digits = 1";

/// Where to make it.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Server for the scratch database [default: the server of --database-url]
    #[arg(long, value_name = "URL")]
    pub scratch_url: Option<String>,
}

impl Options {
    /// The same command in the same place.
    pub(crate) fn repeated(&self, invocation: Invocation) -> Invocation {
        match &self.scratch_url {
            Some(url) => invocation.with_url("--scratch-url", url),
            None => invocation,
        }
    }
}

/// A scratch database. A connection to it finds the tables of its stream in
/// `public`, with Diesel's table of applied migrations beside them.
///
/// Dropping the value drops the database. [`Scratch::drop`] does the same, and
/// says when it fails.
#[derive(Debug)]
pub struct Scratch {
    origin: Database,
    name: String,
    url: String,
    database: Database,
    extensions: Option<ExtensionsSchema>,
    /// Tables of the public stream that the library has made, and not the project.
    own_tables: Vec<String>,
    output: Output,
    is_gone: bool,
}

impl Scratch {
    /// Makes one with the migrations of `stream` on the disk applied: a tenant
    /// is made by the engine, as every tenant is.
    ///
    /// It has the extensions of the database that it stands beside. One that
    /// cannot be had is no error before a migration needs it.
    ///
    /// The future may be dropped at any time, and leaves nothing behind.
    ///
    /// # Errors
    ///
    /// When there is no connection, when the role may not create databases,
    /// and when the migrations cannot be read or fail.
    pub async fn make(
        context: &Context,
        project: &Project,
        stream: Stream,
        options: &Options,
    ) -> anyhow::Result<Self> {
        let contents = fill::read(context, project, stream)?;
        let url = match &options.scratch_url {
            Some(url) => {
                let complete = context.environment().libpq.complete(url);
                complete.map_err(|error| misled(error.into()))?
            }
            None => context.database_url().await?,
        };
        let (origin, client) = match connected(&url).await {
            Err(error) if options.scratch_url.is_some() => return Err(misled(error)),
            connected => connected?,
        };
        server::sweep(&client, context.output).await;
        let plan = server::plan(&client).await?;
        let url = url::with_database(&url, &plan.name);
        let mut scratch = Self {
            database: Database::parse(&url)?,
            url,
            origin,
            name: plan.name.clone(),
            extensions: context.extensions(),
            own_tables: Vec::new(),
            output: context.output,
            is_gone: false,
        };
        // From here on it is dropped with the value, also while it is made.
        server::create(&client, &plan).await?;
        let alike = scratch.database.clone().with_settings_of(&client).await;
        scratch.database = alike.context("could not copy the settings of the database")?;
        let what = format!(
            "scratch database for the {stream} stream: {}",
            scratch.database
        );
        context.output.detail(&what);
        let own = fill::fill(context, stream, contents, &client, &scratch.database);
        scratch.own_tables = own.await?;
        Ok(scratch)
    }

    /// Its URL. It can hold a password: it is for connecting, never for
    /// showing.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The same, to open connections with, and to show.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// A new connection to it. Behind `public` it looks into the schema for
    /// extensions, if one is configured.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub async fn client(&self) -> anyhow::Result<Client> {
        let client = self.database.pinned_driver().await?;
        let uniform = client.batch_execute(UNIFORM).await;
        uniform
            .map_err(PgError::from)
            .context("could not set up the connection to the scratch database")?;
        if let Some(extensions) = &self.extensions {
            let set = client.batch_execute(&extensions.behind_public()).await;
            set.map_err(PgError::from)
                .context("could not set search_path in the scratch database")?;
        }
        Ok(client)
    }

    /// Drops the library's own tables, unless `schema` has them or a part of the project depends on
    /// them. A project that does not use these tables has them in no `schema.rs`, and no migration
    /// may drop them.
    ///
    /// # Errors
    ///
    /// When there is no connection.
    pub async fn keep_own_tables_of(&self, schema: Option<&Schema>) -> anyhow::Result<()> {
        let is_used = |name: &&String| schema.is_some_and(|schema| schema.table(name).is_some());
        let unused = self.own_tables.iter().filter(|name| !is_used(name));
        let unused = unused.collect::<Vec<_>>();
        if unused.is_empty() {
            return Ok(());
        }
        let client = self.client().await?;
        for name in unused {
            let drop = format!("DROP TABLE public.{}", quote_ident(name));
            // What depends on it is the project's, and so is the table then.
            drop_if_free(&client, &drop).await?;
        }
        Ok(())
    }

    /// What its migrations made.
    ///
    /// # Errors
    ///
    /// When there is no connection, and when the catalogue cannot be read.
    pub async fn catalog(&self) -> anyhow::Result<Catalog> {
        let catalog = Catalog::read(&self.client().await?, "public").await;
        catalog.context("could not read the scratch database")
    }

    /// Drops it, even if sessions are connected.
    ///
    /// # Errors
    ///
    /// When the server refuses, or does not answer.
    pub async fn drop(mut self) -> anyhow::Result<()> {
        let removed = server::remove(&self.origin, &self.name).await;
        self.is_gone = true;
        removed.with_context(|| advised(self.left_over(), &self.how_to_drop()))
    }

    fn left_over(&self) -> String {
        format!("could not drop the scratch database {}", self.database)
    }

    fn how_to_drop(&self) -> String {
        format!("{STAYS}\nDROP DATABASE {};", quote_ident(&self.name))
    }
}

/// 2BP01: `dependent_objects_still_exist`.
async fn drop_if_free(client: &Client, sql: &str) -> anyhow::Result<()> {
    match client.batch_execute(sql).await.map_err(PgError::from) {
        Err(error) if error.sqlstate() != Some("2BP01") => {
            Err(error).context("could not drop the library's tables from the scratch database")
        }
        _ => Ok(()),
    }
}

impl Drop for Scratch {
    /// A scratch database can be dropped in the middle of its work, by an error or by Ctrl-C.
    /// `drop` cannot wait for a future, so a thread with its own runtime does.
    fn drop(&mut self) {
        if self.is_gone {
            return;
        }
        let (origin, name) = (self.origin.clone(), self.name.clone());
        let remover = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(server::remove(&origin, &name))
        });
        if !matches!(remover.join(), Ok(Ok(()))) {
            let hint = advice::hint(&self.how_to_drop());
            let warning = Message::warning(self.left_over()).hints([hint]);
            self.output.problem(&warning.to_string());
        }
    }
}
