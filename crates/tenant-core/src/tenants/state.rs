//! Where each tenant stands, read for all of them at once.
//!
//! The truth is each schema's own table of applied migrations. These are read
//! with one query for hundreds of tenants, never one for each: on 900 tenants
//! with nothing to do that is the difference between minutes and milliseconds.

mod listed;
mod standing;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio_postgres::types::Type;

use super::applied_texts::{AppliedTexts, not_shown_ours};
use super::handle::Tenants;
use super::ledgers::{Unreached, read_ledgers};
use super::reading::{LedgerRead, Reading};
use crate::fleet::Selection;
use crate::migration::{Migration, MigrationSet, versions};
use crate::name::{Entry, Schema};
use crate::registry::{List, Registry};
use crate::{Error, PgError, SchemaName, Suspension, TenantName, TenantState, Version};

use listed::{Listed, Registered, listed, registered};

pub(super) use listed::registry_error;
pub(super) use standing::Standing;

/// How many ledgers one query reads. With more, planning the query takes most of
/// the time, and each table needs a slot in the lock table.
pub(super) const LEDGERS_PER_QUERY: usize = 100;

/// Over how many connections the ledgers are read. A backend that sees a table
/// for the first time has to read about it in the catalog, which is most of the
/// work and can be shared; but each backend begins with nothing.
const READERS: usize = 3;

/// Where one tenant stands.
#[derive(Debug)]
pub(super) struct State {
    /// What its list calls it.
    pub(super) name: String,
    /// `None` where the list does not say.
    pub(super) created_at: Option<DateTime<Utc>>,
    /// The same.
    pub(super) state: Option<TenantState>,
    /// Why it is suspended, if it is by a call of this library.
    pub(super) suspension: Option<Suspension>,
    pub(super) standing: Result<Standing, Error>,
}

impl State {
    /// Whether the server was asked and gave no answer about it.
    pub(super) fn is_unread(&self) -> bool {
        matches!(&self.standing, Err(Error::Database { .. }))
    }
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

/// How well it is to be known where tenants stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Knowledge {
    /// From every ledger.
    Certain,
    /// From the ledgers of those that may be up to date. Where the registry says
    /// that a tenant is behind, what it has is guessed: it is going to be
    /// migrated, and the guess is checked in that transaction. That spares
    /// reading thousands of ledgers twice.
    ToBeChecked,
}

impl Tenants {
    /// Where the selected tenants stand, by name.
    ///
    /// A tenant without a schema, or whose ledger cannot be read, has the error
    /// in its `standing`; the others are read all the same.
    ///
    /// # Errors
    ///
    /// [`Error::NotSetUp`] without the registry, or a server error.
    pub(super) async fn states(
        &self,
        select: &Selection,
        knowledge: Knowledge,
    ) -> Result<Vec<State>, Error> {
        match self.read_list(List::Tenants, select, knowledge).await {
            Err(error) => Err(self.told_apart(error).await),
            read => read,
        }
    }

    /// Where every spare schema stands, by name; none where there is no list of
    /// spares.
    ///
    /// # Errors
    ///
    /// A server error.
    pub(super) async fn states_of_spares(&self) -> Result<Vec<State>, Error> {
        match self
            .read_list(List::Spares, &Selection::All, Knowledge::Certain)
            .await
        {
            Err(Error::NotSetUp { .. }) => Ok(Vec::new()),
            read => read,
        }
    }

    /// Those that cannot be read are asked for twice: between two queries a tenant
    /// may have been dropped, which is nothing that is wrong with it. Not those on a
    /// server that is not reached: it would be waited for again.
    async fn read_list(
        &self,
        list: List,
        select: &Selection,
        knowledge: Knowledge,
    ) -> Result<Vec<State>, Error> {
        let is_wanted = |key: &str| select.contains(key);
        let mut states = self.read_once(list, &is_wanted, knowledge).await?;
        let broken = states.iter().filter(|state| is_broken(state));
        let broken = broken.map(|state| state.name.clone());
        let broken = broken.collect::<HashSet<_>>();
        if !broken.is_empty() {
            states.retain(|state| !is_broken(state));
            let is_wanted = |key: &str| broken.contains(key);
            states.extend(self.read_once(list, &is_wanted, Knowledge::Certain).await?);
            states.sort_by(|one, other| one.name.cmp(&other.name));
        }
        Ok(states)
    }

