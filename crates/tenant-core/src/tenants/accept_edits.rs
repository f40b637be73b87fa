//! Accepts the texts of edited migrations, where the edit has changed nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::applied_texts::{self, AppliedTexts};
use super::each::Task;
use super::expected::Trust;
use super::handle::Tenants;
use super::recording::{Job, Jobs, Purpose, not_compared, sets};
use super::setters::setter;
use super::state::{self, Knowledge, Standing, State};
use crate::engine::Keep;
use crate::events::{self, Call};
use crate::fleet::{Pace, Selection};
use crate::registry::List;
use crate::report::{FleetReport, Outcome, Progress, Status};
use crate::{Answer, Error, Version};

/// A run that accepts edited migrations. Returned by [`Tenants::accept_edits`].
#[must_use = "nothing is accepted until it is awaited"]
pub struct AcceptEdits<'a> {
    tenants: &'a Tenants,
    select: Selection,
    pace: Pace<'a>,
    migrations: BTreeSet<Version>,
    dry_run: bool,
    observe: Box<dyn Fn(&Progress<'_>) + Send + Sync + 'a>,
}

impl<'a> AcceptEdits<'a> {
    setter!(select);
    setter!(jobs: "8");
    setter!(max_failures);
    setter!(stop);
    setter!(observe: Progress<'_>);

    /// Accepts only the edit of this migration. Call it again for more migrations. The default is
    /// all edits.
    pub fn migration(mut self, version: Version) -> Self {
        self.migrations.insert(version);
        self
    }

    /// Checks everything and changes nothing.
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    fn is_meant(&self, version: &Version) -> bool {
        self.migrations.is_empty() || self.migrations.contains(version)
    }

    /// Whether each text that was applied to a schema is named, where all of them are others
    /// than those of this program: the schema may be another program's.
    fn names_all(&self, standing: &Standing) -> bool {
        match &standing.texts {
            AppliedTexts::Ours | AppliedTexts::Silent => true,
            AppliedTexts::Others(versions) => {
                versions.iter().all(|it| self.migrations.contains(it))
            }
        }
    }
}

impl<'a> IntoFuture for AcceptEdits<'a> {
    type Output = Result<FleetReport, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Call::AcceptEdits.tell(async move { self.tenants.accept_all(&self).await })
    }
}

/// What is known of the texts of each schema, by what its list calls it.
#[derive(Default)]
struct Edits {
    edited: BTreeMap<String, Vec<Version>>,
    /// Of these nothing is known.
    unreadable: BTreeSet<String>,
}

