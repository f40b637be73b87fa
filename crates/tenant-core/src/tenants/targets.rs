//! From names to schemas.

use tokio_postgres::types::Type;

use super::handle::Tenants;
use super::state::registry_error;
use crate::events::Call;
use crate::name::Target;
use crate::{Answer, Error, SchemaName, TenantName};

impl Tenants {
    /// The schema of the tenant `name`. The list is asked if only the list knows that; whether
    /// there is such a tenant or such a schema is not looked at.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] if only the list knows and does not have it, [`Error::InvalidName`] if
    /// no schema can be called as it says, [`Error::Connect`], or what the server says.
    pub fn schema_of<'a>(&'a self, name: &'a TenantName) -> Answer<'a, Result<SchemaName, Error>> {
        Box::pin(async move { Ok(self.target(name).await?.schema) })
    }

    /// The tenant `name` with its schema. The list is asked if only the list knows that.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`], or [`Error::InvalidName`] if no schema can be called as it says.
    pub(super) async fn target(&self, name: &TenantName) -> Result<Target, Error> {
        let mut found = self.targets(std::slice::from_ref(name)).await?;
        found.pop().unwrap_or_else(|| Err(unknown(name)))
    }

    /// The same of several, in their order, by one question at most.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub(super) async fn targets(
        &self,
        names: &[TenantName],
    ) -> Result<Vec<Result<Target, Error>>, Error> {
        if self.registry.names().is_mapped() {
            return self.listed_targets(names).await;
        }
        let targets = names.iter().map(|name| {
            let schema = self.registry.names().derived(name)?;
            let schema = schema.ok_or_else(|| unknown(name))?;
            let name = name.clone();
            Ok(Target { name, schema })
        });
        Ok(targets.collect())
    }

    /// The same for a call: an error is told as one of `call`.
    pub(super) async fn target_for(&self, call: Call, name: &TenantName) -> Result<Target, Error> {
        match self.target(name).await {
            Ok(target) => Ok(target),
            Err(error) => call.tell(async { Err(error) }).await,
        }
    }

    async fn listed_targets(
        &self,
        names: &[TenantName],
    ) -> Result<Vec<Result<Target, Error>>, Error> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let failed = |error| registry_error(&self.registry, error);
        let keys = names.iter().map(TenantName::as_str).collect::<Vec<_>>();
        let reading = self.reading().await?;
        let rows = reading
            .query(&self.registry.schemas_of(), &[(&keys, Type::TEXT_ARRAY)])
            .await;
        drop(reading);
        let rows = match rows.map_err(failed) {
            Err(error) => return Err(self.told_apart(error).await),
            Ok(rows) => rows,
        };
        let rows = rows
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
        let rows = rows.collect::<Result<Vec<(String, Option<String>)>, _>>();
        let rows = rows.map_err(failed)?;
        let targets = names.iter().map(|name| {
            let mut rows = rows.iter();
            let row = rows.find(|(key, _)| key == name.as_str());
            let (key, schema) = row.ok_or_else(|| unknown(name))?;
            self.registry.tenant(key, schema.as_deref())
        });
        Ok(targets.collect())
    }

    /// The tenant `name`, to be made: its name is one that the fleet allows. Its schema is
    /// `schema`, if somebody has said it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`], or as of [`target`](Self::target).
    pub(super) async fn new_target(
        &self,
        name: &TenantName,
        schema: Option<&SchemaName>,
    ) -> Result<Target, Error> {
        let naming = self.registry.names();
        self.registry.require_allowed(name)?;
        let Some(schema) = schema else {
            return self.target(name).await;
        };
        naming.require_schema(name, schema)?;
        Ok(Target {
            name: name.clone(),
            schema: schema.clone(),
        })
    }

    /// The same for a call that makes it: an error is told as one of `call`.
    pub(super) async fn new_target_for(
        &self,
        call: Call,
        name: &TenantName,
        schema: Option<&SchemaName>,
    ) -> Result<Target, Error> {
        match self.new_target(name, schema).await {
            Ok(target) => Ok(target),
            Err(error) => call.tell(async { Err(error) }).await,
        }
    }
}

fn unknown(name: &TenantName) -> Error {
    Error::Unknown(name.clone())
}
