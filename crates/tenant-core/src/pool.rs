//! [`TenantPool`]: connections for an application's own queries, each in the
//! schema of one tenant.

mod begin;
mod coded;
mod connection;
mod directory;
mod driver;
mod each;
mod error;
mod guard;
mod held;
mod lent;
mod lent_session;
mod listener;
mod lookup;
mod manager;
mod message;
mod new_tenant;
mod opening;
mod rows;
mod scope;
mod suspended;
mod tag;
mod unkept;
mod work;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bb8::{PooledConnection, RunError};
use diesel_async::SimpleAsyncConnection;
use tokio::sync::Mutex;

use held::{Held, Owner};
use listener::Listener;
use manager::{Manager, Refusals};
use message::Before;

use crate::path::{ExtensionsSchema, RuntimePath};
use crate::registry::Registry;
use crate::{Answer, Database, TenantName};

pub use connection::{PublicConnection, ScopedConnection, TenantConnection};
pub(crate) use directory::Directory;
pub use driver::{Cancel, DriverTransaction};
pub use error::PoolError;
pub use guard::{Session, Transaction};
pub use lent_session::AsyncPgSession;
pub(crate) use new_tenant::Begun;
pub use new_tenant::NewTenant;
pub use opening::{Isolation, Opening};
pub use scope::{OfPublic, OfTenant, Scope};
pub use suspended::SuspendedTenant;
pub use unkept::Unkept;

/// The default number of connections.
const SIZE: u32 = 16;

/// The default time to wait for a connection.
const WAIT: Duration = Duration::from_secs(5);

/// One pool of connections for all tenants of a database.
///
/// [`tenant`](Self::tenant) returns a transaction in which unqualified names are the tenant's
/// tables and nothing else:
///
/// ```no_run
/// # use diesel::prelude::*;
/// # use diesel_async::RunQueryDsl;
/// # use tenant_core::{Database, PoolError, TenantConnection, TenantName, TenantPool};
/// # diesel::table! { tasks (id) { id -> Integer, title -> Text, } }
/// // Takes the tenant's connection, and does not compile with another one.
/// async fn titles(tenant: &mut TenantConnection) -> QueryResult<Vec<String>> {
///     tasks::table.select(tasks::title).load(tenant).await
/// }
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let database = Database::parse("postgres://app@localhost/shop")?;
/// let pool = TenantPool::builder(database).size(16).open().await?;
/// let acme: TenantName = "acme_corp".parse()?;
///
/// let mut tenant = pool.tenant(&acme).await?;
/// diesel::insert_into(tasks::table)
///     .values(tasks::title.eq("Call back"))
///     .execute(&mut tenant)
///     .await?;
/// let titles = titles(&mut tenant).await?;
/// tenant.commit().await?;
/// # Ok(())
/// # }
/// ```
///
/// # Guarantees
///
/// * The pool refuses an unregistered or suspended tenant before any query. It caches what it knows
///   about a tenant for a minute, so the check costs no round trip. The message that begins the
///   transaction also checks that the schema exists. A suspension by another program takes effect
///   within that minute, or immediately with [`TenantPoolBuilder::listen`].
/// * A transaction costs no more round trips than its queries and the commit. On a recently used
///   connection, the first query and the beginning of the transaction are sent together. If the
///   beginning fails because another program has just dropped the tenant, PostgreSQL refuses the
///   query. [`PoolError`] turns that error into `Unknown`.
/// * However the work ends (an error, a panic, a dropped future, `COMMIT` in a query), the next
///   user of the connection finds nothing of it: no transaction, path, setting, role, cursor,
///   temporary table, session lock, statement prepared by SQL, or instrumentation. The reset covers
///   everything that `DISCARD ALL` resets, without its cost.
/// * The pool reuses a connection only after the server has answered everything and has reset what
///   the work left. If the reset fails, the pool closes the connection. If a future or a stream of
///   rows is dropped earlier, the pool cancels the query, also behind a pooler, and closes the
///   connection. The next user waits for neither.
/// * After a query ends the transaction, such as `COMMIT`, no further query runs, and the commit
///   returns [`PoolError::Ended`]. After a query resets the path, such as `RESET ALL`, both return
///   [`PoolError::PathReset`]. After an inner transaction is dropped before its end, both return
///   [`PoolError::GivenUp`].
/// * Tenants with the same columns and types share prepared statements. Other tenants have separate
///   ones.
///
/// Clones are cheap and share their connections.
#[derive(Clone)]
pub struct TenantPool(Arc<PoolInner>);

