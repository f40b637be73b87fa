//! Which migrations each tenant has.

use super::handle::Tenants;
use super::state::{self, Knowledge, State};
use crate::events::Call;
use crate::fleet::Selection;
use crate::migration::MigrationSet;
use crate::{Answer, Error, Version};

/// A tenant, and how its migrations differ from this program's migrations.
#[derive(Debug)]
#[non_exhaustive]
pub struct TenantStanding {
    /// The name of the tenant.
    pub name: String,
    /// The pending versions, oldest first.
    pub pending: Vec<Version>,
    /// The unknown versions, oldest first: applied, but not in this program.
    pub unknown: Vec<Version>,
    /// Whether another program has migrated it. Two programs can have the same versions.
    pub is_of_other_program: bool,
    /// Why this is unknown, if it is. Both lists are empty then.
    pub error: Option<Error>,
}

impl Tenants {
    /// Lists the pending migrations of each selected tenant, by name. The call reads each tenant's
    /// migration history, with one query for each hundred tenants.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::NotSetUp`], [`Error::Unknown`] for a selected name, or a server
    /// error. An error of one tenant is in its row.
    pub fn standings(&self, select: Selection) -> Answer<'_, Result<Vec<TenantStanding>, Error>> {
        Call::Standings.tell(self.standings_of(select))
    }

    async fn standings_of(&self, select: Selection) -> Result<Vec<TenantStanding>, Error> {
        let states = self.states(&select, Knowledge::Certain).await?;
        if let Some(name) = state::unknown(&states, &select).next() {
            return Err(Error::Unknown(name.clone()));
        }
        let ours = &self.migrations.tenant;
        let standings = states.into_iter().map(|state| standing(state, ours));
        Ok(standings.collect())
    }
}

fn standing(state: State, ours: &MigrationSet) -> TenantStanding {
    let name = state.name;
    match state.standing {
        Ok(standing) => TenantStanding {
            name,
            is_of_other_program: standing.is_of_other_program(ours),
            pending: standing.pending,
            unknown: standing.unknown,
            error: None,
        },
        Err(error) => TenantStanding {
            name,
            pending: Vec::new(),
            unknown: Vec::new(),
            is_of_other_program: false,
            error: Some(error),
        },
    }
}
