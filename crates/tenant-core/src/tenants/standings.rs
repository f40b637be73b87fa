//! Which migrations each tenant has.

use super::handle::Tenants;
use super::state::{self, Knowledge, State};
use crate::events::Call;
use crate::{Error, TenantName};

/// A tenant, and how its migrations differ from those of this program.
#[derive(Debug)]
pub struct TenantStanding {
    /// The name of the tenant.
    pub name: String,
    /// The versions that it lacks, oldest first.
    pub pending: Vec<String>,
    /// The versions that it has and nobody knows, oldest first.
    pub unknown: Vec<String>,
    /// Why the two above are not known, when they are not; both are empty then.
    pub error: Option<Error>,
}

impl Tenants {
    /// Which migrations each of the tenants `only` lacks, or each of all when that
    /// is empty; by name. From every tenant's own table of applied migrations, with
    /// a query for each hundred of them.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::NotSetUp`], [`Error::Unknown`] for a name in
    /// `only`, or what the server says. What is wrong with one tenant is in its row.
    pub async fn standings(&self, only: &[TenantName]) -> Result<Vec<TenantStanding>, Error> {
        let states = Call::Standings.tell(self.states(only, Knowledge::Certain));
        let states = states.await?;
        if let Some(name) = state::unknown(&states, only).next() {
            return Err(Error::Unknown(name.clone()));
        }
        Ok(states.into_iter().map(standing).collect())
    }
}

fn standing(state: State) -> TenantStanding {
    let name = state.name;
    match state.standing {
        Ok(standing) => TenantStanding {
            name,
            pending: standing.pending,
            unknown: standing.unknown,
            error: None,
        },
        Err(error) => TenantStanding {
            name,
            pending: Vec::new(),
            unknown: Vec::new(),
            error: Some(error),
        },
    }
}
