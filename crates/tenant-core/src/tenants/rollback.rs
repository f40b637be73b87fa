//! Rolls tenants back to an older version.
//!
//! There are two calls, so that the caller can ask for confirmation between them. The first returns
//! what would be rolled back and lost, and the second does exactly that.

mod ahead;
mod choice;
mod to;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::each::Task;
use super::handle::Tenants;
use super::listed_spares::Listed;
use super::loss::Loss;
use super::notes;
use super::setters::setter;
use super::state::{self, Knowledge, Standing, State};
use crate::events::{self, Call, Whose};
use crate::fleet::{Item, Pace, Selection};
use crate::link::Session;
use crate::migration::{Migration, versions};
use crate::name::{Entry, Schema};
use crate::report::{FleetReport, Note, Outcome, Status};
use crate::{Answer, Error, Version, engine};

pub(super) use ahead::Ahead;
pub use to::RollbackTo;

/// A plan: the migrations to roll back, and what the rollback would lose. Returned by
/// [`Tenants::plan_rollback`].
#[derive(Debug)]
pub struct RollbackPlan {
    migrations: Vec<PlannedRevert>,
    loss: Option<Vec<Loss>>,
    notes: Vec<Note>,
    /// Those with nothing to do or nothing to be done.
    idle: Vec<Outcome>,
    ahead: Vec<Ahead>,
    spares: Vec<Entry>,
    duration: Duration,
}

/// A migration to roll back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedRevert {
    /// Its version.
    pub version: Version,
    /// Its name.
    pub name: String,
    /// How many tenants have applied it.
    pub tenants: usize,
}

impl RollbackPlan {
    /// Returns the migrations to roll back, newest first.
    #[must_use]
    pub fn migrations(&self) -> &[PlannedRevert] {
        &self.migrations
    }

    /// Returns how many tenants have applied at least one of them.
    #[must_use]
    pub fn tenants(&self) -> usize {
        self.ahead.len()
    }

    /// Returns the tables and columns with contents that the rollback would drop, by name; `None`
    /// if this is unknown, as a note explains.
    #[must_use]
    pub fn loss(&self) -> Option<&[Loss]> {
        self.loss.as_deref()
    }

    /// Returns notes to read before the rollback.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Returns the report of a run that rolled back nothing.
    #[must_use]
    pub fn into_report(self) -> FleetReport {
        let untouched = self.ahead.into_iter().map(|ahead| Outcome {
            to_revert: ahead.versions,
            ..Outcome::idle(ahead.entry.key(), Status::Skipped)
        });
        let mut outcomes = self.idle.into_iter().chain(untouched).collect::<Vec<_>>();
        outcomes.sort_by(|one, other| one.name.cmp(&other.name));
        FleetReport {
            outcomes,
            spares: Vec::new(),
            notes: self.notes,
            duration: self.duration,
        }
    }
}

/// A search for the migrations to roll back. Returned by [`Tenants::plan_rollback`].
#[must_use = "nothing is looked at until it is awaited"]
pub struct PlanRollback<'a> {
    tenants: &'a Tenants,
    select: Selection,
    to: RollbackTo,
}

impl PlanRollback<'_> {
    setter!(select);

    /// Sets how far to roll back. The default is one step.
    pub fn to(mut self, to: RollbackTo) -> Self {
        self.to = to;
        self
    }
}

impl<'a> IntoFuture for PlanRollback<'a> {
    type Output = Result<RollbackPlan, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let planned = async move { self.tenants.plan_back(&self.select, &self.to).await };
        Call::PlanRollback.tell(planned)
    }
}

/// A run that rolls back migrations. Returned by [`Tenants::rollback`].
#[must_use = "nothing is reverted until it is awaited"]
pub struct Rollback<'a> {
    tenants: &'a Tenants,
    plan: RollbackPlan,
    pace: Pace<'a>,
    observe: Box<dyn Fn(&Outcome) + Send + Sync + 'a>,
}

