//! Spare schemas: migrated schemas that are created in advance and have no name yet.
//!
//! Creating a tenant means creating all its tables, which takes long on a disk. Instead of waiting
//! for that, a sign-up takes a spare and gives it a name.

use std::time::Instant;

use super::each::Task;
use super::handle::Tenants;
use super::listed_spares::Is;
use super::setters::setter;
use super::state;
use crate::engine::{self, Dependents, refuse_unfit};
use crate::events::{self, Call};
use crate::fleet::{Item, Pace};
use crate::link::Session;
use crate::migration::versions;
use crate::name::{Entry, Schema};
use crate::registry::{List, Registry, SPARE_PREFIX};
use crate::report::{Outcome, SpareCount, SpareReport, Status};
use crate::{Answer, Error, SchemaName};

/// How many spares are built between two looks at whether to continue.
const PORTION: usize = 100;

/// The spares. Returned by [`Tenants::spares`].
#[derive(Clone, Copy)]
pub struct Spares<'a> {
    tenants: &'a Tenants,
}

impl Tenants {
    /// Returns the spares: migrated schemas without a name, so that a sign-up takes milliseconds.
    ///
    /// ```no_run
    /// # use tenant_core::{Error, Tenants};
    /// # async fn example(tenants: Tenants) -> Result<(), Error> {
    /// if tenants.spares().count().await?.ready < 5 {
    ///     tenants.spares().keep(10).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn spares(&self) -> Spares<'_> {
        Spares { tenants: self }
    }
}

impl<'a> Spares<'a> {
    /// Counts the spares.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], or a server error.
    pub fn count(self) -> Answer<'a, Result<SpareCount, Error>> {
        Call::Spares.tell(self.tenants.count_spares())
    }

    /// Keeps `count` spares ready. The run migrates spares that are behind, builds missing spares,
    /// and drops outdated spares and spares above `count`. It stops building after a failure.
    /// Spares of a newer program do not change, but count. If `count` is zero, they also stay,
    /// unless [`KeepSpares::include_other_programs`] is set. The run calls `observe` as each schema
    /// ends.
    ///
    /// # Errors
    ///
    /// [`Error::NoSpareList`] if the public migrations do not create the list of spares or are
    /// pending, and errors of the run as a whole. A schema's own error is in its [`Outcome`].
    pub fn keep(self, count: usize) -> KeepSpares<'a> {
        KeepSpares {
            tenants: self.tenants,
            count,
            others: Others::Leave,
            pace: Pace::default(),
            observe: Box::new(|_| {}),
        }
    }
}

/// What becomes of other programs' spares when none is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    Leave,
    Drop,
}

/// A run that keeps spares ready. Returned by [`Spares::keep`].
#[must_use = "nothing is done until it is awaited"]
pub struct KeepSpares<'a> {
    tenants: &'a Tenants,
    count: usize,
    others: Others,
    pace: Pace<'a>,
    observe: Box<dyn Fn(&Outcome) + Send + Sync + 'a>,
}

impl<'a> KeepSpares<'a> {
    /// Also drops the spares of newer and other programs if `count` is zero. Use it after you roll
    /// back a deployment.
    pub fn include_other_programs(mut self) -> Self {
        self.others = Others::Drop;
        self
    }

    setter!(jobs: "8");
    setter!(stop);
    setter!(observe: Outcome);
}

impl<'a> IntoFuture for KeepSpares<'a> {
    type Output = Result<SpareReport, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Call::KeepSpares.tell(self.tenants.see_to_spares(self))
    }
}

impl Tenants {
    async fn count_spares(&self) -> Result<SpareCount, Error> {
        let mut count = SpareCount::default();
        for spare in self.listed_spares().await? {
            *match spare.is {
                Is::Ready(_) => &mut count.ready,
                Is::Behind(_) => &mut count.behind,
                Is::Ahead | Is::OtherProgram => &mut count.ahead,
                Is::Outdated(_) => &mut count.outdated,
                Is::Gone | Is::Tenants | Is::NoSpare | Is::Unreadable => &mut count.other,
            } += 1;
        }
        Ok(count)
    }

