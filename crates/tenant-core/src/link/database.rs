//! [`Database`]: a parsed URL that opens connections.

use std::fmt;
use std::sync::{Arc, OnceLock};

use diesel_async::AsyncPgConnection;
use tokio::sync::{Mutex, MutexGuard, OnceCell};
use tokio_postgres::{CancelToken, Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::cluster::Cluster;
use super::filtered::{Filtering, Names};
use super::pinned::{Greeted, Limits};
use super::reach::{Try, Way};
use super::role_of_server::Wanted;
use super::session::SessionPool;
use super::tls::SslMode;
use super::url::{LibpqDefaults, Parameters, Parts, Server};
use super::wire::Wire;
use super::{ConnectError, tls, url};
use crate::{Answer, PgError};

/// A database to connect to: a parsed URL.
///
/// Clones are cheap. `Debug` and `Display` show no password.
#[derive(Clone)]
pub struct Database {
    /// What the URL says.
    pub(super) parameters: Arc<Parameters>,
    /// The same for the driver, without the server and the password.
    pub(super) config: Config,
    pub(super) servers: Arc<[Server]>,
    /// Which of them will do.
    pub(super) wanted: Wanted,
    pub(super) ssl_mode: SslMode,
    tls: MakeRustlsConnect,
    warnings: Arc<[String]>,
    pub(super) pooled: bool,
    pub(super) target: String,
    /// Whether there is no pooler in between, once that was checked.
    pub(super) direct: Arc<OnceCell<bool>>,
    /// The server's major version, once something has connected.
    pub(super) version: Arc<OnceLock<u32>>,
    /// Settings of the engine's sessions that another database has.
    pub(super) carried: Vec<(String, String)>,
    /// The time-outs of the engine's sessions.
    pub(super) limits: Limits,
    /// Held by who drops a tenant where only one may.
    drops: Arc<Mutex<()>>,
    /// Whether Citus is installed, once that was checked.
    pub(super) cluster: Arc<OnceCell<Cluster>>,
}

impl Database {
    /// Reads a `postgres://role:password@host:port/database?sslmode=...` URL, or
    /// `key=value` pairs (`host=db.test dbname=shop`).
    ///
    /// Both are read like libpq reads them, with these options: several hosts with
    /// `target_session_attrs` and `load_balance_hosts`, `hostaddr`, `passfile`, `service` with
    /// `servicefile`, `options`, timeouts, and for TLS `sslmode`, `sslrootcert` (a PEM file, or
    /// `system`), `sslcert` and `sslkey` (PEM), `sslnegotiation` and `channel_binding`. Write the
    /// folder of a Unix socket percent-encoded in place of the host. Without a host, the default
    /// folders of libpq are used. The call does not connect.
    ///
    /// The call reads only files that the text names, and no environment variables.
    /// [`Database::with_libpq_defaults`] adds those.
    ///
    /// `pooler=transaction`, which is not an option of libpq, means that the URL leads to a pooler
    /// in transaction mode: see [`Database::behind_pooler`].
    ///
    /// # Errors
    ///
    /// [`ConnectError::Url`] if the text is not valid, [`ConnectError::Trust`] if the certificate
    /// authorities cannot be read, [`ConnectError::Identity`] if the client certificate cannot be
    /// read.
    pub fn parse(url: &str) -> Result<Self, ConnectError> {
        Self::of(url::parse(url)?)
    }

    /// As [`Database::parse`]. Parts that `url` leaves out come from the environment and the home
    /// folder, as in libpq. `postgres://` leaves everything out.
    ///
    /// The URL has priority, then the service, then the variables, then the files.
    ///
    /// # Errors
    ///
    /// As [`Database::parse`], also for the variables and files.
    pub fn with_libpq_defaults(url: &str, defaults: &LibpqDefaults) -> Result<Self, ConnectError> {
        Self::parse(&defaults.complete(url)?)
    }

    fn of(parts: Parts) -> Result<Self, ConnectError> {
        let tls = tls::client_config(parts.ssl_mode, &parts.tls)?;
        Ok(Self {
            parameters: Arc::new(parts.parameters),
            config: parts.config,
            servers: parts.servers.into(),
            wanted: parts.wanted,
            ssl_mode: parts.ssl_mode,
            tls: MakeRustlsConnect::new(tls),
            warnings: parts.warnings.into(),
            pooled: parts.pooled,
            target: parts.target,
            direct: Arc::default(),
            version: Arc::default(),
            carried: Vec::new(),
            limits: Limits::default(),
            drops: Arc::default(),
            cluster: Arc::default(),
        })
    }

    /// Returns what the URL names but was ignored, in words, such as a password file that others
    /// can read.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Returns the same database behind a pooler in transaction mode, such as PgBouncer.
    ///
    /// Such a pooler can use another server connection for each transaction. Therefore these
    /// connections use no prepared statements, and send the text of each statement. This costs no
    /// round trip, but the server parses and plans each time. It is not needed with PgBouncer 1.21
    /// or later with `max_prepared_statements`.
    ///
    /// The driver's tokens for canceling a query do not work on such a connection.
    #[must_use]
    pub fn behind_pooler(mut self) -> Self {
        self.pooled = true;
        self
    }

    /// The database called `name` on the same server, reached in the same way.
    pub(crate) fn named(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.config.dbname(name);
        let mut parameters = Parameters::clone(&self.parameters);
        parameters.set("dbname", name);
        other.target = url::target(&parameters, &self.servers);
        other.parameters = Arc::new(parameters);
        // An extension is there in one database, and not in the next.
        other.cluster = Arc::default();
        other
    }

    /// Opens a Diesel connection.
    ///
    /// # Errors
    ///
    /// All kinds of [`ConnectError`] except the first two.
    pub fn connect(&self) -> Answer<'_, Result<AsyncPgConnection, ConnectError>> {
        Box::pin(async { self.for_diesel(self.client().await?).await })
    }

    async fn for_diesel(&self, client: Client) -> Result<AsyncPgConnection, ConnectError> {
        let connection = AsyncPgConnection::try_from(client).await;
        connection.map_err(|error| self.refused(PgError::from_text(error)))
    }

    /// The server answered, and refused to continue.
    pub(super) fn refused(&self, source: PgError) -> ConnectError {
        ConnectError::Refused {
            target: self.target.clone(),
            source,
        }
    }

    /// Opens a connection of the driver, without Diesel, for statements such as `CREATE DATABASE`.
    ///
    /// It closes when you drop it. Call it inside a Tokio runtime.
    ///
    /// # Errors
    ///
    /// As [`Database::connect`].
    pub fn driver(&self) -> Answer<'_, Result<Client, ConnectError>> {
        Box::pin(self.client())
    }

    /// Asks the server to cancel what runs on the connection of `token`, which is not
    /// watched. Of no use behind a pooler, where nothing is sent.
    pub(crate) fn cancel(&self, token: CancelToken) -> impl Future<Output = ()> + Send + use<> {
        let tls = (!self.pooled).then(|| self.tls.clone());
        async move {
            if let Some(tls) = tls {
                // It has either ended by itself, or the server ends it later.
                drop(token.cancel_query(tls).await);
            }
        }
    }

    /// Waits until no other user of this value, or of a clone of it, drops a tenant. They take
    /// turns in the order in which they ask.
    pub(crate) async fn turn_to_drop(&self) -> MutexGuard<'_, ()> {
        self.drops.lock().await
    }

    /// A pool of at most `size` of the engine's connections.
    pub(crate) fn sessions(&self, size: usize) -> SessionPool {
        SessionPool::new(self.clone(), size)
    }

    /// The same whose engine's sessions have these time-outs.
    pub(crate) fn limited(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    async fn client(&self) -> Result<Client, ConnectError> {
        Ok(self.open(&self.config).await?.client)
    }

    /// Connects as `config` says, which is this one's or differs in its options.
    pub(super) async fn open(&self, config: &Config) -> Result<Greeted, ConnectError> {
        if self.pooled {
            return Ok(self.filtered(config).await?.0);
        }
        let way = Plainly(self.tls.clone());
        Ok(self.reach(config, &way).await?.0)
    }

    /// A connection of the driver's own that is watched.
    pub(crate) async fn watched(&self) -> Result<(Client, Wire), ConnectError> {
        let (greeted, wire) = self.filtered(&self.config).await?;
        Ok((greeted.client, wire))
    }

    /// A Diesel connection that is watched.
    pub(crate) async fn watched_diesel(&self) -> Result<(AsyncPgConnection, Wire), ConnectError> {
        let (client, wire) = self.watched().await?;
        Ok((self.for_diesel(client).await?, wire))
    }

    pub(super) async fn filtered(&self, config: &Config) -> Result<(Greeted, Wire), ConnectError> {
        let way = Filtering {
            tls: &self.tls,
            names: match self.pooled {
                true => Names::LeftOut,
                false => Names::Kept,
            },
        };
        self.reach(config, &way).await
    }
}

/// As the driver does it.
struct Plainly(MakeRustlsConnect);

impl Way for Plainly {
    type More = ();

    async fn connect(&self, tried: &Try) -> Result<(Greeted, ()), ConnectError> {
        let connected = tried.config.connect(self.0.clone()).await;
        let (client, connection) =
            connected.map_err(|error| ConnectError::from_driver(&tried.target, error))?;
        Ok((Greeted::start(client, connection), ()))
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
