//! Spreads tenants over a cluster that were made before there was one.

use std::num::NonZeroUsize;
use std::time::Instant;

use super::each::Task;
use super::handle::Tenants;
use super::places::{homes, spread};
use super::setters::setter;
use super::state;
use crate::events::{self, Call};
use crate::fleet::{Item, Pace, Selection};
use crate::link::Session;
use crate::name::{Entry, Schema, Target};
use crate::registry::List;
use crate::report::{FleetReport, Outcome, Progress, Status};
use crate::{Answer, Error, TenantName, engine};

/// A run that distributes tenants. Returned by [`Cluster::distribute`](crate::Cluster::distribute).
#[must_use = "nothing is distributed until it is awaited"]
pub struct Distribute<'a> {
    tenants: &'a Tenants,
    select: Selection,
    pace: Pace<'a>,
    dry_run: bool,
    observe: Box<dyn Fn(&Progress<'_>) + Send + Sync + 'a>,
}

impl<'a> Distribute<'a> {
    pub(super) fn new(tenants: &'a Tenants) -> Self {
        Self {
            tenants,
            select: Selection::All,
            pace: Pace {
                jobs: NonZeroUsize::new(1),
                ..Pace::default()
            },
            dry_run: false,
            observe: Box::new(|_| {}),
        }
    }

    setter!(select);
    setter!(jobs: "1");
    setter!(dry_run);
    setter!(stop);
    setter!(observe: Progress<'_>);
}

impl<'a> IntoFuture for Distribute<'a> {
    type Output = Result<FleetReport, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Call::Distribute.tell(async move { self.tenants.distribute_all(&self).await })
    }
}

impl Tenants {
    async fn distribute_all(&self, call: &Distribute<'_>) -> Result<FleetReport, Error> {
        let observe = &*call.observe;
        let started = Instant::now();
        if !self.database.is_cluster() {
            return Err(Error::NotACluster);
        }
        let (mut outcomes, local) = self.sort_by_place(&call.select).await?;
        let behind = local.len();
        observe(&Progress::Planned { behind });
        let mut spares = Vec::new();
        if call.dry_run {
            let skipped = |it: &Target| Outcome::idle(it.name.as_str(), Status::Skipped);
            outcomes.extend(local.iter().map(skipped));
        } else {
            let observe = |outcome: &Outcome| observe(&Progress::Ended(outcome));
            let (done, of_spares) = self.bring(local, call, &observe).await?;
            outcomes.extend(done);
            spares = of_spares;
        }
        outcomes.sort_by(|one, other| one.name.cmp(&other.name));
        let report = FleetReport {
            outcomes,
            spares,
            notes: Vec::new(),
            duration: started.elapsed(),
        };
        events::fleet_ended(&report);
        Ok(report)
    }

    /// Distributes these tenants, and the spares where all tenants are meant; what came
    /// of each of them.
    async fn bring(
        &self,
        tenants: Vec<Target>,
        call: &Distribute<'_>,
        observe: &(dyn Fn(&Outcome) + Sync),
    ) -> Result<(Vec<Outcome>, Vec<Outcome>), Error> {
        let pace = call.pace;
        // Read before the first tenant is begun: an error after that would lose the report.
        let spares = if call.select.is_all() {
            self.local_spares().await?
        } else {
            Vec::new()
        };
        if !(tenants.is_empty() && spares.is_empty()) {
            self.make_reference_tables().await?;
        }
        let items = tenants.into_iter().map(Entry::Tenant).map(Item::from);
        let items = items.collect();
        let done = self
            .for_each(items, Task::Distribute, pace.limits(0), pace.stop, observe)
            .await?;
        let task = Task::Distribute;
        Ok((done, self.for_spares(spares, task, pace).await))
    }

    /// Those of the selected tenants with which nothing is to be done or nothing can be,
    /// and those to distribute.
    async fn sort_by_place(
        &self,
        select: &Selection,
    ) -> Result<(Vec<Outcome>, Vec<Target>), Error> {
        let reading = self.reading().await?;
        let registered = spread(&reading, &self.registry, select).await?;
        let mut outcomes = Vec::new();
        let mut local = Vec::new();
        let is_missing = |name: &&TenantName| {
            let mut registered = registered.iter();
            !registered.any(|it| it.name == name.as_str())
        };
        let missing = select.names().filter(is_missing).cloned();
        let missing = missing.collect::<Vec<_>>();
        for (name, target) in missing.iter().zip(self.targets(&missing).await?) {
            match target {
                // Whether it is no tenant at all, or one without a schema, is found there.
                Ok(target) => local.push(target),
                Err(error) => outcomes.push(Outcome::failed(name.as_str(), error)),
            }
        }
        for tenant in registered {
            match self.registry.tenant(&tenant.name, Some(&tenant.schema)) {
                Err(error) => outcomes.push(Outcome::failed(tenant.name, error)),
                Ok(_) if tenant.is_distributed => {
                    outcomes.push(Outcome::idle(tenant.name, Status::UpToDate));
                }
                Ok(target) => local.push(target),
            }
        }
        Ok((outcomes, local))
    }

    async fn local_spares(&self) -> Result<Vec<Item>, Error> {
        let reading = self.reading().await?;
        let spares = state::names_of_spares(&reading, &self.registry).await?;
        let homes = homes(&reading).await?;
        let local = spares.iter().filter(|name| !homes.contains_key(*name));
        Ok(local
            .filter_map(|name| self.registry.entry(List::Spares, name, None).ok())
            .map(Item::from)
            .collect())
    }

    pub(super) async fn distribute_one(&self, session: &Session, schema: Schema<'_>) -> Outcome {
        let brought = async {
            let done = match schema {
                Schema::Tenant(_) | Schema::Spare(_) => {
                    engine::distribute(self.work(session, schema)).await
                }
                Schema::Public | Schema::Rehearsal(_) => Ok(false),
            };
            if let Schema::Tenant(target) = schema {
                self.directory.forget(&target.name);
            }
            let status = if done? {
                Status::Distributed
            } else {
                Status::UpToDate
            };
            Ok(Outcome::idle(schema.key(), status))
        };
        Outcome::timed(schema.key(), brought).await
    }
}
