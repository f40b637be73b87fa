//! [`Studio`]: what all pages share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use tenant_core::{PoolError, TenantName, TenantPool, Tenants};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::data::{self, Reading, Search};
use crate::error::Failure;
use crate::remedies::Remedies;
use crate::shown_schema::ShownSchema;

/// How many pages ask at the same time. Each has a connection of its own.
const CONNECTIONS: usize = 12;

/// How long a page waits until it may ask.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a studio differs from one that only reads.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether rows can be changed.
    pub write: bool,
    /// How long PostgreSQL works on one statement of a page before it gives up.
    pub statement_timeout: Duration,
    /// What is said about remedies. By default, only their SQL is shown.
    pub remedies: Remedies,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            write: false,
            statement_timeout: Duration::from_secs(15),
            remedies: Remedies::default(),
        }
    }
}

/// What is shown first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// The tables of the public schema.
    Public,
    /// The search for tenants.
    Tenants,
    /// The tables of a tenant.
    Tenant(TenantName),
}

/// A studio for the tenants of one database. Cheap to clone.
#[derive(Clone)]
pub struct Studio(Arc<Inner>);

struct Inner {
    tenants: Tenants,
    pool: TenantPool,
    options: Options,
    connections: Arc<Semaphore>,
    /// Whoever knows it may ask. Made anew by each start.
    token: String,
    /// Differs from start to start, and is no secret.
    edition: String,
}

impl Studio {
    /// One that asks through `pool`, and knows the migrations of `tenants`.
    #[must_use]
    pub fn new(tenants: Tenants, pool: TenantPool, options: Options) -> Self {
        Self(Arc::new(Inner {
            tenants,
            pool,
            options,
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
            token: hexadecimal(&rand::rng().random::<[u8; 32]>()),
            edition: hexadecimal(&rand::rng().random::<[u8; 4]>()),
        }))
    }

    /// The address that opens it at `start`, when it is served at `port`. It has
    /// the key in it: whoever has it sees what the studio's role may see.
    #[must_use]
    pub fn url(&self, port: u16, start: &Start) -> String {
        let path = match start {
            Start::Public => ShownSchema::Public.path(),
            Start::Tenants => "/tenants".to_owned(),
            Start::Tenant(name) => ShownSchema::Tenant(name.clone()).path(),
        };
        format!("http://127.0.0.1:{port}{path}?token={}", self.0.token)
    }

    /// Whether there is something to see at `start`.
    ///
    /// # Errors
    ///
    /// [`PoolError::NotSetUp`] without a list of tenants, and what
    /// [`TenantPool::tenant`] meets.
    pub async fn look(&self, start: &Start) -> Result<(), PoolError> {
        match start {
            Start::Public => {}
            Start::Tenant(name) => self.pool().tenant(name).on_driver().await?.end(),
            Start::Tenants => {
                let reading = self.read(&ShownSchema::Public).await;
                let found = match &reading {
                    Ok(reading) => {
                        let registry = self.tenants().registry();
                        let search = Search::default();
                        data::tenants(reading, registry, &search).await.err()
                    }
                    Err(_) => None,
                };
                if let Some(Failure::Pool(error)) = found.or(reading.err()) {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn token(&self) -> &str {
        &self.0.token
    }

    pub(crate) fn edition(&self) -> &str {
        &self.0.edition
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.options
    }

    pub(crate) fn remedies(&self) -> &Remedies {
        &self.0.options.remedies
    }

    pub(crate) fn tenants(&self) -> &Tenants {
        &self.0.tenants
    }

    pub(crate) fn pool(&self) -> &TenantPool {
        &self.0.pool
    }

    /// A transaction for reading at `place`, with the time-out of a page.
    pub(crate) async fn read(&self, place: &ShownSchema) -> Result<Reading, Failure> {
        self.read_for(place, self.options().statement_timeout).await
    }

    /// The same, in which each statement may take so long.
    pub(crate) async fn read_for(
        &self,
        place: &ShownSchema,
        timeout: Duration,
    ) -> Result<Reading, Failure> {
        let permit = self.permit().await?;
        Reading::begin(self.pool(), permit, (place, timeout)).await
    }

    /// Leave to open a connection, until it is dropped.
    pub(crate) async fn permit(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let permit = Arc::clone(&self.0.connections).acquire_owned();
        match tokio::time::timeout(PATIENCE, permit).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Failure::Busy(CONNECTIONS)),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Debug for Studio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Studio")
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}
