//! Spare schemas: tenants that are made beforehand and have no name yet.
//!
//! Making a tenant means making all its tables, which takes long on a disk. A
//! sign-up that waits for it takes a spare instead, by giving it a name.

use std::collections::HashSet;
use std::time::Instant;

use tokio_postgres::types::Type;

use super::each::Task;
use super::handle::Tenants;
use super::setters::setter;
use super::state::{self, Standing};
use crate::engine::{self, Dependents, refuse_unfit};
use crate::events::{self, Call};
use crate::fleet::{Item, Pace};
use crate::link::Session;
use crate::migration::versions;
use crate::name::{Entry, Schema};
use crate::registry::{List, Registry};
use crate::report::{Outcome, SpareCount, SpareReport, Status};
use crate::{Answer, Error, SchemaName};

/// What their names begin with.
const PREFIX: &str = "_spare_";

/// The spare schemas: made by [`Tenants::spares`].
#[derive(Clone, Copy)]
pub struct Spares<'a> {
    tenants: &'a Tenants,
}

impl Tenants {
    /// The spare schemas, which are made in advance so that a sign-up takes
    /// milliseconds.
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
    /// How many spare schemas there are.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], or what the server says.
    pub fn count(self) -> Answer<'a, Result<SpareCount, Error>> {
        Call::Spares.tell(self.tenants.count_spares())
    }

    /// Sees to it that `count` spare schemas are ready: those that are behind
    /// are migrated, missing ones are built, and those too many are dropped.
    /// `observe` hears of each schema as it ends.
    ///
    /// # Errors
    ///
    /// [`Error::NoSpareList`] when the public migrations do not make the list of
    /// spares or have not been applied, and what concerns the run as a whole. A
    /// schema's own error is in its [`Outcome`].
    pub fn keep(self, count: usize) -> KeepSpares<'a> {
        KeepSpares {
            tenants: self.tenants,
            count,
            pace: Pace::default(),
            observe: Box::new(|_| {}),
        }
    }
}

/// A run that keeps spare schemas ready. Made by [`Spares::keep`].
#[must_use = "nothing is done until it is awaited"]
pub struct KeepSpares<'a> {
    tenants: &'a Tenants,
    count: usize,
    pace: Pace<'a>,
    observe: Box<dyn Fn(&Outcome) + Send + Sync + 'a>,
}

