//! The rows of a list, and which of their schemas there are.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use crate::name::{Entry, MIGRATION_HISTORY};
use crate::registry::{List, Registry};
use crate::tenants::applied_texts::AppliedTexts;
use crate::tenants::reading::Reading;
use crate::{Error, InvalidName, NameRule, PgError, Suspension, TenantState};

/// A row of a list.
pub(super) struct Listed {
    pub(super) name: String,
    /// What it is about.
    pub(super) entry: Result<Entry, Error>,
    pub(super) created_at: Option<DateTime<Utc>>,
    pub(super) version: Option<String>,
    pub(super) state: Option<TenantState>,
    pub(super) suspension: Option<Suspension>,
    /// The schema that is kept beside the list.
    kept_schema: Option<String>,
    pub(super) texts: AppliedTexts,
}

/// What a list has, and whether it has what it should.
pub(super) struct Registered {
    pub(super) name: String,
    pub(super) entry: Result<Entry, Error>,
    pub(super) created_at: Option<DateTime<Utc>>,
    pub(super) state: Option<TenantState>,
    pub(super) suspension: Option<Suspension>,
    pub(super) texts: AppliedTexts,
    pub(super) schema: bool,
    pub(super) ledger: bool,
}

impl Listed {
    /// The name of the schema that it is about, if it can be about one.
    fn schema(&self) -> Option<&str> {
        let entry = self.entry.as_ref().ok()?;
        Some(entry.schema_name().as_str())
    }

    /// The schema that is kept beside the list, if it is not the one that the list names.
    fn other_schema(&self) -> Option<&str> {
        let (schema, kept) = (self.schema()?, self.kept_schema.as_deref()?);
        (schema != kept).then_some(kept)
    }

    /// Whether it has to be found out whether two schemas can be its own.
    pub(super) fn may_have_two_schemas(&self) -> bool {
        self.other_schema().is_some()
    }

    /// Takes it for no tenant if the schema that is kept of it is among those that exist:
    /// only people know which one has its rows.
    fn refuse_two_schemas(&mut self, registry: &Registry, existing: &HashMap<String, bool>) {
        let other = self.other_schema();
        let Some(kept) = other.filter(|kept| existing.contains_key(*kept)) else {
            return;
        };
        let Ok(entry) = &self.entry else { return };
        let rule = NameRule::TwoSchemas {
            listed: entry.schema_name().clone(),
            kept: kept.to_owned(),
        };
        self.entry = Err(Error::InvalidRow {
            list: registry.words_for_list(),
            source: InvalidName::of(&self.name, rule),
        });
    }
}

/// The rows of a list.
pub(super) async fn listed(
    reading: &Reading<'_>,
    registry: &Registry,
    list: List,
) -> Result<Vec<Listed>, Error> {
    let failed = |error| registry_error(registry, error);
    let rows = reading.query(&registry.all(list), &[]).await;
    let rows = rows.map_err(failed)?;
    let read = |row: &Row| {
        let name = row.try_get::<_, String>(0)?;
        // A plain list says no more than these.
        let more = |column| match row.len() {
            0..=3 => Ok(None),
            _ => row.try_get::<_, Option<String>>(column),
        };
        let (schema, state) = (more(3)?, more(4)?);
        let suspension = more(6)?.and_then(|text| Suspension::read(&text));
        let holds = |it: &Suspension| row.try_get(7).is_ok_and(|now| it.holds_at(now));
        let suspension = suspension.filter(holds);
        let state = state.map(|word| registry.state_of(&word));
        Ok(Listed {
            entry: registry.entry(list, &name, schema.as_deref()),
            name,
            created_at: row.try_get(1)?,
            version: row.try_get(2)?,
            state: suspension
                .is_some()
                .then_some(TenantState::Suspended)
                .or(state),
            suspension,
            kept_schema: more(5)?,
            texts: AppliedTexts::default(),
        })
    };
    let listed = rows.iter().map(read).collect::<Result<Vec<_>, _>>();
    let mut listed = listed.map_err(failed)?;
    if list == List::Tenants && !registry.has_each_once() {
        refuse_shared(registry, &mut listed);
    }
    Ok(listed)
}

/// Takes those for no tenants that share their name or their schema with another: what is done
/// to one would be done to the other.
fn refuse_shared(registry: &Registry, listed: &mut [Listed]) {
    let (mut names, mut schemas) = (HashMap::new(), HashMap::new());
    for one in &*listed {
        *names.entry(one.name.clone()).or_insert(0) += 1;
        if let Ok(entry) = &one.entry {
            *schemas.entry(entry.schema_name().clone()).or_insert(0) += 1;
        }
    }
    for one in listed {
        let Ok(entry) = &one.entry else { continue };
        let schema = entry.schema_name();
        let rule = if names.get(&one.name) > Some(&1) {
            NameRule::Twice
        } else if schemas.get(schema) > Some(&1) {
            NameRule::Shared(schema.clone())
        } else {
            continue;
        };
        one.entry = Err(Error::InvalidRow {
            list: registry.words_for_list(),
            source: InvalidName::of(&one.name, rule),
        });
    }
}

/// Which of `listed` have a schema, and which of those a ledger.
pub(super) async fn registered(
    reading: &Reading<'_>,
    registry: &Registry,
    listed: Vec<Listed>,
) -> Result<Vec<Registered>, Error> {
    if listed.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT n.nspname::text, c.oid IS NOT NULL \
               FROM pg_catalog.pg_namespace n \
               LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid \
                    AND c.relname = $2 AND c.relkind IN ('r', 'p') \
               WHERE n.nspname = ANY ($1)";
    let failed = |error| registry_error(registry, error);
    let names = listed
        .iter()
        .flat_map(|it| [it.schema(), it.other_schema()]);
    let names = names.flatten().collect::<Vec<_>>();
    let parameters: [(&(dyn ToSql + Sync), Type); 2] =
        [(&names, Type::NAME_ARRAY), (&MIGRATION_HISTORY, Type::NAME)];
    let rows = reading.query(sql, &parameters).await;
    let rows = rows.map_err(failed)?;
    let found = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    let found = found.collect::<Result<HashMap<String, bool>, tokio_postgres::Error>>();
    let found = found.map_err(failed)?;
    let registered = listed.into_iter().map(|mut tenant| {
        tenant.refuse_two_schemas(registry, &found);
        let ledger = tenant.schema().and_then(|name| found.get(name)).copied();
        Registered {
            schema: ledger.is_some(),
            ledger: ledger.unwrap_or_default(),
            name: tenant.name,
            entry: tenant.entry,
            created_at: tenant.created_at,
            state: tenant.state,
            suspension: tenant.suspension,
            texts: tenant.texts,
        }
    });
    Ok(registered.collect())
}

/// An error of a query on the registry.
pub(in crate::tenants) fn registry_error(
    registry: &Registry,
    error: tokio_postgres::Error,
) -> Error {
    let error = PgError::from(error);
    match error.sqlstate() {
        Some("42P01" | "3F000") if registry.is_ours(&error) => registry.not_set_up(),
        _ => Error::database("read the list of tenants", error),
    }
}