impl<'a> Rollback<'a> {
    setter!(jobs: "8");
    setter!(max_failures);
    setter!(stop);
    setter!(observe: Outcome);
}

impl<'a> IntoFuture for Rollback<'a> {
    type Output = Result<FleetReport, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Call::Rollback.tell(self.tenants.go_back(self))
    }
}

impl Tenants {
    /// Finds the migrations that a rollback would revert and the data that it would lose. The call
    /// changes nothing. To find the losses, it runs the migrations up and down in a scratch schema
    /// that is never committed.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::NotSetUp`], [`Error::NoVersion`] if the target version does not
    /// exist, [`Error::NotOurs`] if this program lacks a migration to roll back,
    /// [`Error::UnreadableDown`], [`Error::Irreversible`] if a migration has no `down.sql`,
    /// [`Error::Refused`] if a `down.sql` cannot run. A tenant's own error is in the report of the
    /// run.
    pub fn plan_rollback(&self) -> PlanRollback<'_> {
        PlanRollback {
            tenants: self,
            select: Selection::All,
            to: RollbackTo::default(),
        }
    }

    async fn plan_back(&self, select: &Selection, to: &RollbackTo) -> Result<RollbackPlan, Error> {
        let started = Instant::now();
        self.look_for_columns().await?;
        let ours = &self.migrations.tenant;
        let mut states = self.states(select, Knowledge::Certain).await?;
        self.tell_apart(&mut states).await?;
        let edited = self.without_others(self.edited().await?, &states);
        let (mut idle, standings) = sort(states, select);
        let unknown = notes::of_standings(standings.iter(), ours);
        let holders = choice::holders(ours, &standings);
        let to_revert = choice::choose(ours, &holders, to)?;
        let ahead = standings
            .iter()
            .map(|it| choice::ahead(ours, it, &to_revert));
        let (ahead, level) = ahead.partition::<Vec<_>, _>(|it| !it.versions.is_empty());
        let level = level.iter().map(|it| it.entry.key());
        idle.extend(level.map(|name| Outcome::idle(name, Status::UpToDate)));
        let spares = if select.is_all() {
            self.spares_with(&to_revert).await?
        } else {
            Vec::new()
        };
        let remaining = choice::remaining(ours, &holders, &to_revert);
        let (loss, of_loss) = self.loss(&remaining, &to_revert, &ahead).await;
        let mut notes = unknown;
        notes.extend(edited);
        notes.retain(|note| is_about(note, &to_revert));
        notes.extend(of_loss);
        let migrations = to_revert.iter().map(|one| PlannedRevert {
            version: one.version().clone(),
            name: one.name().to_owned(),
            tenants: holders.get(one.version()).map_or(0, Vec::len),
        });
        Ok(RollbackPlan {
            migrations: migrations.collect(),
            loss,
            notes,
            idle,
            ahead,
            spares,
            duration: started.elapsed(),
        })
    }

    /// The spares that have one of these migrations.
    async fn spares_with(&self, to_revert: &[&Migration]) -> Result<Vec<Entry>, Error> {
        let spares = self.listed_spares().await?;
        let spares = spares.into_iter().filter_map(Listed::into_standing);
        let ours = &self.migrations.tenant;
        let ahead = spares.map(|standing| choice::ahead(ours, &standing, to_revert));
        let ahead = ahead.filter(|spare| !spare.versions.is_empty());
        Ok(ahead.map(|spare| spare.entry).collect())
    }

    /// Rolls back the migrations of `plan`, several tenants at a time. For each tenant, one
    /// transaction runs the `down.sql` files, newest first, and updates the migration history. A
    /// tenant that fails stays unchanged and does not stop the others. If all tenants are selected,
    /// the spares follow.
    ///
    /// The run calls `observe` as each tenant ends, except for tenants that need no rollback.
    ///
    /// # Errors
    ///
    /// Only errors of the run as a whole, such as no connection. A tenant's own error is in its
    /// [`Outcome`], such as [`Error::AppliedMeanwhile`] if it was migrated after the plan.
    pub fn rollback(&self, plan: RollbackPlan) -> Rollback<'_> {
        Rollback {
            tenants: self,
            plan,
            pace: Pace::default(),
            observe: Box::new(|_| {}),
        }
    }

    async fn go_back(&self, call: Rollback<'_>) -> Result<FleetReport, Error> {
        let (plan, pace) = (call.plan, call.pace);
        let started = Instant::now();
        let planned = |one: &&Migration| {
            let mut planned = plan.migrations.iter();
            planned.any(|revert| revert.version == *one.version())
        };
        let to_revert = self.migrations.tenant.iter().filter(planned);
        let to_revert = to_revert.collect::<Vec<_>>();
        let mut outcomes = plan.idle;
        for failed in outcomes.iter().filter(|it| it.error.is_some()) {
            events::schema_ended(Whose::tenant(&failed.name), failed);
        }
        let failed = outcomes.iter().filter(|it| it.error.is_some()).count();
        let items = plan.ahead.iter().map(|it| Item::from(it.entry.clone()));
        let mut ended = self
            .for_each(
                items.collect(),
                Task::Revert(&to_revert),
                pace.limits(failed),
                pace.stop,
                &*call.observe,
            )
            .await?;
        note_what_remains(&mut ended, plan.ahead);
        outcomes.extend(ended);
        outcomes.sort_by(|one, other| one.name.cmp(&other.name));
        let spares = plan.spares.into_iter().map(Item::from).collect();
        let task = Task::Revert(&to_revert);
        let spares = self.for_spares(spares, task, pace);
        let report = FleetReport {
            outcomes,
            spares: spares.await,
            notes: plan.notes,
            duration: started.elapsed(),
        };
        events::fleet_ended(&report);
        Ok(report)
    }

    pub(super) async fn revert_one(
        &self,
        session: &Session,
        schema: Schema<'_>,
        migrations: &[&Migration],
    ) -> Outcome {
        let taken_back = async {
            let done = engine::revert(self.work(session, schema), migrations).await;
            if let Schema::Tenant(target) = schema {
                self.directory.forget(&target.name);
            }
            Ok(Outcome {
                reverted: versions(&done.committed),
                ..done.outcome(schema, Status::Reverted)
            })
        };
        let taken_back = Outcome::timed(schema.key(), taken_back);
        self.hearing(session, schema, taken_back).await
    }
}

