//! Migrates the tenants, several at a time. A tenant that fails stays unchanged and does not stop
//! the others. If all tenants are selected, the spares follow.

use std::collections::HashMap;
use std::time::Instant;

use super::each::Task;
use super::handle::Tenants;
use super::notes;
use super::setters::setter;
use super::state::{self, Knowledge, Standing, State};
use crate::engine::{self, UnknownMigrations, refuse_unfit};
use crate::events::{self, Call, Whose};
use crate::fleet::{Pace, Selection};
use crate::link::Session;
use crate::migration::versions;
use crate::name::Schema;
use crate::report::{FleetReport, Note, Outcome, Progress, Status};
use crate::{Answer, Error, Version};

/// A run that migrates tenants. Returned by [`Tenants::migrate`].
#[must_use = "nothing is migrated until it is awaited"]
pub struct Migrate<'a> {
    tenants: &'a Tenants,
    select: Selection,
    pace: Pace<'a>,
    dry_run: bool,
    observe: Box<dyn Fn(&Progress<'_>) + Send + Sync + 'a>,
}

impl<'a> Migrate<'a> {
    setter!(select);
    setter!(jobs: "8");
    setter!(max_failures);
    setter!(dry_run);
    setter!(stop);
    setter!(observe: Progress<'_>);
}

impl<'a> IntoFuture for Migrate<'a> {
    type Output = Result<FleetReport, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Call::Migrate.tell(async move { self.tenants.bring_up(&self).await })
    }
}

