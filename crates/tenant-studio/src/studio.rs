//! [`Studio`]: what all pages share.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tenant_core::{PoolError, TenantName, TenantPool, Tenants};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::codes::Codes;
use crate::data::{self, Reading, Search};
use crate::entry::{ENTER, Entry, EntryFile, Secret, Session};
use crate::error::Failure;
use crate::remedies::Remedies;
use crate::shown_schema::ShownSchema;

/// How many pages can query at the same time. Each has its own connection.
const CONNECTIONS: usize = 12;

/// How long a page waits until it may ask.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long an unopened file with a key is kept.
const FILE_VALID: Duration = Duration::from_secs(120);

/// How a studio works. The default is read-only.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether rows can be changed.
    pub write: bool,
    /// The time limit for one statement of a page.
    pub statement_timeout: Duration,
    /// The words for hints. By default, only their SQL is shown.
    pub remedies: Remedies,
    /// Prints codes for browsers without a key. Without it, only the URL opens the studio.
    pub codes: Option<Codes>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            write: false,
            statement_timeout: Duration::from_secs(15),
            remedies: Remedies::default(),
            codes: None,
        }
    }
}

/// The first page.
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
    entry: Entry,
    /// Until its key is used, or its time is over.
    entry_file: Mutex<Option<EntryFile>>,
    /// Differs from start to start, and is no secret.
    edition: String,
}

impl Studio {
    /// Creates a studio that reads through `pool` and knows the migrations of `tenants`.
    #[must_use]
    pub fn new(tenants: Tenants, pool: TenantPool, options: Options) -> Self {
        Self(Arc::new(Inner {
            tenants,
            pool,
            options,
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
            entry: Entry::new(),
            entry_file: Mutex::new(None),
            edition: Secret::new(4).as_str().to_owned(),
        }))
    }

    /// Creates an invitation that opens the studio once at `start`. `port` is where it is served.
    #[must_use]
    pub fn invite(&self, port: u16, start: &Start) -> Invitation {
        let page = match start {
            Start::Public => ShownSchema::Public.path(),
            Start::Tenants => "tenants".to_owned(),
            Start::Tenant(name) => ShownSchema::Tenant(name.clone()).path(),
        };
        Invitation {
            studio: self.clone(),
            port,
            key: self.0.entry.key(page),
        }
    }

    /// Checks that the page `start` can be shown.
    ///
    /// # Errors
    ///
    /// [`PoolError::NotSetUp`] without a registry, and the errors of
    /// [`TenantPool::tenant`].
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

    pub(crate) fn entry(&self) -> &Entry {
        &self.0.entry
    }

    /// The session for a key, and the page that it opens.
    pub(crate) fn exchange(&self, key: &str) -> Option<(Session, String)> {
        let exchanged = self.0.entry.exchange(key);
        if exchanged.is_some() {
            self.forget_entry_file();
        }
        exchanged
    }

    /// Removes the file of [`Invitation::file`].
    pub(crate) fn forget_entry_file(&self) {
        drop(self.entry_file().take());
    }

    fn entry_file(&self) -> MutexGuard<'_, Option<EntryFile>> {
        let file = &self.0.entry_file;
        file.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// The same, with a time-out for each statement.
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

impl fmt::Debug for Studio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Studio")
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}

/// Opens a studio once. The browser that uses it sees what the role of the studio may see.
pub struct Invitation {
    studio: Studio,
    port: u16,
    key: Secret,
}

impl Invitation {
    /// The URL, which contains the key. Show it to one person only, and do not pass it as an
    /// argument: other users of the machine see the arguments of processes.
    #[must_use]
    pub fn url(&self) -> String {
        let key = self.key.as_str();
        format!("http://127.0.0.1:{}{ENTER}?key={key}", self.port)
    }

    /// Writes a page that opens the studio to a file that only its owner can read, and returns
    /// the path. The path can be an argument of the program that opens the browser. The file
    /// is removed when the key is used, after two minutes, and at the end of
    /// [`Studio::serve`].
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub async fn file(&self) -> io::Result<PathBuf> {
        let file = EntryFile::write(self.port, &self.key)?;
        let path = file.path();
        drop(self.studio.entry_file().replace(file));
        let inner = Arc::downgrade(&self.studio.0);
        drop(tokio::spawn(async move {
            tokio::time::sleep(FILE_VALID).await;
            if let Some(inner) = inner.upgrade() {
                Studio(inner).forget_entry_file();
            }
        }));
        Ok(path)
    }
}

impl fmt::Debug for Invitation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Invitation")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