    async fn read_once(
        &self,
        list: List,
        is_wanted: &(dyn Fn(&str) -> bool + Sync),
        knowledge: Knowledge,
    ) -> Result<Vec<State>, Error> {
        let reading = self.reading().await?;
        let mut listed = listed(&reading, &self.registry, list).await?;
        listed.retain(|tenant| is_wanted(&tenant.name));
        if !listed.is_empty() {
            self.read_texts(&reading, list, &mut listed).await?;
        }
        let mut states = Vec::new();
        let mut to_read = Vec::new();
        for tenant in listed {
            match self
                .guessed(&tenant)
                .filter(|_| knowledge == Knowledge::ToBeChecked)
            {
                Some(guessed) => states.push(guessed),
                None => to_read.push(tenant),
            }
        }
        let registered = registered(&reading, &self.registry, to_read).await?;
        drop(reading);
        let unreached = Unreached::default();
        // Collected, so that the future of all this can be spawned.
        let chunks = in_chunks(registered)
            .map(|chunk| self.read_chunk(chunk, &unreached))
            .collect::<Vec<_>>();
        let read = stream::iter(chunks).buffered(READERS);
        let read = read.try_collect::<Vec<_>>().await?;
        states.extend(read.into_iter().flatten());
        states.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(states)
    }

    /// Adds to each what its texts show.
    async fn read_texts(
        &self,
        reading: &Reading<'_>,
        list: List,
        listed: &mut [Listed],
    ) -> Result<(), Error> {
        let migrations = &self.migrations.tenant;
        let shown = not_shown_ours(reading, &self.registry, list, migrations).await?;
        if let Some(mut shown) = shown {
            for tenant in listed {
                let texts = shown.remove(&tenant.name);
                tenant.texts = texts.unwrap_or(AppliedTexts::Ours);
            }
        }
        Ok(())
    }

    /// Where the tenant most likely stands, if the registry says that it is behind
    /// at a version that the migrations have.
    fn guessed(&self, tenant: &Listed) -> Option<State> {
        if tenant.may_have_two_schemas() {
            return None;
        }
        let version = tenant.version.as_deref()?;
        let entry = tenant.entry.as_ref().ok()?.clone();
        let known = self.migrations.tenant.iter().map(Migration::version);
        let (applied, pending): (Vec<_>, Vec<_>) = known.partition(|one| one.as_str() <= version);
        if pending.is_empty() || applied.last().is_none_or(|last| **last != *version) {
            return None;
        }
        Some(State {
            name: tenant.name.clone(),
            created_at: tenant.created_at,
            state: tenant.state.clone(),
            suspension: tenant.suspension.clone(),
            standing: Ok(Standing {
                entry,
                version: Some(Version::recorded(version)),
                pending: pending.into_iter().cloned().collect(),
                unknown: Vec::new(),
                texts: tenant.texts.clone(),
                applied: Some(applied.into_iter().map(ToString::to_string).collect()),
            }),
        })
    }