impl Tenants {
    /// Migrates the tenants, several at a time. A tenant that fails stays unchanged and does not
    /// stop the others. If all tenants are selected, the spares follow.
    ///
    /// ```no_run
    /// # use tenant_core::{Error, Progress, Tenants};
    /// # async fn example(tenants: Tenants) -> Result<(), Error> {
    /// let report = tenants
    ///     .migrate()
    ///     .jobs(4)
    ///     .observe(|progress| {
    ///         if let Progress::Ended(outcome) = progress {
    ///             println!("{}: {:?}", outcome.name, outcome.status);
    ///         }
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The run calls `observe` as each tenant ends, except for tenants that need no migration.
    ///
    /// # Errors
    ///
    /// Only errors of the run as a whole: no connection, no registry, or a pending migration that
    /// cannot run. A tenant's own error, such as an unknown name, is in its [`Outcome`].
    pub fn migrate(&self) -> Migrate<'_> {
        Migrate {
            tenants: self,
            select: Selection::All,
            pace: Pace::default(),
            dry_run: false,
            observe: Box::new(|_| {}),
        }
    }

    async fn bring_up(&self, call: &Migrate<'_>) -> Result<FleetReport, Error> {
        let observe = &*call.observe;
        let started = Instant::now();
        self.look_for_columns().await?;
        let mut migrations = self.migrations.tenant.iter();
        let is_any_unfit = migrations.any(|migration| migration.refusal().is_some());
        // Where something is to be decided before the first tenant is begun, it
        // has to be known: a migration that must not run refuses the run where it
        // is pending, and a tenant without a schema counts as a failure.
        let decides = call.dry_run || is_any_unfit || call.pace.max_failures.is_some();
        if !call.dry_run {
            self.record_listed().await?;
        }
        let knowledge = if decides {
            Knowledge::Certain
        } else {
            Knowledge::ToBeChecked
        };
        let mut states = self.states(&call.select, knowledge).await?;
        self.tell_apart(&mut states).await?;
        if call.dry_run {
            self.refuse_lost_entries(&mut states).await?;
        }
        // Spares go with the whole fleet. They are read before the first tenant is
        // begun: an error after that would lose the report.
        let spares_behind = if call.dry_run || !call.select.is_all() {
            Vec::new()
        } else {
            self.spares_behind().await?
        };
        let migratable = states
            .iter()
            .filter_map(|state| state.standing.as_ref().ok());
        let migratable = migratable.filter(|standing| self.require_migratable(standing).is_ok());
        let mut notes = notes::of_standings(migratable, &self.migrations.tenant);
        notes.extend(self.without_others(self.edited().await?, &states));
        let (mut outcomes, behind) = self.sort(states, &call.select);
        let mut spares = Vec::new();
        self.refuse_unfit(&behind)?;
        for failed in outcomes.iter().filter(|it| it.error.is_some()) {
            events::schema_ended(Whose::tenant(&failed.name), failed);
        }
        observe(&Progress::Planned {
            behind: behind.len(),
        });
        if call.dry_run {
            outcomes.extend(behind.into_iter().map(planned));
        } else {
            let failed = outcomes.iter().filter(|it| it.error.is_some()).count();
            let limits = call.pace.limits(failed);
            let items = behind.iter().map(Standing::item).collect::<Vec<_>>();
            if !(items.is_empty() && spares_behind.is_empty()) {
                self.prepare_references().await?;
            }
            let observe = |outcome: &Outcome| observe(&Progress::Ended(outcome));
            let mut ended = self
                .for_each(items, Task::Migrate, limits, call.pace.stop, &observe)
                .await?;
            note_what_remains(&mut ended, behind);
            outcomes.extend(ended);
            let task = Task::Migrate;
            let migrated = self.for_spares(spares_behind, task, call.pace);
            spares = migrated.await;
        }
        outcomes.sort_by(|one, other| one.name.cmp(&other.name));
        let report = FleetReport {
            outcomes,
            spares,
            notes,
            duration: started.elapsed(),
        };
        events::fleet_ended(&report);
        Ok(report)
    }

    /// `known` is what was applied to it a moment ago, if that is known.
    pub(super) async fn migrate_one(
        &self,
        session: &Session,
        schema: Schema<'_>,
        known: Option<&[String]>,
    ) -> Outcome {
        let migrated = async {
            let done = engine::migrate(self.work(session, schema), known).await;
            if let Schema::Tenant(target) = schema {
                self.directory.forget(&target.name);
            }
            Ok(Outcome {
                applied: versions(&done.committed),
                ..done.outcome(schema, Status::Migrated)
            })
        };
        let migrated = Outcome::timed(schema.key(), migrated);
        self.hearing(session, schema, migrated).await
    }

    /// The outcome of `work` on the migrations of `schema`, with what they made the
    /// server say.
    pub(super) async fn hearing(
        &self,
        session: &Session,
        schema: Schema<'_>,
        work: impl Future<Output = Outcome>,
    ) -> Outcome {
        session.hear(self.settings.notices);
        let outcome = work.await;
        let heard = session.heard();
        events::migrations_said(schema, &heard.said);
        Outcome {
            messages: heard.said,
            messages_left_out: heard.left_out,
            ..outcome
        }
    }

    /// The migrations whose text has changed since they were applied.
    pub(super) async fn edited(&self) -> Result<Vec<Note>, Error> {
        if !self.registry.has_fingerprints() {
            return Ok(Vec::new());
        }
        let reading = self.reading().await?;
        notes::edited(&reading, &self.registry, &self.migrations.tenant).await
    }

    /// Refuses the run when a migration that any of them lacks must not run.
    fn refuse_unfit(&self, behind: &[Standing]) -> Result<(), Error> {
        let pending = |version: &Version| {
            let mut lacking = behind.iter().flat_map(|standing| &standing.pending);
            lacking.any(|lacked| lacked == version)
        };
        let unfit = self
            .migrations
            .tenant
            .iter()
            .filter(|one| one.refusal().is_some());
        refuse_unfit(unfit.filter(|migration| pending(migration.version())))
    }

    /// Those with nothing to do or nothing to be done, and those that are behind.
    fn sort(&self, states: Vec<State>, select: &Selection) -> (Vec<Outcome>, Vec<Standing>) {
        let mut outcomes = Vec::new();
        let mut behind = Vec::new();
        for name in state::unknown(&states, select) {
            outcomes.push(Outcome::failed(name.as_str(), Error::Unknown(name.clone())));
        }
        for state in states {
            let standing = state.standing.and_then(|standing| {
                self.require_migratable(&standing)?;
                Ok(standing)
            });
            match standing {
                Err(error) => outcomes.push(Outcome::failed(state.name, error)),
                Ok(standing) if standing.pending.is_empty() => {
                    outcomes.push(Outcome::idle(state.name, Status::UpToDate));
                }
                Ok(standing) => behind.push(standing),
            }
        }
        (outcomes, behind)
    }

    /// Refuses a tenant that another program has migrated. What is not behind may have been
    /// migrated by a newer one: nothing is done with it.
    fn require_migratable(&self, standing: &Standing) -> Result<(), Error> {
        let allowed = if standing.pending.is_empty() {
            UnknownMigrations::Allow
        } else {
            self.settings.unknown_migrations
        };
        standing.require_known(&self.migrations.tenant, allowed)
    }
}

/// Tells of each tenant that is still behind what it lacks.
fn note_what_remains(ended: &mut [Outcome], behind: Vec<Standing>) {
    let behind = behind.into_iter();
    let mut pending = behind
        .map(|standing| (standing.entry.key().to_owned(), standing.pending))
        .collect::<HashMap<_, _>>();
    for outcome in ended {
        if matches!(outcome.status, Status::Failed | Status::Skipped) {
            outcome.pending = pending.remove(&outcome.name).unwrap_or_default();
            outcome
                .pending
                .retain(|version| !outcome.applied.contains(version));
        }
    }
}

fn planned(standing: Standing) -> Outcome {
    Outcome {
        pending: standing.pending,
        ..Outcome::idle(standing.entry.key(), Status::Skipped)
    }
}
