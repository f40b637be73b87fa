//! Makes tenants.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::each::Task;
use super::handle::Tenants;
use super::setters::setter;
use super::{notes, state};
use crate::engine::{self, refuse_unfit};
use crate::events::{self, Call, Whose};
use crate::fleet::{Item, Pace};
use crate::link::Session;
use crate::migration::versions;
use crate::name::{Entry, Schema, Target};
use crate::registry::List;
use crate::report::{FleetReport, Note, Outcome, Status};
use crate::{Answer, Error, SchemaName, TenantName};

/// A run that creates tenants. Returned by [`Tenants::create_many`].
#[must_use = "nothing is made until it is awaited"]
pub struct CreateMany<'a> {
    tenants: &'a Tenants,
    names: Vec<TenantName>,
    /// What schemas are called, where the naming does not say it.
    schemas: HashMap<TenantName, SchemaName>,
    pace: Pace<'a>,
    observe: Box<dyn Fn(&Outcome) + Send + Sync + 'a>,
}

impl<'a> CreateMany<'a> {
    /// Names the schema of one tenant, if only the list of tenants knows which schema belongs to
    /// which tenant: see [`Tenants::create_in`].
    pub fn in_schema(mut self, name: &TenantName, schema: &SchemaName) -> Self {
        self.schemas.insert(name.clone(), schema.clone());
        self
    }

    setter!(jobs: "8");
    setter!(max_failures);
    setter!(stop);
    setter!(observe: Outcome);
}

impl<'a> IntoFuture for CreateMany<'a> {
    type Output = Result<FleetReport, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Call::CreateAll.tell(self.tenants.make_all(self))
    }
}

impl Tenants {
    /// Creates one tenant: its schema, all migrations, and its registration. The call takes a spare
    /// that is up to date, and builds the schema only if there is none (see
    /// [`Spares::keep`](crate::Spares::keep)).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] if the naming does not allow the name, [`Error::Connect`],
    /// [`Error::NotSetUp`], [`Error::Taken`], [`Error::Incomplete`] if the tenant exists with
    /// pending migrations, [`Error::Hook`], [`Error::Untracked`] if a schema with that name exists,
    /// [`Error::MissingSchema`] if the tenant is registered without a schema, [`Error::Busy`], or
    /// an error of a migration. No new tenant exists then, except after [`Error::HalfMade`].
    pub fn create<'a>(&'a self, name: &'a TenantName) -> Answer<'a, Result<Outcome, Error>> {
        Box::pin(async move {
            let target = self.new_target_for(Call::Create, name, None).await?;
            let made = self.create_target(&target);
            Call::Create.tell_of(Schema::Tenant(&target), made).await
        })
    }

