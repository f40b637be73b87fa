//! What a tenant should look like: the shape that its migrations make.
//!
//! Nobody has to write it down. The migrations are applied to a schema in a
//! transaction that is rolled back, or, where they cannot all be in one, in a
//! database that is dropped again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::handle::Tenants;
use super::known_shapes::Applied;
use super::state::Standing;
use crate::migration::{Migration, MigrationFile, versions};
use crate::name::{Schema, Target};
use crate::shape::Shape;
use crate::{Error, engine};

/// What certain migrations make.
pub(super) type Shapes = HashMap<Applied, Arc<Shape>>;

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

    /// The shape that each of `sets` makes.
    ///
    /// # Errors
    ///
    /// What the migrations meet, or that they cannot be tried.
    pub(super) async fn expected(&self, sets: BTreeSet<Applied>) -> Result<Shapes, Error> {
        let mut shapes = Shapes::new();
        let (mut oldest, mut others) = (BTreeSet::new(), Vec::new());
        let newest = self.newest();
        for set in sets {
            match self.known.get(&set) {
                Some(shape) => drop(shapes.insert(set, shape)),
                None if newest.starts_with(&set) => drop(oldest.insert(set.len())),
                None => others.push(set),
            }
        }
        if !oldest.is_empty() {
            let migrations = self.migrations.tenant.iter().collect::<Vec<_>>();
            for (count, shape) in self.try_out(&migrations, &oldest).await? {
                let applied = newest.iter().take(count).cloned().collect::<Applied>();
                let shape = self.learn(&applied, shape);
                shapes.insert(applied, shape);
            }
        }
        for applied in others {
            let shape = self.of_a_gap(&applied).await?;
            shapes.insert(applied, shape);
        }
        Ok(shapes)
    }

    fn learn(&self, applied: &Applied, shape: Shape) -> Arc<Shape> {
        let shape = Arc::new(shape);
        self.known.add(applied.clone(), Arc::clone(&shape));
        shape
    }

    /// The shape of a tenant that lacks a migration in the middle. Where the later
    /// ones cannot do without it, somebody has been at work by hand, and what can be
    /// said is what the migrations before the gap make.
    async fn of_a_gap(&self, applied: &Applied) -> Result<Arc<Shape>, Error> {
        let migrations = self.migrations.tenant.iter();
        let migrations = migrations.filter(|it| applied.iter().any(|one| one == it.version()));
        let migrations = migrations.collect::<Vec<_>>();
        let all = BTreeSet::from([migrations.len()]);
        if let Ok(shapes) = self.try_out(&migrations, &all).await
            && let Some(shape) = shapes.into_values().next()
        {
            return Ok(self.learn(applied, shape));
        }
        let newest = self.newest();
        let same = newest
            .iter()
            .zip(applied)
            .take_while(|(one, other)| one == other);
        let before = BTreeSet::from([same.count()]);
        let all = self.migrations.tenant.iter().collect::<Vec<_>>();
        let shapes = self.try_out(&all, &before).await?;
        let shape = shapes.into_values().next();
        let shape = shape.ok_or_else(|| self.registry.not_set_up())?;
        Ok(self.learn(applied, shape))
    }

    /// On a connection of its own: the transaction is another.
    ///
    /// What may commit by itself cannot be tried in a transaction, and is tried in a
    /// database of its own, as is what only turns out not to fit in one.
    async fn try_out(
        &self,
        migrations: &[&Migration],
        wanted: &BTreeSet<usize>,
    ) -> Result<BTreeMap<usize, Shape>, Error> {
        self.surroundings.forget();
        let session = self.session().await?;
        let target = self.rehearsal()?;
        let database = async || {
            let work = self.work(&session, Schema::Tenant(&target));
            engine::try_in_database(work, &self.migrations.public, migrations, wanted).await
        };
        let count = wanted.last().copied().unwrap_or_default();
        let mut needed = migrations.iter().take(count);
        if needed.any(|one| one.may_commit(MigrationFile::Up)) {
            return database().await;
        }
        let work = self.work(&session, Schema::Rehearsal(&target.schema));
        match engine::rehearse(work, migrations, wanted).await {
            Err(error) if is_for_no_transaction(&error) => {
                let tried = database().await;
                tried.map_err(|other| more_telling(error, other))
            }
            tried => tried,
        }
    }

    /// A name that no tenant has, for a schema that is never committed.
    pub(super) fn rehearsal(&self) -> Result<Target, Error> {
        let name = format!("_rehearsal_{:016x}", rand::random::<u64>());
        self.registry.tenant(&name)
    }
}

/// Of why a transaction would not do and what happened in a database. Why there is no
/// database says less, and what a migration met there says more.
pub(super) fn more_telling(in_transaction: Error, in_database: Error) -> Error {
    match in_database {
        Error::Migration(_) | Error::HalfMade { .. } => in_database,
        _ => in_transaction,
    }
}

/// Whether migrations failed only because they were in one transaction: something
/// that must not be in one, or a new value of an enum that was used in it. A step of our
/// own fails for another reason.
pub(super) fn is_for_no_transaction(error: &Error) -> bool {
    error.of_migration().is_some() && matches!(error.sqlstate(), Some("25001" | "55P04"))
}
