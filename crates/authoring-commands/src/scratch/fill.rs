//! Fills a scratch database by applying the migrations on the disk.

use std::collections::HashSet;

use anyhow::{Context as _, anyhow};
use command_line::hints::Advised;
use command_line::migrations::folder_of;
use command_line::settings::read_folders;
use command_line::{Context, migrations};
use tenant_core::{
    Database, Error, MigrationSet, Migrations, PgError, Settings, TenantName, Tenants,
};
use tokio_postgres::Client;

use super::extensions::{self, Copied};
use crate::{Project, Stream};

/// The tenant whose schema becomes `public`.
const TENANT: &str = "scratch_tenant";

/// Puts the tenant's schema in the place of `public`, as the programs expect
/// that know no search path: the Diesel CLI looks there and nowhere else.
const SWAP: &str = "BEGIN; ALTER SCHEMA public RENAME TO diesel_tenants_public_aside; \
                    ALTER SCHEMA scratch_tenant RENAME TO public; COMMIT";

/// What is applied to a scratch database.
pub(super) struct Contents {
    migrations: Migrations,
    /// Whether the project has copies of the migrations that make the library's tables.
    has_copies: bool,
}

/// The migrations on the disk that `stream` needs: a tenant lives beside the
/// public schema, and may refer to it.
pub(super) fn read(
    context: &Context,
    project: &Project,
    stream: Stream,
) -> anyhow::Result<Contents> {
    let dir = context.common().migrations_dir.as_deref();
    let folder =
        |stream: Stream| folder_of(context.settings(), project.folder(), stream.name(), dir);
    let public = folder(Stream::Public)?;
    let tenant = match stream {
        Stream::Public => MigrationSet::default(),
        Stream::Tenant => read_folders(&folder(Stream::Tenant)?.paths)?,
    };
    let versions = |set: MigrationSet| {
        let versions = set.iter().map(|one| one.version().clone());
        versions.collect::<HashSet<_>>()
    };
    let own = versions(MigrationSet::registry());
    Ok(Contents {
        has_copies: !versions(migrations::public_alone(&public)?).is_disjoint(&own),
        migrations: Migrations {
            public: migrations::public(MigrationSet::registry(), &public)?,
            tenant,
        },
    })
}

/// Fills `database` for `stream`. `origin` is connected to the one beside it. Gives the
/// tables of the public stream that the library has made, and not the project.
pub(super) async fn fill(
    context: &Context,
    stream: Stream,
    contents: Contents,
    origin: &Client,
    database: &Database,
) -> anyhow::Result<Vec<String>> {
    let settings = Settings {
        extensions: context.extensions(),
        shared_objects: context.shared_objects(),
        ..Settings::default()
    };
    let client = database.pinned_driver().await?;
    let schema = settings.extensions.as_ref();
    let mut copied = extensions::copy(origin, &client, schema, context.output)
        .await
        .context("could not copy the extensions to the scratch database")?;
    let own = if stream == Stream::Public && !contents.has_copies {
        make_own(database, &settings, &client).await?
    } else {
        Vec::new()
    };
    let tenants = Tenants::open(database.clone(), contents.migrations, settings).await?;
    migrate_public(&tenants, &client, &mut copied)
        .await
        .map_err(explained)?;
    if stream == Stream::Tenant {
        tenants
            .create(&TENANT.parse::<TenantName>()?)
            .await
            .map_err(explained)?;
        drop(tenants);
        let swapped = client.batch_execute(SWAP).await;
        swapped.map_err(|error| not_swapped(PgError::from(error)))?;
    }
    require_usual_path(&client).await?;
    Ok(own)
}

/// Makes the library's tables before all others, which shows what they are.
async fn make_own(
    database: &Database,
    settings: &Settings,
    client: &Client,
) -> anyhow::Result<Vec<String>> {
    let own = Migrations {
        public: MigrationSet::registry(),
        tenant: MigrationSet::default(),
    };
    let tenants = Tenants::open(database.clone(), own, settings.clone()).await?;
    tenants.migrate_public().await?;
    // Those of Diesel begin with two underscores, and are in no `schema.rs`.
    let sql = "SELECT relname::text FROM pg_class WHERE relkind = 'r' \
               AND relnamespace = 'public'::regnamespace AND NOT starts_with(relname, '__')";
    let rows = client.query_typed(sql, &[]).await;
    let names = rows.and_then(|rows| rows.iter().map(|row| row.try_get(0)).collect());
    let names = names.map_err(PgError::from);
    names.context("could not read the scratch database")
}

/// Migrates the public schema. A migration may make an extension that was
/// copied because the database beside has it from that very migration. Then
/// the copy makes way.
async fn migrate_public(
    tenants: &Tenants,
    client: &Client,
    copied: &mut Vec<Copied>,
) -> Result<(), Error> {
    loop {
        let Err(error) = tenants.migrate_public().await else {
            return Ok(());
        };
        let in_the_way = copied.iter().position(|one| is_in_the_way(one, &error));
        let Some(in_the_way) = in_the_way else {
            return Err(error);
        };
        let copy = copied.swap_remove(in_the_way);
        if client.batch_execute(&copy.drop).await.is_err() {
            return Err(error);
        }
    }
}

/// Whether the statement that failed makes this extension.
/// 42710: `duplicate_object`.
fn is_in_the_way(copy: &Copied, error: &Error) -> bool {
    let Error::Migration(failure) = error else {
        return false;
    };
    let mut words = failure
        .statement
        .split(|letter: char| letter.is_whitespace() || letter == '"' || letter == ';');
    failure.source.sqlstate() == Some("42710")
        && words.any(|word| word.eq_ignore_ascii_case(&copy.name))
}

/// The error of a migration, with a text that makes clear that the real database is not affected.
fn explained(error: Error) -> anyhow::Error {
    match error {
        Error::Migration(_)
        | Error::Refused { .. }
        | Error::ChangedPath { .. }
        | Error::ChangedElsewhere { .. } => anyhow!(error).context(Advised::new(
            "could not apply the migrations to a scratch database",
            "Fix the migration, then run the command again. Only the scratch database was \
             changed, and it is dropped.",
        )),
        error => error.into(),
    }
}

fn not_swapped(error: PgError) -> anyhow::Error {
    anyhow!(error).context(Advised::new(
        "could not replace `public` with the tenant's schema in the scratch database",
        "Before PostgreSQL 15, only a superuser may rename `public`. Connect as a superuser, or \
         name a newer server with --scratch-url URL.",
    ))
}

/// A role or a URL can set its own search path, and then no session would find the tables.
async fn require_usual_path(client: &Client) -> anyhow::Result<()> {
    let sql = "SELECT current_schema() IS NOT DISTINCT FROM 'public'";
    let row = client.query_typed_one(sql, &[]).await;
    let is_usual = row.and_then(|row| row.try_get(0)).map_err(PgError::from);
    if is_usual.context("could not read the search path of the scratch database")? {
        return Ok(());
    }
    Err(anyhow!(Advised::new(
        "the search path of the scratch database does not begin with `public`",
        "The URL or the role sets a search path. Remove `options` from the URL, or name another \
         server with --scratch-url URL.",
    )))
}