    async fn see_to_spares(&self, call: KeepSpares<'_>) -> Result<SpareReport, Error> {
        let (count, pace, observe) = (call.count, call.pace, &*call.observe);
        let started = Instant::now();
        self.require_list().await?;
        self.look_for_columns().await?;
        refuse_unfit(self.migrations.tenant.iter())?;
        if count > 0 {
            self.require_no_name().await?;
        }
        self.prepare_references().await?;
        let mut outcomes = Vec::new();
        if count > 0 {
            let behind = self.spares_behind().await?;
            outcomes = self.for_spares(behind, Task::Migrate, pace).await;
            outcomes.iter().for_each(observe);
        }
        let found = self.find_spares().await?;
        let (kept, surplus) = found.ready.split_at(count.min(found.ready.len()));
        let mut unwanted = [surplus, &found.lost, &found.outdated].concat();
        let newer = found.ahead.len();
        let mut of_others = [found.ahead, found.foreign].concat();
        if count == 0 {
            unwanted.extend(found.others);
        }
        if count == 0 && call.others == Others::Drop {
            // Not one of them holds rows of a tenant.
            unwanted.append(&mut of_others);
        }
        outcomes.extend(self.drop_spares(unwanted, &call).await?);
        // Spares of a newer program count, because that program keeps them now. If both
        // programs built their own, each would undo the other's work.
        let lacking = count.saturating_sub(kept.len() + newer);
        let built = self.build_spares(lacking, &call).await?;
        let created = built.iter().filter(|it| it.status == Status::Created);
        let created = created.count();
        let mut ready = kept.len() + created;
        outcomes.extend(built);
        if created > 0 {
            ready = ready.min(self.drop_surplus(&call, &mut outcomes).await?);
        }
        outcomes.sort_by(|one, other| one.name.cmp(&other.name));
        let report = SpareReport {
            outcomes,
            ready,
            ahead: of_others.len(),
            left_alone: left_alone(&of_others),
            duration: started.elapsed(),
        };
        events::spares_ended(&report);
        Ok(report)
    }

    /// Builds `lacking` spares in portions, so that a number that is far too large costs no
    /// memory in advance. It ends when the server refuses one, or when the run is stopped.
    async fn build_spares(
        &self,
        lacking: usize,
        call: &KeepSpares<'_>,
    ) -> Result<Vec<Outcome>, Error> {
        let mut built = Vec::new();
        while built.len() < lacking {
            let new = std::iter::repeat_with(|| new_name(&self.registry));
            let new = new.take(PORTION.min(lacking - built.len()));
            let new = new.map(|name| Ok(Entry::Spare(name?).into()));
            let (new, limits) = (new.collect::<Result<_, Error>>()?, call.pace.limits(0));
            let task = self.for_each(new, Task::Create, limits, call.pace.stop, &*call.observe);
            let outcomes = task.await?;
            let is_over = outcomes.iter().any(|it| it.status != Status::Created);
            built.extend(outcomes);
            if is_over {
                break;
            }
        }
        Ok(built)
    }

    /// Drops surplus spares, which another run may have built at the same time, and returns how
    /// many are ready. Both runs choose the same ones: the last by name.
    async fn drop_surplus(
        &self,
        call: &KeepSpares<'_>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<usize, Error> {
        let listed = self.states_of_spares().await?.len();
        if listed <= call.count {
            return Ok(listed);
        }
        let now = self.find_spares().await?.ready;
        let surplus = now.get(call.count..).unwrap_or_default().to_vec();
        let ready = now.len() - surplus.len();
        outcomes.extend(self.drop_spares(surplus, call).await?);
        Ok(ready)
    }

    /// Drops these spares.
    async fn drop_spares(
        &self,
        spares: Vec<SchemaName>,
        call: &KeepSpares<'_>,
    ) -> Result<Vec<Outcome>, Error> {
        let items = spares.into_iter().map(Entry::Spare).map(Item::from);
        let (items, pace) = (items.collect(), call.pace);
        self.for_each(items, Task::Drop, pace.limits(0), pace.stop, &*call.observe)
            .await
    }

    /// The spares that are behind.
    pub(super) async fn spares_behind(&self) -> Result<Vec<Item>, Error> {
        let spares = self.listed_spares().await?.into_iter();
        let behind = spares.filter_map(|spare| match spare.is {
            Is::Behind(standing) => Some(standing.item()),
            _ => None,
        });
        Ok(behind.collect())
    }

