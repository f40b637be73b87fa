//! Pending migrations that the registry records as applied: the history has lost entries, or
//! another tool reverted migrations.

use std::collections::{HashMap, HashSet};

use tokio_postgres::types::{ToSql, Type};

use super::handle::Tenants;
use super::reading::Reading;
use super::state::{Knowledge, Standing, State};
use crate::engine::{LostEntries, lost_entries, objects_in};
use crate::fleet::Selection;
use crate::name::Entry;
use crate::registry::List;
use crate::report::{Problem, ProblemKind};
use crate::{Error, SchemaName, TenantName, Version};

/// The versions by what the list calls the tenant, each oldest first.
type Recorded = HashMap<String, Vec<Version>>;

impl Tenants {
    /// Puts [`Error::LostEntries`] in the place of each of `states` that has lost entries, unless
    /// they are to run again.
    ///
    /// # Errors
    ///
    /// A server error.
    pub(super) async fn refuse_lost_entries(&self, states: &mut [State]) -> Result<(), Error> {
        if self.settings.lost_entries == LostEntries::Rerun {
            return Ok(());
        }
        let mut found = self.recorded_of(states).await?;
        if found.is_empty() {
            return Ok(());
        }
        // A run that commits between the two questions looks the same.
        let names = found.keys().filter_map(|key| TenantName::quoted(key).ok());
        let select = Selection::only(names);
        let again = self.states(&select, Knowledge::Certain).await?;
        let again = self.recorded_of(&again).await?;
        found.retain(|key, versions| again.get(key) == Some(versions));
        for state in states {
            let (Some(versions), Ok(standing)) = (found.remove(&state.name), &state.standing)
            else {
                continue;
            };
            state.standing = Err(lost_entries(standing.entry.schema(), versions));
        }
        Ok(())
    }

    async fn recorded_of(&self, states: &[State]) -> Result<Recorded, Error> {
        let standings = states.iter().filter_map(|it| it.standing.as_ref().ok());
        let standings = standings.cloned().collect::<Vec<_>>();
        let reading = self.reading().await?;
        self.recorded(&reading, &standings).await
    }

    /// Tells which tenants have lost entries, and takes these from what is pending.
    ///
    /// # Errors
    ///
    /// A server error.
    pub(super) async fn tell_of_recorded(
        &self,
        reading: &Reading<'_>,
        standings: &[Standing],
        problems: &mut Vec<Problem>,
    ) -> Result<(), Error> {
        let found = self.recorded(reading, standings).await?;
        let of = |problem: &Problem| found.get(problem.tenant.as_deref()?);
        for problem in problems.iter_mut() {
            let Some(recorded) = of(problem) else {
                continue;
            };
            if let ProblemKind::PendingMigrations(pending) = &mut problem.kind {
                pending.retain(|version| !recorded.contains(version));
            }
        }
        let is_empty = |kind: &ProblemKind| matches!(kind, ProblemKind::PendingMigrations(it) if it.is_empty());
        problems.retain(|problem| !is_empty(&problem.kind));
        problems.extend(found.into_iter().map(|(key, versions)| Problem {
            tenant: Some(key),
            kind: ProblemKind::RecordedOnly(versions),
        }));
        Ok(())
    }

    /// The pending migrations of `standings` that the list records as applied.
    async fn recorded(
        &self,
        reading: &Reading<'_>,
        standings: &[Standing],
    ) -> Result<Recorded, Error> {
        let is_tenant = |it: &&Standing| matches!(it.entry, Entry::Tenant(_));
        // Without a history there is another rule.
        let behind = standings.iter().filter(is_tenant);
        let behind = behind.filter(|it| !it.lacks_ledger());
        let asked = behind.flat_map(|it| it.pending.iter().map(move |version| (it, version)));
        let asked = asked.collect::<Vec<_>>();
        let mut found = self.ask_for_recorded(reading, &asked).await?;
        if found.is_empty() {
            return Ok(found);
        }
        let nothing = asked.iter().map(|(it, _)| *it);
        let nothing =
            nothing.filter(|it| it.version.is_none() && found.contains_key(it.entry.key()));
        for key in without_objects(reading, nothing).await? {
            found.remove(&key);
        }
        Ok(found)
    }

    async fn ask_for_recorded(
        &self,
        reading: &Reading<'_>,
        asked: &[(&Standing, &Version)],
    ) -> Result<Recorded, Error> {
        let question = self.registry.recorded_of_many(List::Tenants);
        let Some(question) = question.filter(|_| !asked.is_empty()) else {
            return Ok(Recorded::new());
        };
        let keys = asked.iter().map(|(it, _)| it.entry.key());
        let keys = keys.collect::<Vec<_>>();
        let schemas = asked.iter().map(|(it, _)| it.entry.schema_name().as_str());
        let schemas = schemas.collect::<Vec<_>>();
        let versions = asked.iter().map(|(_, version)| version.as_str());
        let versions = versions.collect::<Vec<_>>();
        let parameters =
            [&keys, &schemas, &versions].map(|it| (it as &(dyn ToSql + Sync), Type::TEXT_ARRAY));
        let failed =
            |error| Error::database("read the migrations that the registry records", error);
        let mut found = Recorded::new();
        for row in reading
            .query(&question, &parameters)
            .await
            .map_err(failed)?
        {
            let key: String = row.try_get(0).map_err(failed)?;
            let version: String = row.try_get(1).map_err(failed)?;
            found
                .entry(key)
                .or_default()
                .push(Version::recorded(&version));
        }
        Ok(found)
    }
}

/// Those whose schemas hold nothing, by what the list calls them: they were created again, and
/// have lost nothing.
async fn without_objects<'a>(
    reading: &Reading<'_>,
    standings: impl Iterator<Item = &'a Standing>,
) -> Result<HashSet<String>, Error> {
    let by_schema = standings.map(|it| (it.entry.schema_name(), it.entry.key()));
    let mut by_schema = by_schema.collect::<HashMap<&SchemaName, &str>>();
    if by_schema.is_empty() {
        return Ok(HashSet::new());
    }
    let failed = |error| Error::database("look for objects without a migration history", error);
    let question = objects_in(by_schema.keys().copied());
    for row in reading.query(&question, &[]).await.map_err(failed)? {
        let schema: String = row.try_get(0).map_err(failed)?;
        by_schema.retain(|name, _| name.as_str() != schema);
    }
    Ok(by_schema.into_values().map(str::to_owned).collect())
}
