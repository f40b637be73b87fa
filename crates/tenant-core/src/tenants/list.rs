//! Lists the tenants.

use chrono::{DateTime, Utc};

use super::TenantPlace;
use super::handle::Tenants;
use super::state::{Knowledge, State};
use crate::events::Call;
use crate::fleet::Selection;
use crate::migration::MigrationSet;
use crate::{Answer, Error, SchemaName, TenantState, Version};

/// A tenant and where it stands.
#[derive(Debug)]
#[non_exhaustive]
pub struct Tenant {
    /// The name of the tenant.
    pub name: String,
    /// Its schema, whether it exists or not; `None` when its row is not a valid tenant.
    pub schema: Option<SchemaName>,
    /// When it was registered; `None` where the list of tenants does not say.
    pub created_at: Option<DateTime<Utc>>,
    /// What the list of tenants says of its state; `None` where it says nothing: see
    /// [`Registry::state_column`](crate::Registry::state_column).
    pub state: Option<TenantState>,
    /// The newest applied migration; `None` when there is none, or when that is not
    /// known.
    pub version: Option<Version>,
    /// How many migrations it lacks; `None` when that is not known.
    pub pending: Option<usize>,
    /// How many applied migrations this program does not have; `None` when that is not
    /// known.
    pub unknown: Option<usize>,
    /// Whether another program has migrated it. Two programs can have the same versions.
    pub is_of_other_program: bool,
    /// Where it is, when it is on a server of a cluster.
    pub place: Option<TenantPlace>,
    /// Why the version and the counts are not known, when they are not.
    pub error: Option<Error>,
}

impl Tenants {
    /// All tenants, by name.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::NotSetUp`], or what the server says. What is wrong with one
    /// tenant is in its row.
    pub fn list(&self) -> Answer<'_, Result<Vec<Tenant>, Error>> {
        Call::List.tell(self.listed())
    }

    async fn listed(&self) -> Result<Vec<Tenant>, Error> {
        let states = self.states(&Selection::All, Knowledge::Certain).await?;
        let mut places = self.find_places().await?;
        let tenants = states.into_iter().map(|state| {
            let standing = state.standing.as_ref().ok();
            let place = standing.and_then(|it| places.remove(it.entry.schema_name().as_str()));
            let name = self.registry.registered(&state.name).ok();
            let schema = name.and_then(|name| self.registry.known_schema(&name));
            tenant(state, schema, place, &self.migrations.tenant)
        });
        Ok(tenants.collect())
    }
}

fn tenant(
    state: State,
    schema: Option<SchemaName>,
    place: Option<TenantPlace>,
    ours: &MigrationSet,
) -> Tenant {
    let (standing, error) = match state.standing {
        Ok(standing) => (Some(standing), None),
        Err(error) => (None, Some(error)),
    };
    let known = standing.as_ref();
    Tenant {
        name: state.name,
        schema,
        created_at: state.created_at,
        state: state.state,
        pending: known.map(|it| it.pending.len()),
        unknown: known.map(|it| it.unknown.len()),
        is_of_other_program: known.is_some_and(|it| it.is_of_other_program(ours)),
        version: standing.and_then(|it| it.version),
        place,
        error,
    }
}
