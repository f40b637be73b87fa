//! Records a baseline in place of the old migrations that it replaces, without running it. In each
//! tenant whose schema matches the baseline, the baseline counts as applied from then on. The
//! migrations that this program no longer has are removed from the history. Several tenants run at
//! a time, each in one transaction. If all tenants are selected, the spares follow. Rows are not
//! compared, and a note lists what else was not compared.

mod plan;

use std::time::Instant;

use super::each::Task;
use super::expected::Trust;
use super::handle::Tenants;
use super::recording::{Job, Jobs, Purpose, not_compared, sets};
use super::setters::setter;
use super::state::{self, Knowledge, Standing, State};
use crate::engine::Keep;
use crate::events::{self, Call};
use crate::fleet::{Pace, Selection};
use crate::report::{FleetReport, Outcome, Progress, Status};
use crate::{Answer, Error, Version};

use plan::{Replacing, Said};

/// A run that records a baseline. Returned by [`Tenants::squash`].
#[must_use = "nothing is recorded until it is awaited"]
pub struct Squash<'a> {
    tenants: &'a Tenants,
    select: Selection,
    pace: Pace<'a>,
    said: Said,
    dry_run: bool,
    observe: Box<dyn Fn(&Progress<'_>) + Send + Sync + 'a>,
}

impl<'a> Squash<'a> {
    setter!(select);
    setter!(jobs: "8");
    setter!(max_failures);
    setter!(stop);
    setter!(observe: Progress<'_>);

    /// Sets the baseline, or the last migration of a baseline with several migrations. The default
    /// is the oldest migration that tenants with old migrations lack, if it is the same for all of
    /// them.
    pub fn baseline(mut self, version: Version) -> Self {
        self.said.baseline = Some(version);
        self
    }

    /// Sets the newest old migration that the baseline replaces. Each tenant with old migrations
    /// must have it. The default is the newest migration before the baseline that any tenant has.
    /// Each such tenant must then have all old migrations that another tenant has.
    pub fn through(mut self, version: Version) -> Self {
        self.said.through = Some(version);
        self
    }

    /// Checks everything and changes nothing.
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }
}

impl<'a> IntoFuture for Squash<'a> {
    type Output = Result<FleetReport, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Call::Squash.tell(async move { self.tenants.squash_all(&self).await })
    }
}

/// What is to be done, and what came of those with which nothing is.
#[derive(Default)]
struct Plan<'a> {
    jobs: Vec<Job<'a>>,
    ended: Vec<Outcome>,
}

impl Tenants {
    /// Records a baseline in place of the old migrations that it replaces, without running it. In
    /// each tenant whose schema matches the baseline, the baseline counts as applied from then on.
    /// The migrations that this program no longer has are removed from the history. Several tenants
    /// run at a time, each in one transaction. If all tenants are selected, the spares follow. Rows
    /// are not compared, and a note lists what else was not compared.
    ///
    /// ```no_run
    /// # use tenant_core::{Error, Tenants};
    /// # async fn example(tenants: Tenants) -> Result<(), Error> {
    /// let plan = tenants.squash().dry_run().await?;
    /// if plan.failures().next().is_none() {
    ///     tenants.squash().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Errors of the run as a whole: [`Error::NotSetUp`], [`Error::NoVersion`] for a baseline that
    /// this program does not have, [`Error::BaselineUnclear`], or a failed trial run. A tenant's
    /// own error is in its [`Outcome`]: [`Error::NotLikeBaseline`], [`Error::BehindBaseline`],
    /// [`Error::AheadOfBaseline`], [`Error::OtherProgram`].
    pub fn squash(&self) -> Squash<'_> {
        Squash {
            tenants: self,
            select: Selection::All,
            pace: Pace::default(),
            said: Said::default(),
            dry_run: false,
            observe: Box::new(|_| {}),
        }
    }

    async fn squash_all(&self, call: &Squash<'_>) -> Result<FleetReport, Error> {
        let started = Instant::now();
        self.look_for_columns().await?;
        let (tenants, spares) = self.plan_squash(call).await?;
        let all = tenants.jobs.iter().chain(&spares.jobs);
        let shapes = self.expected(sets(all), Trust::Tried).await?;
        let keep = if call.dry_run { Keep::No } else { Keep::Yes };
        let jobs = |jobs| Jobs::new(jobs, &shapes, Purpose::Squash, keep);
        let (jobs_of_tenants, jobs_of_spares) = (jobs(tenants.jobs), jobs(spares.jobs));
        let notes = not_compared(&shapes, &[&jobs_of_tenants, &jobs_of_spares]);
        let items = jobs_of_tenants.items();
        let behind = items.len();
        (call.observe)(&Progress::Planned { behind });
        let observe = |outcome: &Outcome| (call.observe)(&Progress::Ended(outcome));
        let (mut outcomes, pace) = (tenants.ended, call.pace);
        let failed = outcomes.iter().filter(|it| it.error.is_some()).count();
        let task = Task::Record(&jobs_of_tenants);
        let done = self.for_each(items, task, pace.limits(failed), pace.stop, &observe);
        outcomes.extend(done.await?);
        outcomes.sort_by(|one, other| one.name.cmp(&other.name));
        let task = Task::Record(&jobs_of_spares);
        let mut ended = self.for_spares(jobs_of_spares.items(), task, pace).await;
        ended.extend(spares.ended);
        ended.sort_by(|one, other| one.name.cmp(&other.name));
        let report = FleetReport {
            outcomes,
            spares: ended,
            notes: notes.into_iter().collect(),
            duration: started.elapsed(),
        };
        events::fleet_ended(&report);
        Ok(report)
    }

    /// What is to be done with the selected tenants, and with the spares. What is old is
    /// found from all of them, whichever are selected.
    async fn plan_squash(&self, call: &Squash<'_>) -> Result<(Plan<'_>, Plan<'_>), Error> {
        let states = self.states(&Selection::All, Knowledge::Certain).await?;
        let spares = self.states_of_own_spares().await?;
        let known = states.iter().chain(&spares);
        let known = known.filter_map(|state| state.standing.as_ref().ok());
        let known = known.collect::<Vec<&Standing>>();
        let replacing = Replacing::find(&self.migrations.tenant, &known, &call.said)?;
        let mut of_tenants = Plan::default();
        for name in state::unknown(&states, &call.select) {
            let unknown = Error::Unknown(name.clone());
            of_tenants
                .ended
                .push(Outcome::failed(name.as_str(), unknown));
        }
        for state in states {
            if call.select.contains(&state.name) {
                of_tenants.add(state, replacing.as_ref());
            }
        }
        let mut of_spares = Plan::default();
        for spare in spares.into_iter().filter(|_| call.select.is_all()) {
            of_spares.add(spare, replacing.as_ref());
        }
        of_spares.ended.retain(|it| it.status == Status::Failed);
        Ok((of_tenants, of_spares))
    }
}

impl<'a> Plan<'a> {
    fn add(&mut self, state: State, replacing: Option<&Replacing<'a>>) {
        let job = state.standing.and_then(|standing| {
            standing.require_own_texts()?;
            let job = replacing.map(|replacing| replacing.job(&standing));
            job.transpose().map(Option::flatten)
        });
        match job {
            Ok(Some(job)) => self.jobs.push(job),
            Ok(None) => {
                let idle = Outcome::idle(state.name, Status::UpToDate);
                self.ended.push(idle);
            }
            Err(error) => self.ended.push(Outcome::failed(state.name, error)),
        }
    }
}
