//! What the schemas in the list of spares are: whose, and how far.
//!
//! A list can be restored, or written by hand. What it lists is dropped and given to new
//! tenants, so it is looked at first whether it is a spare at all.

use std::collections::HashSet;

use tokio_postgres::types::Type;

use super::handle::Tenants;
use super::state::{self, Knowledge, Standing, State};
use crate::fleet::Selection;
use crate::migration::MigrationSet;
use crate::registry::{SPARE_PREFIX, is_named_like_a_spare};
use crate::{Error, SchemaName, Version};

/// A schema in the list of spares.
pub(super) struct Listed {
    /// What the list calls it.
    pub(super) name: String,
    pub(super) is: Is,
}

/// What a listed schema is.
pub(super) enum Is {
    /// A spare that can be taken.
    Ready(Standing),
    /// A spare that lacks migrations.
    Behind(Standing),
    /// A spare that is never taken, and replaced: a migration of it was edited since, or a
    /// baseline has replaced its migrations. With what it has, if that is this program's.
    Outdated(Option<Standing>),
    /// A spare of a newer program: it has migrations that this program does not have.
    Ahead,
    /// A spare of another program, which was made with other texts.
    OtherProgram,
    /// A schema that does not exist.
    Gone,
    /// The schema of a tenant, with the tenant's rows.
    Tenants,
    /// A schema that no program has made as a spare.
    NoSpare,
    /// What cannot be read.
    Unreadable,
}

impl Listed {
    /// The schema that it is about, if there can be one.
    pub(super) fn schema(&self) -> Option<SchemaName> {
        self.name.parse().ok()
    }

    /// Whether this program keeps it, or replaces it.
    pub(super) fn is_of_this_program(&self) -> bool {
        matches!(self.is, Is::Ready(_) | Is::Behind(_) | Is::Outdated(_))
    }

    /// It as a spare of this program, with what it has.
    pub(super) fn into_standing(self) -> Option<Standing> {
        match self.is {
            Is::Ready(standing) | Is::Behind(standing) | Is::Outdated(Some(standing)) => {
                Some(standing)
            }
            _ => None,
        }
    }
}

impl Tenants {
    /// What is in the list of spares, by name; nothing where there is no such list.
    ///
    /// # Errors
    ///
    /// A server error.
    pub(super) async fn listed_spares(&self) -> Result<Vec<Listed>, Error> {
        let states = self.states_of_spares().await?;
        let names = states.iter().map(|state| state.name.as_str());
        let tenants = self.tenants_of(&names.collect::<Vec<_>>()).await?;
        let outdated = self.outdated_spares(&states).await?;
        let replaced = self.replaced_versions(&states).await?;
        let known = &self.migrations.tenant;
        let listed = states.into_iter().map(|State { name, standing, .. }| {
            let is = match standing {
                _ if tenants.contains(&name) => Is::Tenants,
                Err(Error::MissingSpare(_)) => Is::Gone,
                Err(_) if is_named_like_a_spare(&name) => Is::Unreadable,
                Err(_) => Is::NoSpare,
                Ok(standing) => {
                    let is_outdated = outdated.contains(&name);
                    kind_of(standing, known, is_outdated, &replaced)
                }
            };
            Listed { name, is }
        });
        Ok(listed.collect())
    }

    /// Where the spares stand, by name. What is only listed as one, by hand, is left out.
    ///
    /// # Errors
    ///
    /// A server error.
    pub(super) async fn states_of_own_spares(&self) -> Result<Vec<State>, Error> {
        let mut states = self.states_of_spares().await?;
        let names = states.iter().map(|state| state.name.as_str());
        let tenants = self.tenants_of(&names.collect::<Vec<_>>()).await?;
        let known = &self.migrations.tenant;
        states.retain(|State { name, standing, .. }| {
            let is_spare = match standing {
                Ok(standing) => is_made_as_one(standing, known),
                Err(_) => is_named_like_a_spare(name),
            };
            is_spare && !tenants.contains(name)
        });
        Ok(states)
    }

