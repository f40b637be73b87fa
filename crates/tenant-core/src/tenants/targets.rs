//! From names to schemas.

use tokio_postgres::types::Type;

use super::handle::Tenants;
use super::state::{names_of_tenants, registry_error};
use crate::events::Call;
use crate::name::Target;
use crate::{Answer, Error, SchemaName, TenantName, UnfitRow};

impl Tenants {
    /// Returns the schema of the tenant `name`. The call asks the list only if the naming does not
    /// give the schema. It does not check whether the tenant or the schema exists.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] if only the list knows the schema and lacks the tenant,
    /// [`Error::InvalidName`] if no schema can have that name, [`Error::Connect`], or a server
    /// error.
    pub fn schema_of<'a>(&'a self, name: &'a TenantName) -> Answer<'a, Result<SchemaName, Error>> {
        Box::pin(async move { Ok(self.target(name).await?.schema) })
    }

    /// Reads the name of an existing tenant: a name that the naming allows, or any name in the
    /// list. Use it for input that names a tenant to migrate, drop, rename or read. Use
    /// [`Tenants::name`] for new tenants.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] with the broken rule, [`Error::Connect`], [`Error::NotSetUp`], or a
    /// server error.
    pub fn existing_name<'a>(&'a self, text: &'a str) -> Answer<'a, Result<TenantName, Error>> {
        Box::pin(async move {
            let refused = match self.name(text) {
                Ok(name) => return Ok(name),
                Err(refused) => refused,
            };
            match self.registry.registered(text) {
                Ok(name) if !self.rows_of(&[&name]).await?.is_empty() => Ok(name),
                _ => Err(refused.into()),
            }
        })
    }

    /// The names of all registered tenants, in order. Schemas and migration histories are not
    /// read, so this is one query however many tenants there are.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::NotSetUp`], or what the server says.
    pub fn names(&self) -> Answer<'_, Result<Vec<String>, Error>> {
        Box::pin(async move {
            let reading = self.reading().await?;
            let names = names_of_tenants(&reading, &self.registry).await;
            drop(reading);
            match names {
                Ok(mut names) => {
                    names.sort_unstable();
                    Ok(names)
                }
                Err(error) => Err(self.told_apart(error).await),
            }
        })
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
    /// A server error.
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
        let rows = self.rows_of(&names.iter().collect::<Vec<_>>()).await?;
        let targets = names.iter().map(|name| {
            let mut rows = rows.iter();
            let row = rows.find(|(key, _)| key == name.as_str());
            let (key, schema) = row.ok_or_else(|| unknown(name))?;
            self.registry.tenant(key, schema.as_deref())
        });
        Ok(targets.collect())
    }

    /// What the list has of these names: each with its schema.
    async fn rows_of(&self, names: &[&TenantName]) -> Result<Vec<(String, Option<String>)>, Error> {
        let failed = |error| registry_error(&self.registry, error);
        let keys = names.iter().map(|name| name.as_str()).collect::<Vec<_>>();
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
        rows.collect::<Result<Vec<_>, _>>().map_err(failed)
    }

    /// The new tenant `name`, which the naming rule of the fleet must allow. Its schema is
    /// `schema`, if that was given. The list may have the tenant already.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`], [`Error::UnfitRow`], or as of [`target`](Self::target).
    pub(super) async fn new_target(
        &self,
        name: &TenantName,
        schema: Option<&SchemaName>,
    ) -> Result<Target, Error> {
        self.registry.require_allowed(name)?;
        if let Some(schema) = schema {
            self.registry.names().require_schema(name, schema)?;
        }
        let listed = self.target(name).await;
        if !self.registry.names().is_mapped() {
            let target = listed?;
            self.require_apart(&target)?;
            return Ok(target);
        }
        let target = self.with_schema(listed, name, schema)?;
        self.require_sole(&target).await?;
        self.require_unclaimed(&target).await?;
        Ok(target)
    }

    /// The list's entry for the tenant `name`, completed by the given schema. A row without a
    /// schema gets a schema with the tenant's name, except where the rows are only read.
    fn with_schema(
        &self,
        listed: Result<Target, Error>,
        name: &TenantName,
        schema: Option<&SchemaName>,
    ) -> Result<Target, Error> {
        let of = |schema: SchemaName| Target {
            name: name.clone(),
            schema,
        };
        match (listed, schema) {
            (Ok(listed), Some(given)) if listed.schema != *given => {
                Err(Error::UnfitRow(Box::new(UnfitRow::OtherSchema {
                    name: name.clone(),
                    listed: listed.schema,
                    given: given.clone(),
                })))
            }
            (Err(Error::UnfitRow(_) | Error::Unknown(_)), Some(given)) => Ok(of(given.clone())),
            (Err(Error::UnfitRow(unfit)), None) if !self.registry.is_query() => {
                let same = name.as_str().parse::<SchemaName>();
                same.map(of).map_err(|_| Error::UnfitRow(unfit))
            }
            (listed, _) => listed,
        }
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
