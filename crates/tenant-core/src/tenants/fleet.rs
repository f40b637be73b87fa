//! One piece of work for many tenants, over a bounded number of connections.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::{StreamExt, stream};

use super::{DEFAULT_JOBS, Outcome, Status, Tenants};
use crate::connect::{Session, SessionPool};
use crate::{Error, TenantName};

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

    pub(super) fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How to go through the tenants.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pace {
    pub(super) jobs: Option<NonZeroUsize>,
    pub(super) max_failures: Option<usize>,
}

impl Tenants {
    /// Does `piece` for each of `names`, several at a time; gives back the
    /// outcomes in no order. `observe` hears of each as it comes.
    pub(super) async fn for_each(
        &self,
        names: Vec<TenantName>,
        pace: Pace,
        stop: &Stop,
        observe: &(dyn Fn(&Outcome) + Sync),
        piece: impl AsyncFn(&Session, &TenantName) -> Outcome,
    ) -> Result<Vec<Outcome>, Error> {
        let jobs = self.jobs(pace.jobs, names.len()).await?;
        let sessions = self.database.sessions(u32::try_from(jobs).unwrap_or(1));
        let failures = AtomicUsize::new(0);
        let enough = |failures: usize| pace.max_failures.is_some_and(|most| failures >= most);
        let outcomes = stream::iter(&names)
            .map(async |name| {
                if stop.is_requested() || enough(failures.load(Ordering::Relaxed)) {
                    return Outcome::idle(name.as_str(), Status::Skipped);
                }
                let outcome = with_session(&sessions, name, &piece).await;
                if outcome.status == Status::Failed {
                    failures.fetch_add(1, Ordering::Relaxed);
                }
                observe(&outcome);
                outcome
            })
            .buffer_unordered(jobs);
        Ok(outcomes.collect().await)
    }

    /// At most as many connections as were asked for, as there are tenants,
    /// and as the server has left.
    async fn jobs(&self, asked: Option<NonZeroUsize>, tenants: usize) -> Result<usize, Error> {
        let asked = asked.map_or(DEFAULT_JOBS, NonZeroUsize::get);
        let session = self.session().await?;
        let left = "SELECT current_setting('max_connections')::int \
                    - current_setting('superuser_reserved_connections')::int \
                    - count(*)::int FROM pg_catalog.pg_stat_activity \
                    WHERE backend_type = 'client backend'";
        let row = session.client().query_typed_one(left, &[]).await;
        let left = row.and_then(|row| row.try_get::<_, i32>(0));
        let left = left.map_err(|error| Error::database("counting the free connections", error))?;
        let left = usize::try_from(left).unwrap_or_default();
        Ok(asked.min(tenants).min(left).max(1))
    }
}

async fn with_session(
    sessions: &SessionPool,
    name: &TenantName,
    piece: &impl AsyncFn(&Session, &TenantName) -> Outcome,
) -> Outcome {
    match sessions.get().await {
        Ok(session) => piece(&session, name).await,
        Err(error) => Outcome::failed(name.as_str(), super::no_session(error)),
    }
}
