//! Where each tenant stands, read for all of them at once.
//!
//! The truth is each schema's own table of applied migrations. These are read
//! with one query for hundreds of tenants, never one for each: on 900 tenants
//! with nothing to do that is the difference between minutes and milliseconds.

use chrono::{DateTime, Utc};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::migration::{MigrationSet, versions};
use crate::sql::Schema;
use crate::{Error, PgError, TenantName, tracker};

/// How many ledgers one query reads. With thousands, planning the query would
/// take most of the time, and each table needs a slot in the lock table.
const LEDGERS_PER_QUERY: usize = 200;

/// Where one tenant stands.
#[derive(Debug)]
pub(super) struct State {
    pub(super) name: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) standing: Result<Standing, Error>,
}

impl State {
    /// Whether this tenant is one of `only`; all are when that is empty.
    pub(super) fn is_among(&self, only: &[TenantName]) -> bool {
        only.is_empty() || only.iter().any(|name| name.as_str() == self.name)
    }
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
}

/// A registered tenant, and whether it has what it should.
struct Registered {
    name: String,
    created_at: DateTime<Utc>,
    schema: bool,
    ledger: bool,
}

/// Where every registered tenant stands, by name.
///
/// A tenant without a schema, or whose ledger cannot be read, has the error in
/// its `standing`; the others are read all the same.
///
/// # Errors
///
/// [`Error::NotSetUp`] without the tracker, or what the server says.
pub(super) async fn read(client: &Client, migrations: &MigrationSet) -> Result<Vec<State>, Error> {
    read_list(client, tracker::TABLE, migrations).await
}

/// Where every spare schema stands, by name; none where there is no list of
/// spares.
///
/// # Errors
///
/// What the server says.
pub(super) async fn read_spares(
    client: &Client,
    migrations: &MigrationSet,
) -> Result<Vec<State>, Error> {
    match read_list(client, tracker::SPARES, migrations).await {
        Err(Error::NotSetUp) => Ok(Vec::new()),
        read => read,
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

async fn read_list(
    client: &Client,
    list: &str,
    migrations: &MigrationSet,
) -> Result<Vec<State>, Error> {
    let registered = registered(client, list).await?;
    let mut states = Vec::with_capacity(registered.len());
    for chunk in registered.chunks(LEDGERS_PER_QUERY) {
        let readable = chunk.iter().filter(|tenant| tenant.ledger);
        let names = readable.filter_map(|tenant| tenant.name.parse().ok());
        let mut ledgers = Vec::new();
        read_ledgers(client, &names.collect::<Vec<_>>(), &mut ledgers).await;
        let mut ledgers = ledgers.into_iter().peekable();
        for tenant in chunk {
            let ledger = ledgers.next_if(|(name, _)| name.as_str() == tenant.name);
            states.push(State {
                name: tenant.name.clone(),
                created_at: tenant.created_at,
                standing: standing(tenant, ledger, migrations),
            });
        }
    }
    Ok(states)
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

async fn query_ledgers(
    client: &Client,
    tenants: &[TenantName],
) -> Result<Vec<Vec<String>>, PgError> {
    if tenants.is_empty() {
        return Ok(Vec::new());
    }
    let selects = tenants.iter().enumerate().map(|(number, tenant)| {
        let ledger = Schema::Tenant(tenant).ledger();
        format!("SELECT {number}, ARRAY(SELECT version::text FROM {ledger} ORDER BY version)")
    });
    let sql = selects.collect::<Vec<_>>().join(" UNION ALL ") + " ORDER BY 1";
    let rows = client.query_typed(&sql, &[]).await?;
    rows.iter().map(|row| Ok(row.try_get(1)?)).collect()
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
    Ok(Standing {
        tenant: name,
        pending: versions(&migrations.pending(&applied)),
        unknown: migrations.unknown(&applied),
        version: applied.into_iter().next_back(),
    })
}

fn unreadable(name: &TenantName, error: PgError) -> Error {
    Error::database(
        format!("reading which migrations tenant `{name}` has"),
        error,
    )
}