    /// Does `task` with these spares, once the tenants are done. Migrations that would write
    /// a spare's name into what they make are not applied to it. What
    /// concerns them all is in the first one's outcome: what was done with the
    /// tenants before has to be told.
    pub(super) async fn for_spares(
        &self,
        spares: Vec<Item>,
        task: Task<'_>,
        pace: Pace<'_>,
    ) -> Vec<Outcome> {
        let first = spares.first().map(|item| item.entry.clone());
        let limits = pace.whatever_fails().limits(0);
        let done = async {
            if matches!(task, Task::Migrate) && !spares.is_empty() {
                match self.require_no_name().await {
                    // They stay behind, and are not taken.
                    Err(Error::DependsOnName { .. }) => return Ok(Vec::new()),
                    may => may?,
                }
            }
            self.for_each(spares, task, limits, pace.stop, &|_| {})
                .await
        };
        done.await.unwrap_or_else(|error| {
            let first = first.map(|entry| {
                let failed = Outcome::failed(entry.key(), error);
                events::schema_ended(entry.schema(), &failed);
                failed
            });
            first.into_iter().collect()
        })
    }

    pub(super) async fn build_spare(&self, session: &Session, name: &SchemaName) -> Outcome {
        let made = async {
            let applied = engine::create(self.work(session, Schema::Spare(name))).await?;
            Ok(Outcome {
                applied: versions(&applied),
                ..Outcome::idle(name.as_str(), Status::Created)
            })
        };
        let made = Outcome::timed(name.as_str(), made);
        self.hearing(session, Schema::Spare(name), made).await
    }

    pub(super) async fn drop_spare(&self, session: &Session, name: &SchemaName) -> Outcome {
        let dropped = async {
            let work = self.work(session, Schema::Spare(name));
            match engine::remove(work, Dependents::Refuse).await {
                // Somebody has taken it meanwhile, and that is just as well.
                Ok(_) | Err(Error::UnknownSpare(_)) => {
                    Ok(Outcome::idle(name.as_str(), Status::Dropped))
                }
                Err(error) => Err(error),
            }
        };
        Outcome::timed(name.as_str(), dropped).await
    }

    async fn find_spares(&self) -> Result<Found, Error> {
        let mut found = Found::default();
        for spare in self.listed_spares().await? {
            let names = match spare.is {
                Is::Ready(_) => &mut found.ready,
                Is::Ahead => &mut found.ahead,
                Is::OtherProgram => &mut found.foreign,
                Is::Outdated(_) => &mut found.outdated,
                Is::Gone => &mut found.lost,
                Is::Behind(_) | Is::Unreadable => &mut found.others,
                // These are not ours to drop.
                Is::Tenants | Is::NoSpare => continue,
            };
            names.extend(spare.schema());
        }
        Ok(found)
    }

    pub(super) async fn require_list(&self) -> Result<(), Error> {
        let reading = self.reading().await?;
        let sql = self.registry.probe(List::Spares);
        let found = reading.query(&sql, &[]).await;
        // Its session is free for the next question.
        drop(reading);
        let Err(error) = found else {
            return Ok(());
        };
        match state::registry_error(&self.registry, error) {
            Error::NotSetUp { .. } => Err(self.told_apart(self.registry.no_spare_list()).await),
            error => Err(error),
        }
    }
}

/// The spares that can be taken, and others.
#[derive(Default)]
struct Found {
    ready: Vec<SchemaName>,
    /// A newer program's.
    ahead: Vec<SchemaName>,
    /// Another program's, with the same versions.
    foreign: Vec<SchemaName>,
    /// Never taken, whatever is done with them.
    outdated: Vec<SchemaName>,
    /// Without a schema.
    lost: Vec<SchemaName>,
    /// Behind, or not readable.
    others: Vec<SchemaName>,
}

fn left_alone(spares: &[SchemaName]) -> Vec<String> {
    let mut names = spares.iter().map(ToString::to_string).collect::<Vec<_>>();
    names.sort_unstable();
    names
}

/// A name that no spare has.
pub(super) fn new_name(registry: &Registry) -> Result<SchemaName, Error> {
    let name = format!("{SPARE_PREFIX}{:016x}", rand::random::<u64>());
    registry.spare(&name)
}
