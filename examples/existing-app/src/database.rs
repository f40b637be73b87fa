//! [`Database`]: the connection pool, and the search path of each connection.
//!
//! A connection keeps its path when it returns to the pool. So each checkout sets the
//! path first.

use diesel::connection::CacheSize;
use diesel_async::SimpleAsyncConnection as _;
use diesel_async::pooled_connection::bb8::{Pool, PooledConnection};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use tenant_settings::{ProjectSettings, Public, Tenant};

use crate::Error;
use crate::models::organizations::Organization;

/// A connection that returns to the pool when it is dropped.
pub(crate) type Connection = PooledConnection<'static, AsyncPgConnection>;

/// Connections for requests. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    pool: Pool<AsyncPgConnection>,
    pub(crate) tenants: tenant_core::Tenants,
}

impl Database {
    /// Opens a pool of at most 8 connections.
    ///
    /// # Errors
    ///
    /// If the URL is invalid, or the server does not answer within 30 seconds.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let mut config = ManagerConfig::default();
        config.custom_setup = Box::new(|url| Box::pin(connect(url)));
        let manager = AsyncDieselConnectionManager::new_with_config(url, config);
        let pool = Pool::builder().max_size(8).build(manager).await?;
        let settings = ProjectSettings::parse(include_str!("../tenants.toml"))?;
        let opened = settings.open_with(url, Public(crate::PUBLIC), Tenant(crate::TENANT));
        let tenants = opened.await?;
        Ok(Self { pool, tenants })
    }

    /// Returns a connection to the public schema.
    pub(crate) async fn public(&self) -> Result<Connection, Error> {
        self.with_path("SET search_path TO public").await
    }

    /// Returns a connection to the schema of an organization.
    pub(crate) async fn of(&self, organization: &Organization) -> Result<Connection, Error> {
        self.with_path(&path(&organization.schema())).await
    }

    async fn with_path(&self, path: &str) -> Result<Connection, Error> {
        let mut connection = self.pool.get_owned().await?;
        connection.batch_execute(path).await?;
        Ok(connection)
    }
}

/// Returns the statement that puts `schema` first in the path. The types and functions
/// of extensions are in `public`.
///
/// Quotes are safe here: a schema is `org_` and a slug, and a slug has no quotes.
pub(crate) fn path(schema: &str) -> String {
    format!("SET search_path TO \"{schema}\", public")
}

/// Connects without a statement cache. A statement that is prepared for one
/// organization has its types, and fails for the next organization with "cached plan
/// must not change result type".
async fn connect(url: &str) -> diesel::ConnectionResult<AsyncPgConnection> {
    let mut connection = AsyncPgConnection::establish(url).await?;
    connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    Ok(connection)
}