impl<'a> KeepSpares<'a> {
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
        let spares = self.states_of_spares().await?;
        let standings = spares
            .iter()
            .filter_map(|spare| spare.standing.as_ref().ok());
        let ready = standings.filter(|standing| is_up_to_date(standing)).count();
        Ok(SpareCount {
            ready,
            other: spares.len() - ready,
        })
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
        let behind = self.spares_behind().await?;
        let migrated = self.for_spares(behind, Task::Migrate, pace);
        let mut outcomes = migrated.await;
        outcomes.iter().for_each(observe);
        let Found { ready, lost } = self.find_spares().await?;
        let (kept, surplus) = ready.split_at(count.min(ready.len()));
        let lacking = count - kept.len();
        let new = std::iter::repeat_with(|| new_name(&self.registry)).take(lacking);
        let new = new.collect::<Result<Vec<_>, _>>()?;
        let unwanted = [surplus, &lost].concat();
        outcomes.extend(self.drop_spares(unwanted, &call).await?);
        let new = new.into_iter().map(Entry::Spare).map(Item::from).collect();
        let built = self.for_each(new, Task::Create, pace.limits(0), pace.stop, observe);
        let built = built.await?;
        let any_built = built.iter().any(|it| it.status == Status::Created);
        let mut ready = kept.len();
        ready += built
            .iter()
            .filter(|it| it.status == Status::Created)
            .count();
        outcomes.extend(built);
        if any_built {
            // Another run may have built as many meanwhile. Both find the same ones to be
            // too many: those behind the others by name.
            let now = self.find_spares().await?.ready;
            let surplus = now.get(count..).unwrap_or_default().to_vec();
            ready = ready.min(now.len() - surplus.len());
            outcomes.extend(self.drop_spares(surplus, &call).await?);
        }
        outcomes.sort_by(|one, other| one.name.cmp(&other.name));
        let report = SpareReport {
            outcomes,
            ready,
            duration: started.elapsed(),
        };
        events::spares_ended(&report);
        Ok(report)
    }

    /// Drops those of `spares` that are no tenant's.
    async fn drop_spares(
        &self,
        spares: Vec<SchemaName>,
        call: &KeepSpares<'_>,
    ) -> Result<Vec<Outcome>, Error> {
        let unwanted = self.without_tenants(spares).await?;
        let items = unwanted.into_iter().map(Entry::Spare).map(Item::from);
        let (items, pace) = (items.collect(), call.pace);
        self.for_each(items, Task::Drop, pace.limits(0), pace.stop, &*call.observe)
            .await
    }

    /// Those of `spares` that are no tenant's: what is in both lists has a tenant's rows.
    async fn without_tenants(&self, spares: Vec<SchemaName>) -> Result<Vec<SchemaName>, Error> {
        if spares.is_empty() {
            return Ok(spares);
        }
        let names = spares.iter().map(SchemaName::as_str).collect::<Vec<_>>();
        let question = self.registry.of_tenants();
        let reading = self.reading().await?;
        let rows = reading
            .query(&question, &[(&names, Type::TEXT_ARRAY)])
            .await;
        let failed = |error| state::registry_error(&self.registry, error);
        let rows = rows.map_err(failed)?;
        let tenants = rows.iter().map(|row| row.try_get::<_, String>(0));
        let tenants = tenants.collect::<Result<HashSet<_>, _>>().map_err(failed)?;
        let is_spare = |spare: &SchemaName| !tenants.contains(spare.as_str());
        Ok(spares.into_iter().filter(is_spare).collect())
    }

    /// The spares that are behind.
    pub(super) async fn spares_behind(&self) -> Result<Vec<Item>, Error> {
        let spares = self.states_of_spares().await?;
        let behind = spares.into_iter().filter_map(|spare| spare.standing.ok());
        let behind = behind.filter(|standing| !standing.pending.is_empty());
        let behind = behind.map(|standing| standing.item()).collect::<Vec<_>>();
        // Those that migrations would write their name into stay behind, and are not taken.
        if behind.is_empty() || self.require_no_name().await.is_err() {
            return Ok(Vec::new());
        }
        Ok(behind)
    }

    /// Does `task` with these spares, once the tenants are done. What
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
        let done = self.for_each(spares, task, limits, pace.stop, &|_| {});
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
        let spares = self.states_of_spares().await?;
        let mut found = Found::default();
        for spare in spares {
            match spare.standing {
                Err(Error::MissingSpare(name)) => found.lost.push(name),
                Ok(standing) if is_up_to_date(&standing) => {
                    found.ready.push(standing.entry.schema_name().clone());
                }
                _ => {}
            }
        }
        Ok(found)
    }

    pub(super) async fn require_list(&self) -> Result<(), Error> {
        let reading = self.reading().await?;
        let sql = self.registry.probe(List::Spares);
        let found = reading.query(&sql, &[]).await;
        found
            .map(drop)
            .map_err(|error| match state::registry_error(&self.registry, error) {
                Error::NotSetUp { .. } => self.registry.no_spare_list(),
                error => error,
            })
    }
}

/// The spares that can be taken, and those whose schema is gone.
#[derive(Default)]
struct Found {
    ready: Vec<SchemaName>,
    lost: Vec<SchemaName>,
}

fn is_up_to_date(standing: &Standing) -> bool {
    standing.pending.is_empty() && standing.unknown.is_empty()
}

/// Whether a schema is called like a spare.
pub(super) fn is_named_like_a_spare(name: &str) -> bool {
    let digits = name.strip_prefix(PREFIX);
    digits.is_some_and(|digits| {
        digits.len() == 16 && digits.chars().all(|digit| digit.is_ascii_hexdigit())
    })
}

/// A name that no spare has.
pub(super) fn new_name(registry: &Registry) -> Result<SchemaName, Error> {
    let name = format!("{PREFIX}{:016x}", rand::random::<u64>());
    registry.spare(&name)
}