impl Tenants {
    /// Accepts the texts of migrations that were edited after they were applied. In each tenant
    /// whose schema matches the edited migrations, these texts count as applied from then on. No
    /// migration runs.
    ///
    /// A tenant whose schema differs fails and keeps its record, because the edit matters there.
    /// Several tenants run at a time, each in one transaction. If all tenants are selected, the
    /// spares are processed after them. Rows are not compared, and a note lists what else was not compared.
    ///
    /// If no applied text of a tenant matches this program, the tenant may belong to another
    /// program with the same versions. It fails unless you name each migration with
    /// [`AcceptEdits::migration`].
    ///
    /// # Errors
    ///
    /// Errors of the run as a whole: [`Error::NotSetUp`], [`Error::NoVersion`],
    /// [`Error::NoFingerprints`] for a list without them, or a failed trial run. A tenant's own
    /// error is in its [`Outcome`]: [`Error::EditMatters`], [`Error::UnknownApplied`],
    /// [`Error::OtherProgram`], [`Error::NoFingerprints`].
    pub fn accept_edits(&self) -> AcceptEdits<'_> {
        AcceptEdits {
            tenants: self,
            select: Selection::All,
            pace: Pace::default(),
            migrations: BTreeSet::new(),
            dry_run: false,
            observe: Box::new(|_| {}),
        }
    }

    async fn accept_all(&self, call: &AcceptEdits<'_>) -> Result<FleetReport, Error> {
        let started = Instant::now();
        let ours = &self.migrations.tenant;
        let mut named = call.migrations.iter();
        if let Some(stranger) = named.find(|version| ours.find(version.as_str()).is_none()) {
            return Err(Error::NoVersion(stranger.clone()));
        }
        self.look_for_columns().await?;
        let mut states = self.states(&call.select, Knowledge::Certain).await?;
        self.refuse_behind(&mut states);
        self.refuse_without_history(&mut states).await?;
        if !self.registry.has_fingerprints() {
            let list = format!("the table `{}`", self.registry.name_of(List::Tenants));
            return Err(Error::NoFingerprints(list));
        }
        let spares = if call.select.is_all() {
            self.states_of_own_spares().await?
        } else {
            Vec::new()
        };
        let missing = state::unknown(&states, &call.select);
        let missing =
            missing.map(|name| Outcome::failed(name.as_str(), Error::Unknown(name.clone())));
        let mut outcomes = missing.collect::<Vec<_>>();
        let edits = self.edits(List::Tenants, call).await?;
        let (jobs, idle) = self.with_edits(states, &edits, call);
        let edits = self.edits(List::Spares, call).await?;
        let (of_spares, idle_spares) = self.with_edits(spares, &edits, call);
        outcomes.extend(idle);
        let sets = sets(jobs.iter().chain(&of_spares));
        let shapes = self.expected(sets, Trust::Tried).await?;
        let keep = if call.dry_run { Keep::No } else { Keep::Yes };
        let jobs = Jobs::new(jobs, &shapes, Purpose::AcceptEdits, keep);
        let of_spares = Jobs::new(of_spares, &shapes, Purpose::AcceptEdits, keep);
        let notes = not_compared(&shapes, &[&jobs, &of_spares]);
        let items = jobs.items();
        let behind = items.len();
        (call.observe)(&Progress::Planned { behind });
        let observe = |outcome: &Outcome| (call.observe)(&Progress::Ended(outcome));
        let failed = outcomes.iter().filter(|it| it.error.is_some()).count();
        let (task, pace) = (Task::Record(&jobs), call.pace);
        let done = self.for_each(items, task, pace.limits(failed), pace.stop, &observe);
        outcomes.extend(done.await?);
        outcomes.sort_by(|one, other| one.name.cmp(&other.name));
        let task = Task::Record(&of_spares);
        let mut spares = self.for_spares(of_spares.items(), task, pace).await;
        spares.extend(idle_spares.into_iter().filter(|it| it.error.is_some()));
        let report = FleetReport {
            outcomes,
            spares,
            notes: notes.into_iter().collect(),
            duration: started.elapsed(),
        };
        events::fleet_ended(&report);
        Ok(report)
    }

    /// What was edited, and is meant.
    async fn edits(&self, list: List, call: &AcceptEdits<'_>) -> Result<Edits, Error> {
        let reading = self.reading().await?;
        let ours = &self.migrations.tenant;
        let texts = applied_texts::edits(&reading, &self.registry, list, ours).await?;
        let mut edits = Edits {
            unreadable: texts.unreadable.into_iter().collect(),
            ..Edits::default()
        };
        for (version, key) in texts.edited {
            let version = Version::recorded(&version);
            if call.is_meant(&version) {
                edits.edited.entry(key).or_default().push(version);
            }
        }
        Ok(edits)
    }

    /// What is to be done, and what came of those with which nothing is.
    fn with_edits(
        &self,
        states: Vec<State>,
        edits: &Edits,
        call: &AcceptEdits<'_>,
    ) -> (Vec<Job<'_>>, Vec<Outcome>) {
        let ours = &self.migrations.tenant;
        let (mut jobs, mut idle) = (Vec::new(), Vec::new());
        for state in states {
            let edited = edits.edited.get(&state.name);
            match (state.standing, edited) {
                (Err(error), _) => idle.push(Outcome::failed(state.name, error)),
                (Ok(standing), _) if edits.unreadable.contains(&state.name) => {
                    let row = format!("the row of {}", standing.entry.schema());
                    idle.push(Outcome::failed(state.name, Error::NoFingerprints(row)));
                }
                (Ok(standing), _) if !call.names_all(&standing) => {
                    let refused = standing.require_own_texts().err();
                    idle.extend(refused.map(|error| Outcome::failed(state.name, error)));
                }
                (Ok(_), None) => idle.push(Outcome::idle(state.name, Status::UpToDate)),
                (Ok(standing), Some(_)) if !standing.unknown.is_empty() => {
                    let schema = standing.entry.schema().to_string();
                    let versions = standing.unknown;
                    let error = Error::UnknownApplied { schema, versions };
                    idle.push(Outcome::failed(state.name, error));
                }
                (Ok(standing), Some(edited)) => {
                    let texts = ours.iter().filter(|one| edited.contains(one.version()));
                    jobs.push(Job {
                        texts: texts.collect(),
                        ..Job::new(&standing, ours)
                    });
                }
            }
        }
        (jobs, idle)
    }
}