/// What is shared by a pool's clones and by the connections it has handed out.
struct PoolInner {
    database: Database,
    connections: bb8::Pool<Manager>,
    size: u32,
    refusals: Refusals,
    directory: Arc<Directory>,
    /// What is behind a schema in the path.
    extensions: Option<ExtensionsSchema>,
    path: RuntimePath,
    /// The list of tenants.
    registry: Registry,
    serves_suspended: bool,
    /// Hears of suspensions by other programs.
    _listener: Option<Listener>,
    /// What a connection may have on it when work begins.
    before: Before,
    /// Who hears of writes that were not committed.
    on_unkept: Option<Arc<unkept::Listener>>,
}

/// A builder for a pool. Returned by [`TenantPool::builder`] or
/// [`Tenants::pool`](crate::Tenants::pool).
#[derive(Clone)]
#[must_use = "nothing is opened until `open` is awaited"]
pub struct TenantPoolBuilder {
    database: Database,
    size: u32,
    wait: Duration,
    extensions: Option<ExtensionsSchema>,
    behind: RuntimePath,
    directory: Arc<Directory>,
    registry: Registry,
    serves_suspended: bool,
    listens: bool,
    on_unkept: Option<Arc<unkept::Listener>>,
}

impl TenantPoolBuilder {
    /// Sets the maximum number of connections, at least 1. The default is 16.
    pub fn size(mut self, connections: u32) -> Self {
        self.size = connections.max(1);
        self
    }

    /// Sets how long to wait for a connection if all are in use. The default is 5 s.
    pub fn wait(mut self, at_most: Duration) -> Self {
        self.wait = at_most;
        self
    }

    /// Sets a schema for extensions, which follows the tenant's schema in the search path.
    pub fn extensions(mut self, schema: ExtensionsSchema) -> Self {
        self.extensions = Some(schema);
        self
    }

    /// Sets schemas that follow the tenant's schema in the search path. The default is none. Use it
    /// for an application whose queries name tables of `public` without a schema, and read
    /// [`RuntimePath`] first.
    pub fn behind(mut self, path: RuntimePath) -> Self {
        self.behind = path;
        self
    }

    /// Sets the list of tenants. The default is [`Registry::default`].
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// Also serves suspended tenants. Use it for programs of administrators.
    pub fn serve_suspended(mut self) -> Self {
        self.serves_suspended = true;
        self
    }

    /// Learns immediately when another program suspends or resumes a tenant, through `NOTIFY` of
    /// PostgreSQL. It keeps one more connection open, which must lead directly to the primary
    /// server. Without it, other programs' changes take effect within a minute.
    pub fn listen(mut self) -> Self {
        self.listens = true;
        self
    }

    /// Calls `listen` for each transaction that has changed something and is dropped without a
    /// commit or a rollback. An event also reports it (see [`events`](crate::events)). In tests,
    /// let `listen` panic, so that a handler that forgets to commit fails its test.
    ///
    /// ```no_run
    /// # use tenant_core::{Database, TenantPool};
    /// # fn example(database: Database) {
    /// let pool = TenantPool::builder(database);
    /// let pool = pool.on_unkept(|unkept| panic!("{unkept}"));
    /// # let _ = pool;
    /// # }
    /// ```
    ///
    /// The pool does not call `listen` if a statement failed or was canceled, or while the thread
    /// panics.
    pub fn on_unkept(mut self, listen: impl Fn(&Unkept) + Send + Sync + 'static) -> Self {
        self.on_unkept = Some(Arc::new(listen));
        self
    }

    /// Shares another pool's knowledge of the tenants. Calls that change a tenant update it.
    pub(crate) fn directory(mut self, directory: Arc<Directory>) -> Self {
        self.directory = directory;
        self
    }