/// Whether the note matters to a run that reverts these: what is pending does not.
fn is_about(note: &Note, to_revert: &[&Migration]) -> bool {
    match note {
        Note::Edited { version, .. } => to_revert.iter().any(|one| one.version() == version),
        Note::Unknown { .. } => true,
        _ => false,
    }
}

/// Those that cannot be read, and where the others stand.
fn sort(states: Vec<State>, select: &Selection) -> (Vec<Outcome>, Vec<Standing>) {
    let unknown = state::unknown(&states, select);
    let mut failed = unknown
        .map(|name| Outcome::failed(name.as_str(), Error::Unknown(name.clone())))
        .collect::<Vec<_>>();
    let mut standings = Vec::new();
    for state in states {
        let standing = state.standing.and_then(|standing| {
            standing.require_own_texts()?;
            Ok(standing)
        });
        match standing {
            Err(error) => failed.push(Outcome::failed(state.name, error)),
            Ok(standing) => standings.push(standing),
        }
    }
    (failed, standings)
}

/// Tells of each tenant that is not as far back as was asked what it still has.
fn note_what_remains(ended: &mut [Outcome], ahead: Vec<Ahead>) {
    let ahead = ahead.into_iter();
    let mut versions = ahead
        .map(|ahead| (ahead.entry.key().to_owned(), ahead.versions))
        .collect::<BTreeMap<_, _>>();
    for outcome in ended {
        if matches!(outcome.status, Status::Failed | Status::Skipped) {
            let mut left = versions.remove(&outcome.name).unwrap_or_default();
            left.retain(|version| !outcome.reverted.contains(version));
            outcome.to_revert = left;
        }
    }
}
