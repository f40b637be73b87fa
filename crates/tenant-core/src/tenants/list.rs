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
    /// The name of the tenant and of its schema.
    pub name: String,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// The newest applied migration, if any.
    pub version: Option<Version>,
    /// How many migrations it lacks.
    pub pending: usize,
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
            let place = places.remove(&state.name);
            self.tenant(state, place)
        });
        Ok(tenants.collect())
    }

    fn tenant(&self, state: state::State, place: Option<TenantPlace>) -> Tenant {
        let (version, pending, error) = match state.standing {
            Ok(standing) => (standing.version, standing.pending.len(), None),
            Err(error) => (None, self.migrations.tenant.iter().len(), Some(error)),
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
}
