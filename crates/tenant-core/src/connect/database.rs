//! [`Database`]: a parsed URL that opens connections.

use std::fmt;

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig};
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::session::{Session, SessionPool};
use super::{ConnectError, tls, url};

/// A pool of Diesel connections, for an application's own queries.
pub type DieselPool = bb8::Pool<AsyncDieselConnectionManager<AsyncPgConnection>>;

/// A database that can be connected to: a parsed URL.
///
/// Cheap to clone. Its `Debug` and `Display` show no password.
#[derive(Clone)]
pub struct Database {
    config: Config,
    tls: MakeRustlsConnect,
    target: String,
}

impl Database {
    /// Reads a `postgres://role:password@host:port/database?sslmode=...` URL.
    ///
    /// `sslmode` is one of `disable`, `prefer` (the default), `require`,
    /// `verify-ca` and `verify-full`; `sslrootcert` names a PEM file of
    /// certificate authorities. A Unix socket's folder is written
    /// percent-encoded in place of the host. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Url`] when it cannot be read, [`ConnectError::Trust`]
    /// when the authorities cannot.
    pub fn parse(url: &str) -> Result<Self, ConnectError> {
        let parts = url::parse(url)?;
        let tls = tls::client_config(parts.ssl_mode, parts.root_certificate.as_deref())?;
        Ok(Self {
            config: parts.config,
            tls: MakeRustlsConnect::new(tls),
            target: parts.target,
        })
    }

    /// Opens a Diesel connection.
    ///
    /// # Errors
    ///
    /// Each of [`ConnectError`]'s kinds but the first two.
    pub async fn connect(&self) -> Result<AsyncPgConnection, ConnectError> {
        let client = self.client().await?;
        AsyncPgConnection::try_from(client)
            .await
            .map_err(|error| ConnectError::Refused {
                target: self.target.clone(),
                source: crate::PgError::from_diesel(error),
            })
    }

    /// Opens a connection of the driver's own, without Diesel: for statements
    /// that Diesel has no words for, such as `CREATE DATABASE`.
    ///
    /// It ends when it is dropped. To be called inside a Tokio runtime.
    ///
    /// # Errors
    ///
    /// As [`Database::connect`].
    pub async fn driver(&self) -> Result<Client, ConnectError> {
        self.client().await
    }

    /// A pool of at most `size` Diesel connections, opened when they are needed.
    #[must_use]
    pub fn pool(&self, size: u32) -> DieselPool {
        let database = self.clone();
        let mut config = ManagerConfig::default();
        config.custom_setup = Box::new(move |_| {
            let database = database.clone();
            Box::pin(async move {
                let client = database.client().await.map_err(|error| {
                    diesel::ConnectionError::CouldntSetupConfiguration(
                        diesel::result::Error::QueryBuilderError(Box::new(error)),
                    )
                })?;
                AsyncPgConnection::try_from(client).await
            })
        });
        let manager = AsyncDieselConnectionManager::new_with_config(String::new(), config);
        DieselPool::builder()
            .max_size(size.max(1))
            .build_unchecked(manager)
    }

    /// A connection for the engine.
    pub(super) async fn session(&self) -> Result<Session, ConnectError> {
        Ok(Session::new(self.client().await?))
    }

    /// A pool of at most `size` of the engine's connections.
    pub(crate) fn sessions(&self, size: usize) -> SessionPool {
        SessionPool::new(self.clone(), size)
    }

    async fn client(&self) -> Result<Client, ConnectError> {
        let connected = self.config.connect(self.tls.clone()).await;
        let (client, connection) =
            connected.map_err(|error| ConnectError::from_driver(&self.target, error))?;
        // It ends with its client, and its errors reach the client's calls.
        drop(tokio::spawn(connection));
        Ok(client)
    }
}

impl fmt::Display for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.target)
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Database")
            .field(&self.target)
            .finish()
    }
}
