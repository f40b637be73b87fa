//! One piece of work for many schemas, over a bounded number of connections.

use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::{BoxFuture, Either, select};
use futures_util::{StreamExt, stream};

use super::item::Item;
use super::stop::Stop;
use crate::link::{Database, Session, SessionPool};
use crate::report::{Outcome, Status};
use crate::{Error, events};

/// How many connections work on a fleet by default. On a disk, more connections up to 8 make a
/// server faster, and further ones do not: it waits for new files to be synced, and these waits
/// overlap.
pub(crate) const DEFAULT_JOBS: usize = 8;

/// What is done with each schema of a run.
pub(crate) trait Action: Sync {
    /// Does it, on a connection of the run.
    fn act<'a>(&'a self, session: &'a Session, item: &'a Item) -> BoxFuture<'a, Outcome>;
}

/// How much a run may do.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limits {
    /// How many connections: [`DEFAULT_JOBS`] when `None`.
    pub(crate) jobs: Option<NonZeroUsize>,
    /// After this number of failures, the run starts no further schema.
    pub(crate) max_failures: Option<usize>,
    /// How many tenants have failed already, before any work.
    pub(crate) failed: usize,
}

/// A run over several schemas.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) database: &'a Database,
    /// For queries about the server. The work has separate connections.
    pub(crate) sessions: &'a SessionPool,
    pub(crate) limits: Limits,
    pub(crate) stop: &'a Stop,
    /// Hears of each schema as it ends.
    pub(crate) observe: &'a (dyn Fn(&Outcome) + Sync),
}

/// A run under way.
struct Running<'a> {
    run: Run<'a>,
    action: &'a dyn Action,
    sessions: SessionPool,
    failures: AtomicUsize,
}

impl Run<'_> {
    /// Does `action` with each of `items`, several at a time; gives back the outcomes
    /// by name.
    ///
    /// # Errors
    ///
    /// [`Error::Standby`], or that the server cannot be asked how many connections it has
    /// left.
    pub(crate) async fn over(
        self,
        items: Vec<Item>,
        action: &dyn Action,
    ) -> Result<Vec<Outcome>, Error> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let jobs = self.jobs(items.len()).await?;
        events::run_begun(items.len(), jobs);
        let running = Running {
            run: self,
            action,
            sessions: self.database.sessions(jobs),
            failures: AtomicUsize::new(self.limits.failed),
        };
        let each = items.into_iter().map(|item| running.one_of(item));
        let outcomes = stream::iter(each).buffer_unordered(jobs);
        let mut outcomes = outcomes.collect::<Vec<_>>().await;
        outcomes.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(outcomes)
    }

    /// At most as many connections as were asked for, as there are schemas,
    /// and as the server has left.
    async fn jobs(&self, schemas: usize) -> Result<usize, Error> {
        let session = self.sessions.get().await?;
        let left = "SELECT current_setting('max_connections')::int \
                    - current_setting('superuser_reserved_connections')::int \
                    - coalesce(sum(numbackends), 0)::int, pg_catalog.pg_is_in_recovery() \
                    FROM pg_catalog.pg_stat_database";
        let row = session.client().query_typed_one(left, &[]).await;
        let left = row.and_then(|row| Ok((row.try_get::<_, i32>(0)?, row.try_get(1)?)));
        let failed = |error| Error::database("count the free connections", error);
        let (left, only_reads) = left.map_err(failed)?;
        if only_reads {
            // Once for all of them, and before the first is begun.
            return Err(Error::standby(self.database));
        }
        let left = usize::try_from(left).unwrap_or_default();
        let asked = self.limits.jobs.map_or(DEFAULT_JOBS, NonZeroUsize::get);
        Ok(asked.min(schemas).min(left).max(1))
    }
}

impl Running<'_> {
    fn is_over(&self) -> bool {
        let failures = self.failures.load(Ordering::Relaxed);
        let most = self.run.limits.max_failures;
        self.run.stop.is_requested() || most.is_some_and(|most| failures >= most)
    }

    async fn one_of(&self, item: Item) -> Outcome {
        let schema = item.entry.schema();
        if self.is_over() {
            let skipped = Outcome::idle(item.entry.key(), Status::Skipped);
            events::schema_ended(schema, &skipped);
            return skipped;
        }
        let outcome = events::tell_of_one(schema, self.do_one(&item)).await;
        if outcome.status == Status::Failed {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        (self.run.observe)(&outcome);
        outcome
    }

    async fn do_one(&self, item: &Item) -> Outcome {
        match self.sessions.get().await {
            Ok(session) => self.act(&session, item).await,
            Err(error) => Outcome::failed(item.entry.key(), error.into()),
        }
    }

    /// The action. An action that waits for another run when the stop is requested has done
    /// nothing, and counts as not begun.
    async fn act(&self, session: &Session, item: &Item) -> Outcome {
        let acting = self.action.act(session, item);
        let requested = pin!(self.run.stop.requested());
        let acting = match select(acting, requested).await {
            Either::Left((outcome, _)) => return outcome,
            Either::Right(((), acting)) => acting,
        };
        session.stop_waiting();
        match acting.await {
            Outcome {
                error: Some(Error::Busy { .. }),
                applied,
                reverted,
                duration,
                ..
            } if applied.is_empty() && reverted.is_empty() => Outcome {
                duration,
                ..Outcome::idle(item.entry.key(), Status::Skipped)
            },
            outcome => outcome,
        }
    }
}
