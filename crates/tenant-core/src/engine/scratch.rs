//! Applies migrations in a database that is dropped afterwards, to see what they
//! make: for those that cannot all be in one transaction.

mod abandoned;
mod extensions;
mod place;

use std::collections::{BTreeMap, BTreeSet};

use super::apply::migrate;
use super::create::create;
use super::rehearse::{Tried, shape_of};
use super::rehearse_back::{Trial, WayBack, there_and_back};
use super::revert::revert;
use super::seeds::seeded;
use super::send::execute;
use super::transaction::{close, open};
use super::unfit::refuse_unfit;
use super::work::Work;
use crate::Error;
use crate::migration::{Migration, MigrationSet};
use crate::name::{Schema, Target};
use crate::shape::Shape;
use place::TrialDatabase;

/// What the tenants' `migrations` make where there are these `public` ones, of a schema of
/// each of these `names`, after as many of them as each number in `wanted` says. `work` is
/// for a schema that does not exist, whose name the database gets.
///
/// # Errors
///
/// That no database can be made, or what the migrations meet. Nothing remains unless
/// the server is lost on the way.
pub(crate) async fn try_in_database(
    work: Work<'_>,
    public: &MigrationSet,
    migrations: &[&Migration],
    wanted: &BTreeSet<usize>,
    names: &[Target],
) -> Result<Vec<Tried>, Error> {
    refuse_unfit(migrations.iter().copied())?;
    let place = TrialDatabase::make(work).await?;
    let tried = run_through(work, &place, public, migrations, wanted, names).await;
    place.remove(work, tried).await
}

/// Applies the migrations `remaining` (oldest first) and `reverted` (newest first) in such
/// a database, and reverts the latter again.
///
/// # Errors
///
/// The same.
pub(crate) async fn try_back_in_database(
    work: Work<'_>,
    public: &MigrationSet,
    remaining: &[&Migration],
    reverted: &[&Migration],
) -> Result<WayBack, Error> {
    refuse_unfit(remaining.iter().chain(reverted).copied())?;
    let place = TrialDatabase::make(work).await?;
    let tried = run_back(work, &place, public, remaining, reverted).await;
    place.remove(work, tried).await
}

async fn run_through(
    work: Work<'_>,
    place: &TrialDatabase,
    public: &MigrationSet,
    migrations: &[&Migration],
    wanted: &BTreeSet<usize>,
    names: &[Target],
) -> Result<Vec<Tried>, Error> {
    let session = place.session().await?;
    let work = place.there(Work {
        session: &session,
        ..work
    });
    let mut lacking = prepare(work, place, public).await?;
    let mut tried = Vec::new();
    for name in names {
        let work = work.on(Schema::Tenant(name));
        let once = run_through_once(work, migrations, wanted).await;
        tried.push(once.map_err(|error| lacking.take().unwrap_or(error))?);
    }
    Ok(tried)
}

async fn run_through_once(
    work: Work<'_>,
    migrations: &[&Migration],
    wanted: &BTreeSet<usize>,
) -> Result<Tried, Error> {
    let mut trial = InDatabase::of(work);
    let mut shapes = BTreeMap::new();
    let mut done = 0;
    for count in wanted {
        let next = migrations.get(done..*count).unwrap_or_default();
        if shapes.is_empty() {
            trial.make(next).await?;
        } else {
            trial.apply(next).await?;
        }
        shapes.insert(*count, trial.shape().await?);
        done = *count;
    }
    let opened = open(work, "SELECT 1").await;
    opened.map_err(|error| error.into_error(work))?;
    let seeded = seeded(work).await;
    close(work).await;
    let seeded = seeded?;
    Ok(Tried { shapes, seeded })
}

async fn run_back(
    work: Work<'_>,
    place: &TrialDatabase,
    public: &MigrationSet,
    remaining: &[&Migration],
    reverted: &[&Migration],
) -> Result<WayBack, Error> {
    let session = place.session().await?;
    let work = place.there(Work {
        session: &session,
        ..work
    });
    let lacking = prepare(work, place, public).await?;
    let back = there_and_back(InDatabase::of(work), remaining, reverted).await;
    back.map_err(|error| lacking.unwrap_or(error))
}

/// Makes in the new database what the tenants' migrations can refer to. Of extensions it
/// has those that public migrations do not create before these run, and the others after.
/// Gives back why one could not be created: that matters where something needs it.
async fn prepare(
    work: Work<'_>,
    place: &TrialDatabase,
    public: &MigrationSet,
) -> Result<Option<Error>, Error> {
    let (before, after) = place.extensions.around(&public.created_anew());
    let lacking = create_extensions(work, &before).await;
    let public = MigrationSet::for_trial(&public.iter().collect::<Vec<_>>());
    let work = Work {
        schema: Schema::Public,
        migrations: &public,
        ..work
    };
    if let Err(error) = migrate(work, None).await.require_all() {
        return Err(lacking.unwrap_or(error));
    }
    let lacking_after = create_extensions(work, &after).await;
    place.surroundings.forget();
    Ok(lacking.or(lacking_after))
}

/// Runs the statements, and gives back why the first one of those failed that did: an
/// extension can be for one database only, or for superusers.
async fn create_extensions(work: Work<'_>, statements: &[String]) -> Option<Error> {
    let mut failed = None;
    for statement in statements {
        let action = "create an extension in the scratch database";
        let created = execute(work.session, action, statement).await;
        failed = failed.or(created.err());
    }
    failed
}

/// A tenant in such a database.
struct InDatabase<'a> {
    work: Work<'a>,
    applied: MigrationSet,
}

impl<'a> InDatabase<'a> {
    fn of(work: Work<'a>) -> Self {
        Self {
            work,
            applied: MigrationSet::default(),
        }
    }

    fn add(&mut self, migrations: &[&Migration]) {
        let all = self.applied.iter().chain(migrations.iter().copied());
        self.applied = MigrationSet::for_trial(&all.collect::<Vec<_>>());
    }
}

impl Trial for InDatabase<'_> {
    async fn make(&mut self, migrations: &[&Migration]) -> Result<(), Error> {
        self.add(migrations);
        create(self.work()).await.map(drop)
    }

    async fn apply(&mut self, migrations: &[&Migration]) -> Result<(), Error> {
        self.add(migrations);
        migrate(self.work(), None).await.require_all().map(drop)
    }

    async fn revert(&mut self, migration: &Migration) -> Result<(), Error> {
        let newest = self.applied.find(migration.version().as_str());
        let newest = newest.into_iter().collect::<Vec<_>>();
        let done = revert(self.work(), &newest).await;
        done.require_all().map(drop)
    }

    async fn shape(&self) -> Result<Shape, Error> {
        let work = self.work();
        let opened = open(work, "SELECT 1").await;
        opened.map_err(|error| error.into_error(work))?;
        let shape = shape_of(work).await;
        close(work).await;
        shape
    }

    fn work(&self) -> Work<'_> {
        Work {
            migrations: &self.applied,
            ..self.work
        }
    }
}
