//! Lists the tenants.

use chrono::{DateTime, Utc};

use super::TenantPlace;
use super::handle::Tenants;
use super::state::{self, Knowledge};
use crate::events::Call;
use crate::fleet::Selection;
use crate::{Answer, Error, Version};

/// A tenant and where it stands.
#[derive(Debug)]
#[non_exhaustive]
pub struct Tenant {
    /// The name of the tenant.
    pub name: String,
    /// When it was registered; `None` where the list of tenants does not say.
    pub created_at: Option<DateTime<Utc>>,
    /// The newest applied migration; `None` when there is none, or when that is not
    /// known.
    pub version: Option<Version>,
    /// How many migrations it lacks; `None` when that is not known.
    pub pending: Option<usize>,
    /// Where it is, when it is on a server of a cluster.
    pub place: Option<TenantPlace>,
    /// Why the two above are not known, when they are not.
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
            let target = self.registry.tenant(&state.name).ok();
            let place = target.and_then(|it| places.remove(it.schema.as_str()));
            tenant(state, place)
        });
        Ok(tenants.collect())
    }
}

fn tenant(state: state::State, place: Option<TenantPlace>) -> Tenant {
    let (version, pending, error) = match state.standing {
        Ok(standing) => (standing.version, Some(standing.pending.len()), None),
        Err(error) => (None, None, Some(error)),
    };
    Tenant {
        name: state.name,
        created_at: state.created_at,
        version,
        pending,
        place,
        error,
    }
}
