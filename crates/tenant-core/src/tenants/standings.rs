//! Which migrations each tenant has.

use super::handle::Tenants;
use super::state::{self, Knowledge, State};
use crate::events::Call;
use crate::fleet::Selection;
use crate::migration::MigrationSet;
use crate::{Answer, Error, Version};

/// A tenant, and how its migrations differ from those of this program.
#[derive(Debug)]
#[non_exhaustive]
pub struct TenantStanding {
    /// The name of the tenant.
    pub name: String,
    /// The versions that it lacks, oldest first.
    pub pending: Vec<Version>,
    /// The versions that it has and nobody knows, oldest first.
    pub unknown: Vec<Version>,
    /// Whether another program has migrated it. Two programs can have the same versions.
    pub is_of_other_program: bool,
    /// Why that is not known, when it is not; both lists are empty then.
    pub error: Option<Error>,
}

impl Tenants {
    /// Which migrations each of the selected tenants lacks, by name. From every
    /// tenant's own table of applied migrations, with a query for each hundred of
    /// them.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::NotSetUp`], [`Error::Unknown`] for a
    /// selected name, or what the server says. What is wrong with one tenant is in its row.
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
