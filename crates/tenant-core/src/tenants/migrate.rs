//! Brings the public schema or the tenants up to date.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use super::each::Task;
use super::handle::Tenants;
use super::notes;
use super::reading::Reading;
use super::state::{self, Knowledge, Standing, State};
use crate::engine::{self, refuse_unfit};
use crate::events::{self, Call, Whose};
use crate::fleet::{Limits, Stop};
use crate::link::Session;
use crate::migration::versions;
use crate::name::Schema;
use crate::report::{FleetReport, Note, Outcome, Progress, PublicOutcome, Status};
use crate::{Error, TenantName};

/// How to migrate the tenants.
#[derive(Debug, Clone, Default)]
pub struct MigrateOptions {
    /// Only these; all when empty. Names of no tenant are reported as failed.
    pub only: Vec<TenantName>,
    /// How many connections, 8 when `None`; fewer when the server has not as
    /// many left.
    pub jobs: Option<NonZeroUsize>,
    /// After so many failures no further tenant is begun.
    pub max_failures: Option<usize>,
    /// Only report what is pending.
    pub dry_run: bool,
}

impl Tenants {
    /// Brings the public schema up to date, or with `dry_run` says what is pending.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::Busy`] when another run does the same,
    /// [`Error::Refused`] when a pending migration must not run, or what the
    /// migrations meet; those in a transaction leave nothing behind.
    pub async fn migrate_public(&self, dry_run: bool) -> Result<PublicOutcome, Error> {
        let migrated = self.bring_public_up(dry_run);
        Call::MigratePublic.tell_of(Schema::Public, migrated).await
    }

    async fn bring_public_up(&self, dry_run: bool) -> Result<PublicOutcome, Error> {
        let started = Instant::now();
        let mut outcome = PublicOutcome {
            applied: Vec::new(),
            pending: Vec::new(),
            duration: Duration::ZERO,
        };
        if dry_run {
            let reading = self.reading().await?;
            outcome.pending = self.public_pending(&reading).await?;
        } else {
            let session = self.session().await?;
            let work = self.work(&session, Schema::Public);
            let applied = engine::migrate(work, None).await.require_all()?;
            outcome.applied = versions(&applied);
            drop(session);
            self.look_for_columns().await?;
            self.make_reference_tables().await?;
        }
        outcome.duration = started.elapsed();
        Ok(outcome)
    }

    /// Brings the tenants up to date, several at a time. A tenant that fails
    /// stays as it was and does not stop the others. When all tenants are meant,
    /// the spare schemas follow.
    ///
    /// `observe` hears of each tenant as it ends, those that need nothing left
    /// out, and holds up the run while it listens; `stop` ends the run early.
    ///
    /// # Errors
    ///
    /// Only what concerns the run as a whole: no connection, no tracker, or a
    /// pending migration that must not run at all. A tenant's own error is in
    /// its [`Outcome`].
    pub async fn migrate(
        &self,
        options: &MigrateOptions,
        stop: &Stop,
        observe: &(dyn Fn(&Progress<'_>) + Sync),
    ) -> Result<FleetReport, Error> {
        let migrated = self.bring_up(options, stop, observe);
        Call::Migrate.tell(migrated).await
    }

    async fn bring_up(
        &self,
        options: &MigrateOptions,
        stop: &Stop,
        observe: &(dyn Fn(&Progress<'_>) + Sync),
    ) -> Result<FleetReport, Error> {
        let started = Instant::now();
        self.look_for_columns().await?;
        let mut migrations = self.migrations.tenant.iter();
        let is_any_unfit = migrations.any(|migration| migration.refusal().is_some());
        // Where something is to be decided before the first tenant is begun, it
        // has to be known: a migration that must not run refuses the run where it
        // is pending, and a tenant without a schema counts as a failure.
        let decides = options.dry_run || is_any_unfit || options.max_failures.is_some();
        let knowledge = if decides {
            Knowledge::Certain
        } else {
            Knowledge::ToBeChecked
        };
        let states = self.states(&options.only, knowledge).await?;
        // Spares go with the whole fleet. They are read before the first tenant is
        // begun: an error after that would lose the report.
        let spares_behind = if options.dry_run || !options.only.is_empty() {
            Vec::new()
        } else {
            self.spares_behind().await?
        };
        let mut notes = notes::of_states(&states, &self.migrations.tenant);
        notes.extend(self.edited().await?);
        let (mut outcomes, behind) = sort(states, &options.only);
        let mut spares = Vec::new();
        self.refuse_unfit(&behind)?;
        for failed in outcomes.iter().filter(|it| it.error.is_some()) {
            events::schema_ended(Whose::tenant(&failed.name), failed);
        }
        observe(&Progress::Planned {
            behind: behind.len(),
        });
        if options.dry_run {
            outcomes.extend(behind.into_iter().map(planned));
        } else {
            let limits = Limits {
                jobs: options.jobs,
                max_failures: options.max_failures,
                failed: outcomes
                    .iter()
                    .filter(|outcome| outcome.error.is_some())
                    .count(),
            };
            let items = behind.iter().map(Standing::item).collect::<Vec<_>>();
            if !(items.is_empty() && spares_behind.is_empty()) {
                self.prepare_references().await?;
            }
            let observe = |outcome: &Outcome| observe(&Progress::Ended(outcome));
            let mut ended = self
                .for_each(items, Task::Migrate, limits, stop, &observe)
                .await?;
            note_what_remains(&mut ended, behind);
            outcomes.extend(ended);
            let task = Task::Migrate;
            let migrated = self.for_spares(spares_behind, task, options.jobs, stop);
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

    /// The versions that the public schema lacks, oldest first.
    pub(super) async fn public_pending(&self, reading: &Reading<'_>) -> Result<Vec<String>, Error> {
        let migrations = &self.migrations.public;
        let applied = state::read_public(reading).await?;
        Ok(versions(&migrations.pending(&applied)))
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
        Outcome::timed(schema.key(), migrated).await
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
        let pending = |version: &str| {
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
}

/// Those with nothing to do or nothing to be done, and those that are behind.
fn sort(states: Vec<State>, only: &[TenantName]) -> (Vec<Outcome>, Vec<Standing>) {
    let mut outcomes = Vec::new();
    let mut behind = Vec::new();
    for name in state::unknown(&states, only) {
        outcomes.push(Outcome::failed(name.as_str(), Error::Unknown(name.clone())));
    }
    for state in states {
        match state.standing {
            Err(error) => outcomes.push(Outcome::failed(state.name, error)),
            Ok(standing) if standing.pending.is_empty() => {
                outcomes.push(Outcome::idle(state.name, Status::UpToDate));
            }
            Ok(standing) => behind.push(standing),
        }
    }
    (outcomes, behind)
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
