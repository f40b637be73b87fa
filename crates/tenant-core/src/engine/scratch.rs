//! Applies migrations in a database that is dropped afterwards, to see what they
//! make: for those that cannot all be in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use sql_text::ident;

use super::apply::migrate;
use super::create::create;
use super::rehearse::shape_of;
use super::send::execute;
use super::surroundings::Surroundings;
use super::transaction::{close, open};
use super::work::Work;
use crate::Error;
use crate::migration::Migrations;
use crate::name::Schema;
use crate::shape::Shape;

/// What the tenants' migrations make: the shape after as many of them as each number
/// in `wanted` says. `work` is for a schema that does not exist; its name is the
/// database's as well.
///
/// # Errors
///
/// That no database can be made, or what the migrations meet. Nothing remains unless
/// the server is lost on the way.
pub(crate) async fn try_in_database(
    work: Work<'_>,
    migrations: &Migrations,
    wanted: &BTreeSet<usize>,
) -> Result<BTreeMap<usize, Shape>, Error> {
    let name = work.schema.schema_name();
    let make = format!("CREATE DATABASE {} TEMPLATE template0", ident(name));
    execute(
        work.session,
        "making a database to try the migrations in",
        &make,
    )
    .await?;
    let tried = run_through(work, migrations, wanted).await;
    let remove = format!("DROP DATABASE {} WITH (FORCE)", ident(name));
    let removed = execute(work.session, "dropping the database again", &remove).await;
    let shapes = tried?;
    removed?;
    Ok(shapes)
}

async fn run_through(
    work: Work<'_>,
    migrations: &Migrations,
    wanted: &BTreeSet<usize>,
) -> Result<BTreeMap<usize, Shape>, Error> {
    let extensions = extensions(work).await?;
    let database = work.database.named(work.schema.schema_name());
    let sessions = database.sessions(1);
    let session = sessions.get().await?;
    for statement in extensions {
        let action = "making an extension to try the migrations with";
        execute(&session, action, &statement).await?;
    }
    let sets = wanted.iter().map(|count| migrations.tenant.first(*count));
    let sets = sets.collect::<Vec<_>>();
    let registry = work.registry.elsewhere();
    let surroundings = Surroundings::default();
    let there = |schema, migrations| Work {
        session: &session,
        schema,
        migrations,
        database: &database,
        registry: &registry,
        surroundings: &surroundings,
        ..work
    };
    let public = there(Schema::Public, &migrations.public);
    migrate(public, None).await.require_all()?;
    surroundings.forget();
    let mut shapes = BTreeMap::new();
    for (count, set) in wanted.iter().zip(&sets) {
        let there = there(work.schema, set);
        if shapes.is_empty() {
            create(there).await?;
        } else {
            migrate(there, None).await.require_all()?;
        }
        shapes.insert(*count, committed_shape(there).await?);
    }
    Ok(shapes)
}

/// The shape of a schema that is there.
async fn committed_shape(work: Work<'_>) -> Result<Shape, Error> {
    let opened = open(work, "SELECT 1").await;
    opened.map_err(|error| error.into_error(work))?;
    let shape = shape_of(work).await;
    close(work).await;
    shape
}

/// The statements that make what the other database has of extensions.
async fn extensions(work: Work<'_>) -> Result<Vec<String>, Error> {
    let sql = "SELECT pg_catalog.format('CREATE SCHEMA IF NOT EXISTS %I', n.nspname), \
                      pg_catalog.format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I', e.extname, n.nspname) \
               FROM pg_catalog.pg_extension e \
               JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
               WHERE e.extname <> 'plpgsql' ORDER BY e.oid";
    let rows = work.session.client().query_typed(sql, &[]).await;
    let rows = rows.map_err(|error| Error::database("reading the extensions", error))?;
    let texts = rows.iter().flat_map(|row| [row.try_get(0), row.try_get(1)]);
    let texts = texts.collect::<Result<_, _>>();
    texts.map_err(|error| Error::database("reading the extensions", error))
}
