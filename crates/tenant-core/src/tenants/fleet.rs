//! One piece of work for many tenants, over a bounded number of connections.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::{StreamExt, stream};

use super::{DEFAULT_JOBS, Tenants};
use crate::link::SessionPool;
use crate::migration::Migration;
use crate::name::Schema;
use crate::report::{Outcome, Status};
use crate::{Error, TenantName, events};

/// Ends a run early: no further tenant is begun, those under way finish.
///
/// Cheap to share by reference, for example with a handler of Ctrl-C.
#[derive(Debug, Default)]
pub struct Stop(AtomicBool);

impl Stop {
    /// Asks the run to end.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has asked.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What is done with each schema.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece<'a> {
    Create,
    Migrate,
    /// These, where it has them.
    Revert(&'a [&'a Migration]),
    BuildSpare,
    MigrateSpare,
    RevertSpare(&'a [&'a Migration]),
    DropSpare,
    Distribute,
    DistributeSpare,
}

impl Piece<'_> {
    /// The schema called `name` that it is done with.
    fn schema(self, name: &TenantName) -> Schema<'_> {
        match self {
            Self::Create | Self::Migrate | Self::Revert(_) | Self::Distribute => {
                Schema::Tenant(name)
            }
            Self::BuildSpare
            | Self::MigrateSpare
            | Self::RevertSpare(_)
            | Self::DropSpare
            | Self::DistributeSpare => Schema::Spare(name),
        }
    }
}

/// A schema to do something with.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) name: TenantName,
    /// The versions that are applied to it, if somebody has looked.
    pub(super) applied: Option<Vec<String>>,
}

impl From<TenantName> for Item {
    fn from(name: TenantName) -> Self {
        Self {
            name,
            applied: None,
        }
    }
}

/// How to go through the tenants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace<'a> {
    pub(super) piece: Piece<'a>,
    pub(super) jobs: Option<NonZeroUsize>,
    pub(super) max_failures: Option<usize>,
    /// How many tenants have failed already, before any work.
    pub(super) failed: usize,
}

/// A run under way.
struct Run<'a> {
    pace: Pace<'a>,
    sessions: SessionPool,
    failures: AtomicUsize,
    /// Whether there may be spare schemas left to take.
    spares: AtomicBool,
    stop: &'a Stop,
    observe: &'a (dyn Fn(&Outcome) + Sync),
}

impl Run<'_> {
    fn is_over(&self) -> bool {
        let failures = self.failures.load(Ordering::Relaxed);
        let most = self.pace.max_failures;
        self.stop.is_requested() || most.is_some_and(|most| failures >= most)
    }
}

impl Tenants {
    /// Does the work of `pace` for each of `items`, several at a time; gives
    /// back the outcomes by name. `observe` hears of each as it ends.
    pub(super) async fn for_each(
        &self,
        items: Vec<Item>,
        pace: Pace<'_>,
        stop: &Stop,
        observe: &(dyn Fn(&Outcome) + Sync),
    ) -> Result<Vec<Outcome>, Error> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let jobs = self.jobs(pace.jobs, items.len()).await?;
        events::run_begun(items.len(), jobs);
        let run = Run {
            pace,
            sessions: self.database.sessions(jobs),
            failures: AtomicUsize::new(pace.failed),
            spares: AtomicBool::new(true),
            stop,
            observe,
        };
        let pieces = items.into_iter().map(|item| self.one_of(&run, item));
        let outcomes = stream::iter(pieces).buffer_unordered(jobs);
        let mut outcomes = outcomes.collect::<Vec<_>>().await;
        outcomes.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(outcomes)
    }

    async fn one_of(&self, run: &Run<'_>, Item { name, applied }: Item) -> Outcome {
        let schema = run.pace.piece.schema(&name);
        if run.is_over() {
            let skipped = Outcome::idle(name.as_str(), Status::Skipped);
            events::schema_ended(schema, &skipped);
            return skipped;
        }
        let done = self.do_one(run, &name, applied.as_deref());
        let outcome = events::tell_of_one(schema, done).await;
        if outcome.status == Status::Failed {
            run.failures.fetch_add(1, Ordering::Relaxed);
        }
        (run.observe)(&outcome);
        outcome
    }

    async fn do_one(
        &self,
        run: &Run<'_>,
        name: &TenantName,
        applied: Option<&[String]>,
    ) -> Outcome {
        let session = match run.sessions.get().await {
            Ok(session) => session,
            Err(error) => return Outcome::failed(name.as_str(), error.into()),
        };
        let piece = run.pace.piece;
        match piece {
            Piece::Create => self.create_one(&session, name, &run.spares).await,
            Piece::Migrate | Piece::MigrateSpare => {
                let schema = piece.schema(name);
                self.migrate_one(&session, schema, applied).await
            }
            Piece::Revert(migrations) | Piece::RevertSpare(migrations) => {
                let schema = piece.schema(name);
                self.revert_one(&session, schema, migrations).await
            }
            Piece::BuildSpare => self.build_spare(&session, name).await,
            Piece::DropSpare => self.drop_spare(&session, name).await,
            Piece::Distribute | Piece::DistributeSpare => {
                self.distribute_one(&session, piece.schema(name)).await
            }
        }
    }

    /// At most as many connections as were asked for, as there are tenants,
    /// and as the server has left.
    async fn jobs(&self, asked: Option<NonZeroUsize>, tenants: usize) -> Result<usize, Error> {
        let session = self.session().await?;
        let left = "SELECT current_setting('max_connections')::int \
                    - current_setting('superuser_reserved_connections')::int \
                    - coalesce(sum(numbackends), 0)::int FROM pg_catalog.pg_stat_database";
        let row = session.client().query_typed_one(left, &[]).await;
        let left = row.and_then(|row| row.try_get::<_, i32>(0));
        let left = left.map_err(|error| Error::database("counting the free connections", error))?;
        let left = usize::try_from(left).unwrap_or_default();
        let asked = asked.map_or(DEFAULT_JOBS, NonZeroUsize::get);
        Ok(asked.min(tenants).min(left).max(1))
    }
}
