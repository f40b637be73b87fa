//! Where each tenant stands, read for all of them at once.
//!
//! The truth is each schema's own table of applied migrations. These are read
//! with one query for hundreds of tenants, never one for each: on 900 tenants
//! with nothing to do that is the difference between minutes and milliseconds.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::handle::Tenants;
use super::ledgers::{Unreached, read_ledgers};
use super::reading::{LedgerRead, Reading};
use crate::fleet::{Item, Selection};
use crate::migration::{Migration, MigrationSet, versions};
use crate::name::Schema;
use crate::{Error, PgError, TenantName, Version, registry};

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

/// The selected names that are no tenants.
pub(super) fn unknown<'a>(
    states: &[State],
    select: &'a Selection,
) -> impl Iterator<Item = &'a TenantName> {
    select.names().filter(|name| {
        let known = |state: &State| state.name == name.as_str();
        !states.iter().any(known)
    })
}

/// What a tenant's ledger says.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) tenant: TenantName,
    /// The newest applied version.
    pub(super) version: Option<Version>,
    /// The versions that are missing, oldest first.
    pub(super) pending: Vec<Version>,
    /// The applied versions that the migrations do not know, oldest first.
    pub(super) unknown: Vec<Version>,
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

    /// All versions that are applied: those that `migrations`, which the rest is held
    /// against, have and that are not missing, and those that they do not know.
    pub(super) fn all_applied<'a>(
        &'a self,
        migrations: &'a MigrationSet,
    ) -> impl Iterator<Item = &'a Version> {
        let known = migrations.iter().map(Migration::version);
        let known = known.filter(|version| !self.pending.contains(version));
        known.chain(&self.unknown)
    }
}

/// How well it is to be known where tenants stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Knowledge {
    /// From every ledger.
    Certain,
    /// From the ledgers of those that may be up to date. Where the tracker says
    /// that a tenant is behind, what it has is guessed: it is going to be
    /// migrated, and the guess is checked in that transaction. That spares
    /// reading thousands of ledgers twice.
    ToBeChecked,
}

/// A row of the list.
struct Listed {
    name: String,
    created_at: DateTime<Utc>,
    version: Option<String>,
}

/// A registered tenant, and whether it has what it should.
struct Registered {
    name: String,
    created_at: DateTime<Utc>,
    schema: bool,
    ledger: bool,
}

impl Tenants {
    /// Where the selected tenants stand, by name.
    ///
    /// A tenant without a schema, or whose ledger cannot be read, has the error
    /// in its `standing`; the others are read all the same.
    ///
    /// # Errors
    ///
    /// [`Error::NotSetUp`] without the tracker, or what the server says.
    pub(super) async fn states(
        &self,
        select: &Selection,
        knowledge: Knowledge,
    ) -> Result<Vec<State>, Error> {
        self.read_list(registry::TABLE, select, knowledge).await
    }