    /// Opens the pool and one connection, to check the database. Further connections are opened
    /// when needed. Call it inside a Tokio runtime.
    ///
    /// # Errors
    ///
    /// [`PoolError::TenantBehind`] if a tenant's schema follows the tenants' schemas in the path;
    /// [`PoolError::Connect`]; [`PoolError::NoExtensionsSchema`], [`PoolError::NoSchemaBehind`] or
    /// [`PoolError::ForbiddenBehind`]; [`PoolError::NeedsDirect`] if the pool is to
    /// [`listen`](Self::listen) behind a pooler.
    pub fn open(self) -> Answer<'static, Result<TenantPool, PoolError>> {
        Box::pin(self.open_now())
    }

    async fn open_now(self) -> Result<TenantPool, PoolError> {
        let refusals = Refusals::new();
        let manager = Manager {
            database: self.database.clone(),
        };
        let connections = bb8::Pool::builder()
            .max_size(self.size)
            .connection_timeout(self.wait)
            .test_on_check_out(false)
            .retry_connection(false)
            .error_sink(Box::new(refusals.clone()))
            .build_unchecked(manager);
        let mut inner = PoolInner {
            database: self.database,
            connections,
            size: self.size,
            refusals,
            directory: self.directory,
            path: self.behind.with_extensions(self.extensions.as_ref()),
            extensions: self.extensions,
            registry: self.registry,
            serves_suspended: self.serves_suspended,
            _listener: None,
            before: Before::Unknown,
            on_unkept: self.on_unkept,
        };
        // The server has to answer before it is asked what it is.
        drop(inner.checkout().await?);
        if inner.database.is_surely_direct().await {
            inner.before = Before::Cleared;
        }
        inner.refuse_tenant_behind().await?;
        if self.listens {
            let (database, directory) = (inner.database.clone(), Arc::clone(&inner.directory));
            inner._listener = Some(Listener::start(database, directory).await?);
        }
        let pool = TenantPool(Arc::new(inner));
        // Something has to be sent, or the transaction would not even begin.
        pool.public().await?.batch_execute("").await?;
        Ok(pool)
    }
}

impl TenantPool {
    /// Returns a builder for a pool for the tenants of `database`.
    ///
    /// If the same program creates or drops tenants, use [`Tenants::pool`](crate::Tenants::pool).
    /// That pool knows about the changes immediately.
    pub fn builder(database: Database) -> TenantPoolBuilder {
        TenantPoolBuilder {
            database,
            size: SIZE,
            wait: WAIT,
            extensions: None,
            behind: RuntimePath::default(),
            directory: Arc::default(),
            registry: Registry::default(),
            serves_suspended: false,
            listens: false,
            on_unkept: None,
        }
    }

    /// Begins a transaction in the schema of the tenant `name` when you await it.
    ///
    /// # Errors
    ///
    /// [`PoolError::Unknown`] if the tenant does not exist, or another kind of [`PoolError`].
    pub fn tenant(&self, name: &TenantName) -> Opening<OfTenant> {
        Opening::new(Arc::clone(&self.0), self.0.scope(name))
    }

    /// Begins a transaction in the public schema when you await it.
    ///
    /// # Errors
    ///
    /// As [`TenantPool::tenant`], except errors about a tenant.
    pub fn public(&self) -> Opening<OfPublic> {
        Opening::new(Arc::clone(&self.0), OfPublic)
    }
}

impl fmt::Debug for TenantPoolBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TenantPoolBuilder")
            .field("database", &self.database)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TenantPool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TenantPool")
            .field("database", &self.0.database)
            .field("size", &self.0.size)
            .finish_non_exhaustive()
    }
}

impl PoolInner {
    /// The schema of the tenant `name`.
    fn scope(&self, name: &TenantName) -> OfTenant {
        OfTenant(name.clone())
    }

    /// A connection of the pool, as soon as there is one that is usable.
    async fn checkout(&self) -> Result<Held, PoolError> {
        let started = Instant::now();
        loop {
            let mut lent = self.wait_for_one(started).await?;
            if !lent.is_spent() {
                return Ok(Arc::new(Mutex::new(Owner::Pool(lent))).lock_owned().await);
            }
        }
    }

    async fn wait_for_one(
        &self,
        started: Instant,
    ) -> Result<PooledConnection<'static, Manager>, PoolError> {
        let mut refusals = self.refusals.subscribe();
        let mut got = std::pin::pin!(self.connections.get_owned());
        loop {
            tokio::select! {
                biased;
                got = &mut got => return match got {
                    Ok(lent) => Ok(lent),
                    Err(RunError::User(error)) => Err(error.into()),
                    Err(RunError::TimedOut) => Err(PoolError::Exhausted {
                        size: self.size,
                        waited: started.elapsed(),
                        refused: refusals.borrow_and_update().clone(),
                    }),
                },
                Ok(()) = refusals.changed() => {
                    // Where there are others, one of them will be free.
                    let refused = refusals.borrow_and_update().clone();
                    if let Some(refused) = refused
                        && self.connections.state().connections == 0
                    {
                        return Err(PoolError::Connect(refused));
                    }
                }
            }
        }
    }
}