    /// Those of the spares `states` that are not taken because a migration was edited.
    async fn outdated_spares(&self, states: &[State]) -> Result<HashSet<String>, Error> {
        if states.is_empty() {
            return Ok(HashSet::new());
        }
        self.look_for_columns().await?;
        let texts = self.migrations.tenant.iter();
        let texts = texts.map(|it| (it.version().as_str(), it.fingerprint()));
        let question = self.registry.outdated_spares(texts);
        let reading = self.reading().await?;
        let failed = |error| state::registry_error(&self.registry, error);
        let rows = reading.query(&question, &[]).await.map_err(failed)?;
        let names = rows.iter().map(|row| row.try_get(0));
        names.collect::<Result<_, _>>().map_err(failed)
    }

    /// The versions of spares that a baseline has replaced: tenants have it, and no tenant
    /// has any of these. A program that shares the lists has tenants with its own versions.
    async fn replaced_versions(&self, spares: &[State]) -> Result<HashSet<Version>, Error> {
        let known = &self.migrations.tenant;
        let spares = spares
            .iter()
            .filter_map(|spare| spare.standing.as_ref().ok());
        let spares = spares.filter(|spare| may_be_replaced(spare, known));
        let versions = spares.flat_map(|spare| spare.unknown.iter().cloned());
        let mut versions = versions.collect::<HashSet<_>>();
        let Some(baseline) = known.iter().next().filter(|_| !versions.is_empty()) else {
            return Ok(HashSet::new());
        };
        let tenants = self.states(&Selection::All, Knowledge::Certain).await?;
        let mut have_baseline = false;
        for standing in tenants.iter().filter_map(|it| it.standing.as_ref().ok()) {
            have_baseline |= !standing.pending.contains(baseline.version());
            versions.retain(|version| !standing.unknown.contains(version));
        }
        versions.retain(|_| have_baseline);
        Ok(versions)
    }

    /// Those of the schemas `names` that are tenants'.
    async fn tenants_of(&self, names: &[&str]) -> Result<HashSet<String>, Error> {
        if names.is_empty() {
            return Ok(HashSet::new());
        }
        let question = self.registry.of_tenants();
        let reading = self.reading().await?;
        let names = (&names as _, Type::TEXT_ARRAY);
        let failed = |error| state::registry_error(&self.registry, error);
        let rows = reading.query(&question, &[names]).await.map_err(failed)?;
        let tenants = rows.iter().map(|row| row.try_get(0));
        tenants.collect::<Result<_, _>>().map_err(failed)
    }
}

fn kind_of(
    standing: Standing,
    known: &MigrationSet,
    is_edited: bool,
    replaced: &HashSet<Version>,
) -> Is {
    if !is_made_as_one(&standing, known) {
        Is::NoSpare
    } else if standing.require_own_texts().is_err() {
        Is::OtherProgram
    } else if is_replaced(&standing, replaced) {
        Is::Outdated(None)
    } else if !standing.unknown.is_empty() {
        Is::Ahead
    } else if is_edited {
        Is::Outdated(Some(standing))
    } else if standing.pending.is_empty() {
        Is::Ready(standing)
    } else {
        Is::Behind(standing)
    }
}

/// Whether a baseline has replaced what a spare has.
fn is_replaced(standing: &Standing, replaced: &HashSet<Version>) -> bool {
    let mut unknown = standing.unknown.iter().peekable();
    unknown.peek().is_some() && unknown.all(|version| replaced.contains(version))
}

/// Whether a baseline may have replaced what a spare has: it lacks the oldest of the
/// migrations that it could have, and has older ones in its place. A newer program's spare
/// has the newest migration of this one, and one of another branch shares older ones with it.
fn may_be_replaced(standing: &Standing, known: &MigrationSet) -> bool {
    let (Some(oldest), Some(baseline)) = (known.iter().next(), standing.pending.first()) else {
        return false;
    };
    let has_others = !standing.unknown.is_empty();
    let are_older = standing.unknown.iter().all(|version| version < baseline);
    has_others && are_older && oldest.version() == baseline
}

/// A spare was called like one, and made with its table of applied migrations. One that
/// only begins like that has at least migrations of this program. Any other schema can be
/// a tenant that has lost its row.
fn is_made_as_one(standing: &Standing, known: &MigrationSet) -> bool {
    let name = standing.entry.key();
    let is_as_made = is_named_like_a_spare(name) && !standing.lacks_ledger();
    name.starts_with(SPARE_PREFIX) && (is_as_made || standing.has_any_of(known))
}
