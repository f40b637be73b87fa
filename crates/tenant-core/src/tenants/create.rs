//! Makes tenants.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::each::Task;
use super::handle::Tenants;
use super::{notes, state};
use crate::engine::{self, refuse_unfit};
use crate::events::{self, Call};
use crate::fleet::{Item, Limits, Stop};
use crate::link::Session;
use crate::migration::versions;
use crate::name::{Entry, Schema, Target};
use crate::registry::List;
use crate::report::{FleetReport, Note, Outcome, Status};
use crate::{Error, TenantName};

impl Tenants {
    /// Makes one tenant: its schema, all migrations, and its registration. A
    /// spare schema that is up to date is taken, and built only where there is
    /// none (see [`Tenants::keep_spares`]).
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::NotSetUp`], [`Error::Taken`],
    /// [`Error::Untracked`] when a schema of that name exists,
    /// [`Error::MissingSchema`] when it is registered without one,
    /// [`Error::Busy`], or what the migrations meet. Then there is no such new
    /// tenant, unless it is [`Error::HalfMade`].
    pub async fn create(&self, name: &TenantName) -> Result<Outcome, Error> {
        let target = self.target(name);
        let made = async {
            self.prepare_references().await?;
            let session = self.session().await?;
            let spares = AtomicBool::new(true);
            let made = self.create_one(&session, &target, &spares).await;
            made.into_result()
        };
        Call::Create.tell_of(Schema::Tenant(&target), made).await
    }

    /// Makes several tenants, some at a time (`jobs` as in
    /// [`MigrateOptions`](super::MigrateOptions)). One that fails leaves
    /// nothing behind and does not stop the others.
    ///
    /// `observe` hears of each as it ends, and holds up the run while it listens;
    /// `stop` ends the run early.
    ///
    /// # Errors
    ///
    /// Only what concerns the run as a whole: no connection, no tracker, or a
    /// migration that must not run at all. A tenant's own error is in its
    /// [`Outcome`].
    pub async fn create_all(
        &self,
        names: Vec<TenantName>,
        jobs: Option<NonZeroUsize>,
        stop: &Stop,
        observe: &(dyn Fn(&Outcome) + Sync),
    ) -> Result<FleetReport, Error> {
        let made = self.make_all(names, jobs, stop, observe);
        Call::CreateAll.tell(made).await
    }

    async fn make_all(
        &self,
        names: Vec<TenantName>,
        jobs: Option<NonZeroUsize>,
        stop: &Stop,
        observe: &(dyn Fn(&Outcome) + Sync),
    ) -> Result<FleetReport, Error> {
        let started = Instant::now();
        self.require_tracker().await?;
        self.look_for_columns().await?;
        refuse_unfit(self.migrations.tenant.iter())?;
        self.prepare_references().await?;
        let limits = Limits {
            jobs,
            ..Limits::default()
        };
        let items = names.iter().map(|name| self.target(name));
        let items = items.map(Entry::Tenant).map(Item::from).collect();
        let outcomes = self
            .for_each(items, Task::Create, limits, stop, observe)
            .await?;
        let report = FleetReport {
            outcomes,
            spares: Vec::new(),
            notes: self.same_but_for_case(&names).await,
            duration: started.elapsed(),
        };
        events::fleet_ended(&report);
        Ok(report)
    }

    pub(super) async fn create_one(
        &self,
        session: &Session,
        target: &Target,
        spares: &AtomicBool,
    ) -> Outcome {
        let made = self.claim_or_build(session, target, spares);
        Outcome::timed(target.name.as_str(), made).await
    }

    /// `spares` says whether it is worth while to look for one, and learns it
    /// when there is none.
    async fn claim_or_build(
        &self,
        session: &Session,
        target: &Target,
        spares: &AtomicBool,
    ) -> Result<Outcome, Error> {
        let work = self.work(session, Schema::Tenant(target));
        let (applied, from_spare) = match &self.placement {
            Some(node) => {
                self.build_on(session, target, node).await?;
                (work.migrations.iter().collect(), false)
            }
            None if spares.load(Ordering::Relaxed) && engine::claim(work).await? => {
                (work.migrations.iter().collect(), true)
            }
            None => {
                spares.store(false, Ordering::Relaxed);
                (engine::create(work).await?, false)
            }
        };
        self.directory.forget(&target.name);
        Ok(Outcome {
            applied: versions(&applied),
            from_spare,
            ..Outcome::idle(target.name.as_str(), Status::Created)
        })
    }

    /// What is worth saying of the names. The tenants are made, so that it cannot
    /// be asked is no reason to lose the report.
    pub(super) async fn same_but_for_case(&self, names: &[TenantName]) -> Vec<Note> {
        match self.reading().await {
            Ok(reading) => notes::same_but_for_case(&reading, &self.registry, names).await,
            Err(error) => Err(error),
        }
        .unwrap_or_default()
    }

    async fn require_tracker(&self) -> Result<(), Error> {
        let reading = self.reading().await?;
        let sql = self.registry.probe(List::Tenants);
        let found = reading.query(&sql, &[]).await;
        found
            .map(drop)
            .map_err(|error| state::tracker_error(&self.registry, error))
    }
}
