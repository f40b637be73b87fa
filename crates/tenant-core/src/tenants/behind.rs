//! Whether the schemas behind the tenants' own in the path can be there.

use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::handle::Tenants;
use super::state::{State, registry_error};
use crate::name::{Entry, Target};
use crate::registry::is_named_like_a_spare;
use crate::registry::{Registry, Rows};
use crate::{Answer, Error, PathFault, RuntimePath, UnfitPath, UnfitRow};

impl Tenants {
    /// Lists problems of the schemas behind each tenant's schema in the application's search path
    /// ([`Tenants::runtime_path`]), in order. A schema there can be missing, a tenant's, or a
    /// spare. A pool does not open with such a path.
    ///
    /// A database that is not set up has no tenants yet, so it has no problems.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], or a server error.
    pub fn unfit_path(&self) -> Answer<'_, Result<Vec<UnfitPath>, Error>> {
        Box::pin(async move {
            match self.look_behind().await {
                Err(Error::NotSetUp { .. }) => Ok(Vec::new()),
                found => found,
            }
        })
    }

    /// Fails if the tenant's schema contains the registry, or follows the schemas of all tenants in the path: all of them
    /// read it, so nothing is done to it as if it were one tenant's.
    ///
    /// # Errors
    ///
    /// [`Error::UnfitPath`], or [`UnfitRow::OfRegistry`].
    pub(super) fn require_apart(&self, target: &Target) -> Result<(), Error> {
        apart(&self.runtime_path(), &self.registry, target)
    }

    /// Puts that error in the place of each of `states` that it is about.
    pub(super) fn refuse_behind(&self, states: &mut [State]) {
        self.refuse_those(states, &self.runtime_path());
    }

    /// Puts [`UnfitRow::OfRegistry`] in the place of each of `states` whose schema contains the
    /// registry.
    pub(super) fn refuse_registry(&self, states: &mut [State]) {
        let path = RuntimePath::default();
        self.refuse_those(states, &path);
    }

    fn refuse_those(&self, states: &mut [State], path: &RuntimePath) {
        for state in states {
            let entry = state.standing.as_ref().ok().map(|it| &it.entry);
            let Some(Entry::Tenant(target)) = entry else {
                continue;
            };
            if let Err(error) = apart(path, &self.registry, target) {
                state.standing = Err(error);
            }
        }
    }

    /// [`Tenants::unfit_path`], with [`Error::NotSetUp`] without a list.
    async fn look_behind(&self) -> Result<Vec<UnfitPath>, Error> {
        let path = self.runtime_path();
        let schemas = path.schemas().collect::<Vec<_>>();
        if schemas.is_empty() {
            return Ok(Vec::new());
        }
        let Rows {
            from, key, schema, ..
        } = self.registry.rows("t");
        let sql = format!(
            "SELECT b.name, n.oid IS NOT NULL, \
                 (SELECT pg_catalog.min({key}::text) FROM {from} WHERE {schema}::text = b.name) \
             FROM pg_catalog.unnest($1) WITH ORDINALITY b (name, place) \
             LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = b.name ORDER BY b.place"
        );
        let parameter = (&schemas as &(dyn ToSql + Sync), Type::TEXT_ARRAY);
        let failed = |error| registry_error(&self.registry, error);
        let rows = self.reading().await?.query(&sql, &[parameter]).await;
        let found = rows.and_then(|rows| rows.iter().map(unfit).collect::<Result<Vec<_>, _>>());
        Ok(found.map_err(failed)?.into_iter().flatten().collect())
    }
}

fn apart(path: &RuntimePath, registry: &Registry, target: &Target) -> Result<(), Error> {
    let schema = target.schema.as_str();
    if registry.is_in(schema) {
        return Err(Error::UnfitRow(Box::new(UnfitRow::OfRegistry {
            name: target.name.clone(),
            schema: target.schema.clone(),
            table: format!("`{}`", registry.sql_table()),
        })));
    }
    if !path.schemas().any(|behind| behind == schema) {
        return Ok(());
    }
    Err(Error::UnfitPath(Box::new(UnfitPath {
        schema: schema.to_owned(),
        fault: PathFault::Tenant(target.name.to_string()),
    })))
}

fn unfit(row: &Row) -> Result<Option<UnfitPath>, tokio_postgres::Error> {
    let (schema, exists) = (row.try_get::<_, String>(0)?, row.try_get(1)?);
    let fault = match row.try_get::<_, Option<String>>(2)? {
        Some(tenant) => PathFault::Tenant(tenant),
        None if is_named_like_a_spare(&schema) => PathFault::Spare,
        None if exists => return Ok(None),
        None => PathFault::Missing,
    };
    Ok(Some(UnfitPath { schema, fault }))
}
