//! Where each tenant stands, read for all of them at once.
//!
//! The truth is each schema's own table of applied migrations. These are read
//! with one query for hundreds of tenants, never one for each: on 900 tenants
//! with nothing to do that is the difference between minutes and milliseconds.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::Tenants;
use super::fleet::Item;
use crate::migration::{MigrationSet, versions};
use crate::sql::Schema;
use crate::{Error, PgError, TenantName, tracker};

/// How many ledgers one query reads. With more, planning the query takes most of
/// the time, and each table needs a slot in the lock table.
const LEDGERS_PER_QUERY: usize = 100;

/// Over how many connections the ledgers are read. A backend that sees a table
/// for the first time has to read about it in the catalog, which is most of the
/// work and can be shared; but each backend begins with nothing.
const READERS: usize = 3;

/// Where one tenant stands.
#[derive(Debug)]
pub(super) struct State {
    pub(super) name: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) standing: Result<Standing, Error>,
}

/// Those of `only` that are no tenants.
pub(super) fn unknown<'a>(
    states: &[State],
    only: &'a [TenantName],
) -> impl Iterator<Item = &'a TenantName> {
    only.iter().filter(|name| {
        let known = |state: &State| state.name == name.as_str();
        !states.iter().any(known)
    })
}

/// What a tenant's ledger says.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) tenant: TenantName,
    /// The newest applied version.
    pub(super) version: Option<String>,
    /// The versions that are missing, oldest first.
    pub(super) pending: Vec<String>,
    /// The applied versions that the migrations do not know, oldest first.
    pub(super) unknown: Vec<String>,
    /// All that is applied to a tenant that is behind and has a ledger. Of the
    /// others, which may be thousands, it is not kept.
    applied: Option<Vec<String>>,
}

impl Standing {
    /// The tenant as something to migrate.
    pub(super) fn item(&self) -> Item {
        Item {
            name: self.tenant.clone(),
            applied: self.applied.clone(),
        }
    }
}

/// A registered tenant, and whether it has what it should.
struct Registered {
    name: String,
    created_at: DateTime<Utc>,
    schema: bool,
    ledger: bool,
}

impl Tenants {
    /// Where the registered tenants stand, by name: those of `only`, or all when
    /// that is empty.
    ///
    /// A tenant without a schema, or whose ledger cannot be read, has the error
    /// in its `standing`; the others are read all the same.
    ///
    /// # Errors
    ///
    /// [`Error::NotSetUp`] without the tracker, or what the server says.
    pub(super) async fn states(&self, only: &[TenantName]) -> Result<Vec<State>, Error> {
        self.read_list(tracker::TABLE, only).await
    }

    /// Where every spare schema stands, by name; none where there is no list of
    /// spares.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub(super) async fn states_of_spares(&self) -> Result<Vec<State>, Error> {
        match self.read_list(tracker::SPARES, &[]).await {
            Err(Error::NotSetUp) => Ok(Vec::new()),
            read => read,
        }
    }

    async fn read_list(&self, list: &str, only: &[TenantName]) -> Result<Vec<State>, Error> {
        let mut registered = {
            let session = self.reading().await?;
            registered(session.client(), list).await?
        };
        if !only.is_empty() {
            let only = only.iter().map(TenantName::as_str).collect::<HashSet<_>>();
            registered.retain(|tenant| only.contains(tenant.name.as_str()));
        }
        let chunks = registered.chunks(LEDGERS_PER_QUERY);
        // Collected, so that the future of all this can be spawned.
        let chunks = chunks
            .map(|chunk| self.read_chunk(chunk))
            .collect::<Vec<_>>();
        let states = stream::iter(chunks).buffered(READERS);
        let states = states.try_collect::<Vec<_>>().await?;
        Ok(states.into_iter().flatten().collect())
    }

    async fn read_chunk(&self, chunk: &[Registered]) -> Result<Vec<State>, Error> {
        let readable = chunk.iter().filter(|tenant| tenant.ledger);
        let names = readable.filter_map(|tenant| tenant.name.parse().ok());
        let names = names.collect::<Vec<TenantName>>();
        let mut ledgers = Vec::new();
        if !names.is_empty() {
            let session = self.reading().await?;
            read_ledgers(session.client(), &names, &mut ledgers).await;
        }
        let mut ledgers = ledgers.into_iter().peekable();
        let migrations = &self.migrations.tenant;
        let states = chunk.iter().map(|tenant| {
            let ledger = ledgers.next_if(|(name, _)| name.as_str() == tenant.name);
            State {
                name: tenant.name.clone(),
                created_at: tenant.created_at,
                standing: standing(tenant, ledger, migrations),
            }
        });
        Ok(states.collect())
    }
}