    /// Where every spare schema stands, by name; none where there is no list of
    /// spares.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub(super) async fn states_of_spares(&self) -> Result<Vec<State>, Error> {
        match self
            .read_list(registry::SPARES, &Selection::All, Knowledge::Certain)
            .await
        {
            Err(Error::NotSetUp) => Ok(Vec::new()),
            read => read,
        }
    }

    /// Those that cannot be read are asked for twice: between two queries a tenant
    /// may have been dropped, which is nothing that is wrong with it. Not those on a
    /// server that is not reached: it would be waited for again.
    async fn read_list(
        &self,
        list: &str,
        select: &Selection,
        knowledge: Knowledge,
    ) -> Result<Vec<State>, Error> {
        let mut states = self.read_once(list, select, knowledge).await?;
        let is_broken = |state: &State| {
            let error = state.standing.as_ref().err();
            error.is_some_and(|error| !is_unreached(error))
        };
        let broken = states.iter().filter(|state| is_broken(state));
        // A name that is none is no question of the moment.
        let broken = broken.filter_map(|state| state.name.parse::<TenantName>().ok());
        let broken = Selection::only(broken);
        if !broken.is_nobody() {
            states.retain(|state| !is_broken(state) || state.name.parse::<TenantName>().is_err());
            states.extend(self.read_once(list, &broken, Knowledge::Certain).await?);
            states.sort_by(|one, other| one.name.cmp(&other.name));
        }
        Ok(states)
    }

    async fn read_once(
        &self,
        list: &str,
        select: &Selection,
        knowledge: Knowledge,
    ) -> Result<Vec<State>, Error> {
        let reading = self.reading().await?;
        let listed = listed(&reading, list).await?;
        let wanted = listed
            .into_iter()
            .filter(|tenant| select.contains(&tenant.name));
        let mut states = Vec::new();
        let mut to_read = Vec::new();
        for tenant in wanted {
            match self
                .guessed(&tenant)
                .filter(|_| knowledge == Knowledge::ToBeChecked)
            {
                Some(guessed) => states.push(guessed),
                None => to_read.push(tenant),
            }
        }
        let registered = registered(&reading, to_read).await?;
        drop(reading);
        let chunks = registered.chunks(LEDGERS_PER_QUERY);
        // Collected, so that the future of all this can be spawned.
        let unreached = Unreached::default();
        let chunks = chunks
            .map(|chunk| self.read_chunk(chunk, &unreached))
            .collect::<Vec<_>>();
        let read = stream::iter(chunks).buffered(READERS);
        let read = read.try_collect::<Vec<_>>().await?;
        states.extend(read.into_iter().flatten());
        states.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(states)
    }

    /// Where the tenant most likely stands, if the tracker says that it is behind
    /// at a version that the migrations have.
    fn guessed(&self, tenant: &Listed) -> Option<State> {
        let version = tenant.version.as_deref()?;
        let name = tenant.name.parse().ok()?;
        let known = self.migrations.tenant.iter().map(Migration::version);
        let (applied, pending): (Vec<_>, Vec<_>) = known.partition(|one| one.as_str() <= version);
        if pending.is_empty() || applied.last().is_none_or(|last| **last != *version) {
            return None;
        }
        Some(State {
            name: tenant.name.clone(),
            created_at: tenant.created_at,
            standing: Ok(Standing {
                tenant: name,
                version: Some(Version::recorded(version)),
                pending: pending.into_iter().cloned().collect(),
                unknown: Vec::new(),
                applied: Some(applied.into_iter().map(ToString::to_string).collect()),
            }),
        })
    }

    async fn read_chunk(
        &self,
        chunk: &[Registered],
        unreached: &Unreached,
    ) -> Result<Vec<State>, Error> {
        let readable = chunk.iter().filter(|tenant| tenant.ledger);
        let names = readable.filter_map(|tenant| tenant.name.parse().ok());
        let names = names.collect::<Vec<TenantName>>();
        let mut ledgers = Vec::new();
        if !names.is_empty() {
            let reading = self.reading().await?;
            read_ledgers(&reading, &names, unreached, &mut ledgers).await;
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
pub(super) async fn names_of_spares(reading: &Reading<'_>) -> Result<Vec<String>, Error> {
    match listed(reading, registry::SPARES).await {
        Ok(spares) => Ok(spares.into_iter().map(|spare| spare.name).collect()),
        Err(Error::NotSetUp) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The versions that are applied to the public schema.
pub(super) async fn read_public(reading: &Reading<'_>) -> Result<Vec<String>, Error> {
    let failed = |error| Error::database("reading which migrations the public schema has", error);
    let ledger = Schema::Public.ledger();
    let exists = "SELECT pg_catalog.to_regclass($1) IS NOT NULL";
    let rows = reading.query(exists, &[(&ledger, Type::TEXT)]).await;
    let rows = rows.map_err(failed)?;
    let exists = rows.first().map_or(Ok(false), |row| row.try_get(0));
    if !exists.map_err(failed)? {
        return Ok(Vec::new());
    }
    let versions = format!("SELECT version::text FROM {ledger}");
    let rows = reading.query(&versions, &[]).await.map_err(failed)?;
    let versions = rows
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>();
    versions.map_err(failed)
}

/// The rows of a list.
async fn listed(reading: &Reading<'_>, list: &str) -> Result<Vec<Listed>, Error> {
    let sql = format!("SELECT name, created_at, version FROM {list}");
    let rows = reading.query(&sql, &[]).await.map_err(tracker_error)?;
    let read = |row: &Row| {
        Ok(Listed {
            name: row.try_get(0)?,
            created_at: row.try_get(1)?,
            version: row.try_get(2)?,
        })
    };
    let listed = rows.iter().map(read).collect::<Result<_, _>>();
    listed.map_err(tracker_error)
}

/// Which of `listed` have a schema, and which of those a ledger.
async fn registered(reading: &Reading<'_>, listed: Vec<Listed>) -> Result<Vec<Registered>, Error> {
    if listed.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT n.nspname::text, c.oid IS NOT NULL \
               FROM pg_catalog.pg_namespace n \
               LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
                    AND c.relname = $2 AND c.relkind IN ('r', 'p') \
               WHERE n.nspname = ANY ($1)";
    // What is longer than a name can be would make the server refuse the query.
    let names = listed.iter().map(|tenant| tenant.name.as_str());
    let names = names.filter(|name| name.len() < 64).collect::<Vec<_>>();
    let parameters: [(&(dyn ToSql + Sync), Type); 2] = [
        (&names, Type::NAME_ARRAY),
        (&crate::name::LEDGER, Type::NAME),
    ];
    let rows = reading.query(sql, &parameters).await;
    let rows = rows.map_err(tracker_error)?;
    let found = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    let found = found.collect::<Result<HashMap<String, bool>, tokio_postgres::Error>>();
    let found = found.map_err(tracker_error)?;
    let registered = listed.into_iter().map(|tenant| {
        let ledger = found.get(&tenant.name).copied();
        Registered {
            schema: ledger.is_some(),
            ledger: ledger.unwrap_or_default(),
            name: tenant.name,
            created_at: tenant.created_at,
        }
    });
    Ok(registered.collect())
}

/// An error of a query on the tracker.
pub(super) fn tracker_error(error: tokio_postgres::Error) -> Error {
    let error = PgError::from(error);
    match error.sqlstate() {
        Some("42P01" | "3F000") => Error::NotSetUp,
        _ => Error::database("reading the list of tenants", error),
    }
}

fn standing(
    tenant: &Registered,
    ledger: Option<(TenantName, LedgerRead)>,
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
        version: applied.last().map(Version::recorded),
        applied: is_behind.then_some(applied),
        pending,
    })
}

fn is_unreached(error: &Error) -> bool {
    error.postgres().is_some_and(PgError::is_of_another_server)
}

fn unreadable(name: &TenantName, error: PgError) -> Error {
    Error::database(
        format!("reading which migrations tenant `{name}` has"),
        error,
    )
}
