//! Lists the tenants.

use chrono::{DateTime, Utc};

use super::TenantPlace;
use super::handle::Tenants;
use super::state::{Knowledge, State};
use crate::events::Call;
use crate::fleet::Selection;
use crate::migration::MigrationSet;
use crate::{Answer, Error, SchemaName, Suspension, TenantState, Version};

/// A tenant and its version.
#[derive(Debug)]
#[non_exhaustive]
pub struct Tenant {
    /// The name of the tenant.
    pub name: String,
    /// Its schema, even if it does not exist; `None` if the row is not a valid tenant.
    pub schema: Option<SchemaName>,
    /// When it was registered; `None` if the list of tenants has no time.
    pub created_at: Option<DateTime<Utc>>,
    /// Its state; `None` if it is not suspended and the list has no state: see
    /// [`Registry::state_column`](crate::Registry::state_column).
    pub state: Option<TenantState>,
    /// Why it is suspended, if [`Tenants::suspend`] suspended it.
    pub suspension: Option<Suspension>,
    /// The newest applied migration; `None` if there is none, or if it is unknown.
    pub version: Option<Version>,
    /// How many migrations are pending; `None` if this is unknown.
    pub pending: Option<usize>,
    /// How many applied migrations this program does not have; `None` if this is unknown.
    pub unknown: Option<usize>,
    /// Whether another program has migrated it. Two programs can have the same versions.
    pub is_of_other_program: bool,
    /// Its place, if it is on a node of a cluster.
    pub place: Option<TenantPlace>,
    /// Why the version and the counts are unknown, if they are.
    pub error: Option<Error>,
}

impl Tenants {
    /// Lists all tenants, by name.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::NotSetUp`], or a server error. An error of one tenant is in its
    /// row.
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
        suspension: state.suspension,
        pending: known.map(|it| it.pending.len()),
        unknown: known.map(|it| it.unknown.len()),
        is_of_other_program: known.is_some_and(|it| it.is_of_other_program(ours)),
        version: standing.and_then(|it| it.version),
        place,
        error,
    }
}