/// The names of the spare schemas.
///
/// # Errors
///
/// What the server says.
pub(super) async fn names_of_spares(client: &Client) -> Result<Vec<String>, Error> {
    match registered(client, tracker::SPARES).await {
        Ok(spares) => Ok(spares.into_iter().map(|spare| spare.name).collect()),
        Err(Error::NotSetUp) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The versions that are applied to the public schema.
pub(super) async fn read_public(client: &Client) -> Result<Vec<String>, Error> {
    let failed = |error| Error::database("reading which migrations the public schema has", error);
    let ledger = Schema::Public.ledger();
    let exists = "SELECT pg_catalog.to_regclass($1) IS NOT NULL";
    let row = client
        .query_typed_one(exists, &[(&ledger, Type::TEXT)])
        .await
        .map_err(failed)?;
    if !row.try_get::<_, bool>(0).map_err(failed)? {
        return Ok(Vec::new());
    }
    let versions = format!("SELECT version::text FROM {ledger}");
    let rows = client.query_typed(&versions, &[]).await.map_err(failed)?;
    let versions = rows
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>();
    versions.map_err(failed)
}

async fn registered(client: &Client, list: &str) -> Result<Vec<Registered>, Error> {
    // The tracker's text is compared as a name, which the catalog's index has.
    let sql = format!(
        "SELECT t.name, t.created_at, n.oid IS NOT NULL, c.oid IS NOT NULL \
         FROM {list} t \
         LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = t.name \
         LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
              AND c.relname = '{}' AND c.relkind IN ('r', 'p') \
         ORDER BY t.name COLLATE \"C\"",
        crate::sql::LEDGER,
    );
    let rows = client.query_typed(&sql, &[]).await.map_err(tracker_error)?;
    let read = |row: &tokio_postgres::Row| {
        Ok(Registered {
            name: row.try_get(0)?,
            created_at: row.try_get(1)?,
            schema: row.try_get(2)?,
            ledger: row.try_get(3)?,
        })
    };
    let registered = rows.iter().map(read).collect::<Result<_, _>>();
    registered.map_err(tracker_error)
}

/// An error of a query on the tracker.
pub(super) fn tracker_error(error: tokio_postgres::Error) -> Error {
    let error = PgError::from(error);
    match error.sqlstate() {
        Some("42P01" | "3F000") => Error::NotSetUp,
        _ => Error::database("reading the list of tenants", error),
    }
}

type Applied = Result<Vec<String>, PgError>;

/// Reads the ledgers of `tenants` into `ledgers`, in order. When the query
/// fails, because of one of them, each half is asked for by itself.
async fn read_ledgers(
    client: &Client,
    tenants: &[TenantName],
    ledgers: &mut Vec<(TenantName, Applied)>,
) {
    let error = match query_ledgers(client, tenants).await {
        Ok(applied) => {
            let applied = applied.into_iter().map(Ok);
            return ledgers.extend(tenants.iter().cloned().zip(applied));
        }
        Err(error) => error,
    };
    if let [tenant] = tenants {
        return ledgers.push((tenant.clone(), Err(error)));
    }
    let (one, other) = tenants.split_at(tenants.len() / 2);
    Box::pin(read_ledgers(client, one, ledgers)).await;
    Box::pin(read_ledgers(client, other, ledgers)).await;
}

/// The versions that each of `tenants` has, oldest first.
///
/// Of all forms in one query this is among the fastest: PostgreSQL plans a list
/// of `VALUES` more quickly than a `UNION` or a sort.
async fn query_ledgers(
    client: &Client,
    tenants: &[TenantName],
) -> Result<Vec<Vec<String>>, PgError> {
    let ledgers = tenants.iter().enumerate().map(|(number, tenant)| {
        let ledger = Schema::Tenant(tenant).ledger();
        format!("({number}, ARRAY(SELECT version FROM {ledger}))")
    });
    let sql = format!("VALUES {}", ledgers.collect::<Vec<_>>().join(", "));
    let mut rows = Vec::with_capacity(tenants.len());
    for row in client.query_typed(&sql, &[]).await? {
        let mut versions: Vec<String> = row.try_get(1)?;
        versions.sort();
        rows.push((row.try_get::<_, i32>(0)?, versions));
    }
    rows.sort_by_key(|(number, _)| *number);
    Ok(rows.into_iter().map(|(_, versions)| versions).collect())
}

fn standing(
    tenant: &Registered,
    ledger: Option<(TenantName, Applied)>,
    migrations: &MigrationSet,
) -> Result<Standing, Error> {
    let name = tenant
        .name
        .parse::<TenantName>()
        .map_err(Error::InvalidRow)?;
    if !tenant.schema {
        return Err(Error::MissingSchema(name));
    }
    let applied = match ledger {
        Some((_, Ok(applied))) => applied,
        Some((_, Err(error))) => return Err(unreadable(&name, error)),
        None => Vec::new(),
    };
    let pending = versions(&migrations.pending(&applied));
    let is_behind = tenant.ledger && !pending.is_empty();
    Ok(Standing {
        tenant: name,
        unknown: migrations.unknown(&applied),
        version: applied.last().cloned(),
        applied: is_behind.then_some(applied),
        pending,
    })
}

fn unreadable(name: &TenantName, error: PgError) -> Error {
    Error::database(
        format!("reading which migrations tenant `{name}` has"),
        error,
    )
}
