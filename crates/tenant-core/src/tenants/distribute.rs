//! Spreads tenants over a cluster that were made before there was one.

use std::num::NonZeroUsize;
use std::time::Instant;

use super::each::Task;
use super::handle::Tenants;
use super::places::{homes, spread};
use super::state;
use crate::events::{self, Call};
use crate::fleet::{Item, Limits, Stop};
use crate::link::Session;
use crate::name::{Entry, Schema, Target};
use crate::registry::List;
use crate::report::{FleetReport, Outcome, Progress, Status};
use crate::{Error, TenantName, engine};

/// How to distribute tenants.
#[derive(Debug, Clone, Default)]
pub struct DistributeOptions {
    /// Only these; all when empty. Names of no tenant are reported as failed.
    pub only: Vec<TenantName>,
    /// How many at a time; 1 when `None`, because each takes the coordinator's disk
    /// and the network for itself.
    pub jobs: Option<NonZeroUsize>,
    /// Only report which are not distributed.
    pub dry_run: bool,
}

impl Tenants {
    /// Brings tenants that the coordinator holds by itself to the servers of the
    /// cluster, each in a transaction of its own, with all rows. Who writes to a tenant
    /// waits meanwhile. Those that are distributed already are left alone.
    ///
    /// The tables of `public` that tenants refer to are made reference tables before,
    /// and when all tenants are meant the spare schemas follow them.
    ///
    /// `observe` hears how many there are and of each as it ends, and holds up the run
    /// while it listens; `stop` ends the run early.
    ///
    /// # Errors
    ///
    /// [`Error::NotACluster`], and what concerns the run as a whole. A tenant's own
    /// error is in its [`Outcome`].
    pub async fn distribute(
        &self,
        options: &DistributeOptions,
        stop: &Stop,
        observe: &(dyn Fn(&Progress<'_>) + Sync),
    ) -> Result<FleetReport, Error> {
        let done = self.distribute_all(options, stop, observe);
        Call::Distribute.tell(done).await
    }

    async fn distribute_all(
        &self,
        options: &DistributeOptions,
        stop: &Stop,
        observe: &(dyn Fn(&Progress<'_>) + Sync),
    ) -> Result<FleetReport, Error> {
        let started = Instant::now();
        if !self.database.is_cluster() {
            return Err(Error::NotACluster);
        }
        let (mut outcomes, local) = self.sort_by_place(&options.only).await?;
        let behind = local.len();
        observe(&Progress::Planned { behind });
        let mut spares = Vec::new();
        if options.dry_run {
            let skipped = |it: &Target| Outcome::idle(it.name.as_str(), Status::Skipped);
            outcomes.extend(local.iter().map(skipped));
        } else {
            let observe = |outcome: &Outcome| observe(&Progress::Ended(outcome));
            let (done, of_spares) = self.bring(local, options, stop, &observe).await?;
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
        options: &DistributeOptions,
        stop: &Stop,
        observe: &(dyn Fn(&Outcome) + Sync),
    ) -> Result<(Vec<Outcome>, Vec<Outcome>), Error> {
        let jobs = options.jobs.or(NonZeroUsize::new(1));
        // Read before the first tenant is begun: an error after that would lose the report.
        let spares = if options.only.is_empty() {
            self.local_spares().await?
        } else {
            Vec::new()
        };
        if !(tenants.is_empty() && spares.is_empty()) {
            self.make_reference_tables().await?;
        }
        let limits = Limits {
            jobs,
            ..Limits::default()
        };
        let items = tenants.into_iter().map(Entry::Tenant).map(Item::from);
        let items = items.collect();
        let done = self
            .for_each(items, Task::Distribute, limits, stop, observe)
            .await?;
        let task = Task::Distribute;
        Ok((done, self.for_spares(spares, task, jobs, stop).await))
    }

    /// Those of `only`, or of all tenants, with which nothing is to be done or nothing
    /// can be, and those to distribute.
    async fn sort_by_place(
        &self,
        only: &[TenantName],
    ) -> Result<(Vec<Outcome>, Vec<Target>), Error> {
        let reading = self.reading().await?;
        let registered = spread(&reading, &self.registry, only).await?;
        let mut outcomes = Vec::new();
        let mut local = Vec::new();
        for name in only {
            if !registered.iter().any(|it| it.name == name.as_str()) {
                // Whether it is no tenant at all, or one without a schema, is found there.
                local.push(self.target(name));
            }
        }
        for tenant in registered {
            match self.registry.tenant(&tenant.name) {
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
            .filter_map(|name| self.registry.entry(List::Spares, name).ok())
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