    /// The same in a named schema. Use it if only the list of tenants knows which schema belongs to
    /// which tenant, and the list lacks this tenant. See [`Naming::mapped`](crate::Naming::mapped).
    ///
    /// # Errors
    ///
    /// As [`Tenants::create`], and [`Error::InvalidName`] if the naming requires another schema.
    pub fn create_in<'a>(
        &'a self,
        name: &'a TenantName,
        schema: &'a SchemaName,
    ) -> Answer<'a, Result<Outcome, Error>> {
        Box::pin(async move {
            let target = self
                .new_target_for(Call::Create, name, Some(schema))
                .await?;
            let made = self.create_target(&target);
            Call::Create.tell_of(Schema::Tenant(&target), made).await
        })
    }

    async fn create_target(&self, target: &Target) -> Result<Outcome, Error> {
        self.prepare_references().await?;
        self.surroundings.forget();
        let spares = AtomicBool::new(self.may_take_spares().await?);
        let session = self.session().await?;
        let made = self.create_one(&session, target, &spares).await;
        // With all sessions held, nobody could ask why.
        drop(session);
        match made.into_result() {
            Err(error) => Err(self.told_apart(error).await),
            made => made,
        }
    }

    /// Creates several tenants, some at a time. A tenant that fails leaves nothing behind and does
    /// not stop the others. The run calls `observe` as each tenant ends.
    ///
    /// # Errors
    ///
    /// Only errors of the run as a whole: no connection, no registry, or a migration that cannot
    /// run. A tenant's own error is in its [`Outcome`].
    pub fn create_many<N: Into<TenantName>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> CreateMany<'_> {
        CreateMany {
            tenants: self,
            names: names.into_iter().map(Into::into).collect(),
            schemas: HashMap::new(),
            pace: Pace::default(),
            observe: Box::new(|_| {}),
        }
    }

    async fn make_all(&self, call: CreateMany<'_>) -> Result<FleetReport, Error> {
        let (names, pace) = (call.names, call.pace);
        let started = Instant::now();
        self.require_registry().await?;
        self.look_for_columns().await?;
        refuse_unfit(self.migrations.tenant.iter())?;
        self.prepare_references().await?;
        let (items, refused) = self.new_targets(&names, &call.schemas).await?;
        for outcome in &refused {
            events::schema_ended(Whose::tenant(&outcome.name), outcome);
            (call.observe)(outcome);
        }
        let items = items.into_iter().map(Entry::Tenant).map(Item::from);
        let items = items.collect();
        let mut outcomes = self
            .for_each(
                items,
                Task::Create,
                pace.limits(0),
                pace.stop,
                &*call.observe,
            )
            .await?;
        outcomes.extend(refused);
        outcomes.sort_by(|one, other| one.name.cmp(&other.name));
        let report = FleetReport {
            outcomes,
            spares: Vec::new(),
            notes: self.same_but_for_case(&names).await,
            duration: started.elapsed(),
        };
        events::fleet_ended(&report);
        Ok(report)
    }

    /// The tenants that can be made, and the outcomes of the others.
    async fn new_targets(
        &self,
        names: &[TenantName],
        schemas: &HashMap<TenantName, SchemaName>,
    ) -> Result<(Vec<Target>, Vec<Outcome>), Error> {
        let (mut targets, mut refused) = (Vec::new(), Vec::new());
        for (name, target) in names.iter().zip(self.targets(names).await?) {
            let schema = schemas.get(name);
            let target = match schema.is_some() || self.registry.names().is_mapped() {
                true => self.new_target(name, schema).await,
                false => target,
            };
            let allowed = self.registry.require_allowed(name);
            match allowed.map_err(Error::from).and(target) {
                Ok(target) => targets.push(target),
                Err(error) => refused.push(Outcome::failed(name.as_str(), error)),
            }
        }
        Ok((targets, refused))
    }

    pub(super) async fn create_one(
        &self,
        session: &Session,
        target: &Target,
        spares: &AtomicBool,
    ) -> Outcome {
        let made = async {
            let made = self.claim_or_build(session, target, spares).await;
            match made {
                Err(error) => Err(self.told_of_lacking(session, target, error).await),
                made => made,
            }
        };
        let made = Outcome::timed(target.name.as_str(), made);
        self.hearing(session, Schema::Tenant(target), made).await
    }

    /// The error, where the tenant that has the name is not complete.
    pub(super) async fn told_of_lacking(
        &self,
        session: &Session,
        target: &Target,
        error: Error,
    ) -> Error {
        let Error::Taken(name) = error else {
            return error;
        };
        let work = self.work(session, Schema::Tenant(target));
        match engine::lacking(work).await {
            lacking if lacking.is_empty() => Error::Taken(name),
            lacking => Error::Incomplete(name, lacking),
        }
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

    async fn require_registry(&self) -> Result<(), Error> {
        let reading = self.reading().await?;
        let sql = self.registry.probe(List::Tenants);
        let found = reading.query(&sql, &[]).await;
        drop(reading);
        match found {
            Ok(_) => Ok(()),
            Err(error) => {
                let error = state::registry_error(&self.registry, error);
                Err(self.told_apart(error).await)
            }
        }
    }
}
