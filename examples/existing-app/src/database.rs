//! [`Database`]: the connection pool, and the search path of each connection.

use tenant_core::{AsyncPgSession, Error, OfPublic, OfTenant, TenantPool, Tenants};

use crate::migrate::tenants;
use crate::models::organizations::Organization;

/// A connection that returns to the pool when it is dropped.
pub(crate) type Connection<S = OfTenant> = AsyncPgSession<S>;

/// Connections for requests. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    pub(crate) tenants: Tenants,
    pool: TenantPool,
}

impl Database {
    /// Opens a pool of at most 8 connections.
    ///
    /// # Errors
    ///
    /// If the URL is invalid, or the server does not answer.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let tenants = tenants(url).await?;
        let pool = tenants.pool().size(8).open().await?;
        Ok(Self { tenants, pool })
    }

    /// Returns a connection to the public schema.
    pub(crate) async fn public(&self) -> Result<Connection<OfPublic>, Error> {
        Ok(self.pool.public_session().await?.into_async_pg().await?)
    }

    /// Returns a connection to the schema of an organization.
    pub(crate) async fn of(&self, organization: &Organization) -> Result<Connection, Error> {
        let name = self.tenants.name(&organization.slug)?;
        Ok(self.pool.autocommit(&name).await?.into_async_pg().await?)
    }
}

/// Returns the statement that puts `schema` first in the path. The types and functions
/// of extensions are in `public`.
///
/// Quotes are safe here: a schema is `org_` and a slug, and a slug has no quotes.
pub(crate) fn path(schema: &str) -> String {
    format!("SET search_path TO \"{schema}\", public")
}
