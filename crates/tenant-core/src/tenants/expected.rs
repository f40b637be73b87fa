//! The expected definition of a tenant: what its migrations create.
//!
//! It does not have to be written down. The migrations are applied to a schema in a transaction
//! that is rolled back. If they cannot all run in one transaction, they are applied in a scratch
//! database.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::handle::Tenants;
use super::kept::Premises;
use super::known_shapes::Applied;
use super::state::{Standing, registry_error};
use super::trial::is_for_another_session;
use crate::Error;
use crate::migration::{Migration, versions};
use crate::registry::Rows;
use crate::shape::Expectation;

/// What certain migrations make.
pub(super) type Shapes = HashMap<Applied, Arc<Expectation>>;

/// Whether what was kept of an earlier trial will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// It will: nothing is changed because of it, and nothing reported before a second look.
    Kept,
    /// The migrations are tried, if that was not done a moment ago. Where that is not
    /// possible now, what was kept says more than nothing: for a second look.
    TriedIfPossible,
    /// The migrations are tried, if that was not done a moment ago: for what changes a
    /// tenant.
    Tried,
}

/// How many expectations of one call are kept at the most: an adoption asks for each
/// version that there ever was.
const KEPT: usize = 8;

impl Tenants {
    /// The versions that a tenant has of those that this program knows.
    pub(super) fn applied(&self, standing: &Standing) -> Applied {
        let migrations = self.migrations.tenant.iter().map(Migration::version);
        let applied = migrations.filter(|version| !standing.pending.contains(version));
        applied.cloned().collect()
    }

    /// All the versions that this program knows.
    pub(super) fn newest(&self) -> Applied {
        let migrations = self.migrations.tenant.iter().collect::<Vec<_>>();
        versions(&migrations)
    }

    /// What each of `sets` makes.
    ///
    /// # Errors
    ///
    /// What the migrations meet, or that they cannot be tried.
    pub(super) async fn expected(
        &self,
        sets: BTreeSet<Applied>,
        trust: Trust,
    ) -> Result<Shapes, Error> {
        let mut shapes = Shapes::new();
        let mut unknown = BTreeSet::new();
        for set in sets {
            match self.known.get(&set) {
                Some(shape) => drop(shapes.insert(set, shape)),
                None => drop(unknown.insert(set)),
            }
        }
        if unknown.is_empty() {
            return Ok(shapes);
        }
        let premises = self.premises().await?;
        let mut kept = self.kept(&premises, &unknown).await?;
        let names = self.names_if_needed(&kept).await?;
        for (_, made) in &mut kept {
            made.know_tenants(&names);
        }
        if trust == Trust::Kept {
            unknown.retain(|set| !kept.iter().any(|(it, _)| it == set));
            shapes.extend(kept.drain(..).map(|(set, it)| (set, Arc::new(it))));
        }
        match self.tried(&premises, &unknown).await {
            Ok(tried) => shapes.extend(tried),
            Err(error)
                if trust == Trust::TriedIfPossible
                    && is_out_of_reach(&error)
                    && kept.len() == unknown.len() =>
            {
                shapes.extend(kept.into_iter().map(|(set, it)| (set, Arc::new(it))));
            }
            Err(error) => return Err(error),
        }
        Ok(shapes)
    }

    /// The same by trying the migrations.
    async fn tried(
        &self,
        premises: &Premises,
        sets: &BTreeSet<Applied>,
    ) -> Result<Vec<(Applied, Arc<Expectation>)>, Error> {
        let newest = self.newest();
        let (oldest, others): (Vec<_>, Vec<_>) =
            sets.iter().partition(|set| newest.starts_with(set));
        let counts = oldest.iter().map(|set| set.len()).collect::<BTreeSet<_>>();
        let mut tried = Vec::new();
        if !counts.is_empty() {
            let migrations = self.migrations.tenant.iter().collect::<Vec<_>>();
            let steps = self.try_out(&migrations, &counts, &premises.circumstances);
            for (count, made) in steps.await? {
                let applied = newest.iter().take(count).cloned().collect::<Applied>();
                tried.push((applied, made));
            }
        }
        for applied in others {
            let made = self.of_a_gap(premises, applied).await?;
            tried.push((applied.clone(), made));
        }
        let names = self.names_if_needed(&tried).await?;
        for (_, made) in &mut tried {
            made.know_tenants(&names);
        }
        let tried = tried
            .into_iter()
            .map(|(applied, made)| (applied, Arc::new(made)));
        let tried = tried.collect::<Vec<_>>();
        for (applied, made) in &tried {
            self.known.add(applied.clone(), Arc::clone(made));
            if tried.len() <= KEPT {
                self.keep(premises, applied, made).await;
            }
        }
        Ok(tried)
    }

    /// The names of all tenants' schemas, where an expectation depends on them: what looks
    /// like a part of one tenant's name can be another tenant's name.
    async fn names_if_needed(
        &self,
        made: &[(Applied, Expectation)],
    ) -> Result<BTreeSet<String>, Error> {
        if !made.iter().any(|(_, it)| it.depends_on_name()) {
            return Ok(BTreeSet::new());
        }
        let Rows { from, schema, .. } = self.registry.rows("t");
        let sql = format!("SELECT {schema}::text FROM {from}");
        let reading = self.reading().await?;
        let failed = |error| registry_error(&self.registry, error);
        let rows = match reading.query(&sql, &[]).await.map_err(failed) {
            Err(Error::NotSetUp { .. }) => return Ok(BTreeSet::new()),
            rows => rows?,
        };
        let names = rows.iter().map(|row| row.try_get(0));
        names.collect::<Result<_, _>>().map_err(failed)
    }

    /// What makes a tenant that lacks a migration in the middle. Where the later ones
    /// cannot do without it, it was changed by hand, and what can be said is what the
    /// migrations before the gap make.
    async fn of_a_gap(&self, premises: &Premises, applied: &Applied) -> Result<Expectation, Error> {
        let circumstances = &premises.circumstances;
        let migrations = self.migrations.tenant.iter();
        let migrations = migrations.filter(|it| applied.iter().any(|one| one == it.version()));
        let migrations = migrations.collect::<Vec<_>>();
        let all = BTreeSet::from([migrations.len()]);
        if let Ok(steps) = self.try_out(&migrations, &all, circumstances).await
            && let Some(made) = steps.into_values().next()
        {
            return Ok(made);
        }
        let newest = self.newest();
        let same = newest
            .iter()
            .zip(applied)
            .take_while(|(one, other)| one == other);
        let before = BTreeSet::from([same.count()]);
        let all = self.migrations.tenant.iter().collect::<Vec<_>>();
        let steps = self.try_out(&all, &before, circumstances).await?;
        let made = steps.into_values().next();
        made.ok_or_else(|| self.registry.not_set_up())
    }
}

/// Whether the migrations cannot be tried now, or on this server, whatever they are.
fn is_out_of_reach(error: &Error) -> bool {
    matches!(error, Error::Standby { .. }) || is_for_another_session(error)
}