    async fn read_chunk(
        &self,
        chunk: Vec<Registered>,
        unreached: &Unreached,
    ) -> Result<Vec<State>, Error> {
        let readable = chunk.iter().filter(|tenant| tenant.ledger);
        let names = readable.filter_map(|tenant| Some(tenant.entry.as_ref().ok()?.schema_name()));
        let names = names.cloned().collect::<Vec<_>>();
        let mut ledgers = Vec::new();
        if !names.is_empty() {
            let reading = self.reading().await?;
            read_ledgers(&reading, &names, unreached, &mut ledgers).await;
        }
        let mut ledgers = ledgers.into_iter().peekable();
        let (registry, migrations) = (&self.registry, &self.migrations.tenant);
        let states = chunk.into_iter().map(|tenant| {
            let is_its = |schema: &SchemaName| {
                let entry = tenant.entry.as_ref();
                entry.is_ok_and(|entry| entry.schema_name() == schema)
            };
            let ledger = ledgers.next_if(|(schema, _)| is_its(schema));
            State {
                name: tenant.name.clone(),
                created_at: tenant.created_at,
                state: tenant.state.clone(),
                suspension: tenant.suspension.clone(),
                standing: standing(registry, tenant, ledger.map(|(_, read)| read), migrations),
            }
        });
        Ok(states.collect())
    }
}

/// As many at a time as one query reads.
fn in_chunks(registered: Vec<Registered>) -> impl Iterator<Item = Vec<Registered>> {
    let mut registered = registered.into_iter().peekable();
    std::iter::from_fn(move || {
        registered.peek()?;
        Some(registered.by_ref().take(LEDGERS_PER_QUERY).collect())
    })
}

/// The names of the spare schemas.
///
/// # Errors
///
/// A server error.
pub(super) async fn names_of_spares(
    reading: &Reading<'_>,
    registry: &Registry,
) -> Result<Vec<String>, Error> {
    match listed(reading, registry, List::Spares).await {
        Ok(spares) => Ok(spares.into_iter().map(|spare| spare.name).collect()),
        Err(Error::NotSetUp { .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The names of all tenants that the list has.
///
/// # Errors
///
/// [`Error::NotSetUp`] without the registry, or what the server says.
pub(super) async fn names_of_tenants(
    reading: &Reading<'_>,
    registry: &Registry,
) -> Result<Vec<String>, Error> {
    let tenants = listed(reading, registry, List::Tenants).await?;
    Ok(tenants.into_iter().map(|tenant| tenant.name).collect())
}

/// The versions that are applied to the public schema.
pub(super) async fn read_public(reading: &Reading<'_>) -> Result<Vec<String>, Error> {
    let failed = |error| Error::database("read the migration history of the public schema", error);
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

fn standing(
    registry: &Registry,
    tenant: Registered,
    ledger: Option<LedgerRead>,
    migrations: &MigrationSet,
) -> Result<Standing, Error> {
    let entry = tenant.entry?;
    if !tenant.schema {
        return Err(match entry {
            Entry::Tenant(target) => registry.without_schema(target.name),
            Entry::Spare(name) => Error::MissingSpare(name),
        });
    }
    let applied = match ledger {
        Some(Ok(applied)) => applied,
        Some(Err(error)) => return Err(unreadable(&entry, error)),
        None => Vec::new(),
    };
    let pending = versions(&migrations.pending(&applied));
    let is_behind = tenant.ledger && !pending.is_empty();
    Ok(Standing {
        entry,
        unknown: migrations.unknown(&applied),
        version: applied.last().map(Version::recorded),
        texts: tenant.texts,
        applied: is_behind.then_some(applied),
        pending,
    })
}

/// Whether it cannot be read, and may be a moment later. A name that is none is no
/// question of the moment, and a server that is not reached would be waited for.
fn is_broken(state: &State) -> bool {
    let error = state.standing.as_ref().err();
    let is_lasting = |error: &Error| {
        let is_invalid = matches!(
            error,
            Error::InvalidRow { .. } | Error::InvalidSpareRow { .. } | Error::UnfitRow(_)
        );
        is_invalid || is_unreached(error)
    };
    error.is_some_and(|error| !is_lasting(error))
}

fn is_unreached(error: &Error) -> bool {
    error.postgres().is_some_and(PgError::is_of_another_server)
}

fn unreadable(entry: &Entry, error: PgError) -> Error {
    Error::database(
        format!("read the migration history of {}", entry.schema()),
        error,
    )
}
