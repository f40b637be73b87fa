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
mod lookup;
mod manager;
mod message;
mod new_tenant;
mod opening;
mod rows;
mod scope;
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
pub use unkept::Unkept;

/// How many connections a pool has when nobody says otherwise.
const SIZE: u32 = 16;

/// How long to wait for a connection when nobody says otherwise.
const WAIT: Duration = Duration::from_secs(5);

/// One pool of connections for all tenants of a database.
///
/// [`tenant`](Self::tenant) gives a transaction in which unqualified names are
/// the tenant's tables and nothing else:
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
/// # What is certain
///
/// * A tenant that is not registered is refused before any query. What is known
///   of a tenant is remembered for a minute, so that this costs no round trip;
///   that its schema is there is checked each time, in the message that begins
///   the transaction.
/// * A transaction costs no more round trips than its queries and the commit: on a
///   connection that was in use a moment ago, what begins it goes out with the
///   first query. Where that fails (another program has dropped the tenant a
///   moment ago), PostgreSQL refuses the query, and its error is what
///   [`PoolError`] makes of it: `Unknown`, as if it had been known before.
/// * Whatever ends the work (an error, a panic, a future that is dropped, `COMMIT` in
///   a query), the next user of the connection finds no transaction, path, setting,
///   role, cursor, temporary table, session lock, statement prepared by SQL, or
///   instrumentation of the one before. What `DISCARD ALL` would forget is forgotten,
///   without its cost.
/// * A connection is lent again only when the server has answered everything and has
///   forgotten what the work left. If that fails, the connection is closed. If a
///   future or a stream of rows is dropped before that, the query is cancelled, behind a
///   pooler too, and the connection is closed. The next user waits for neither.
/// * After a query has ended the transaction, such as `COMMIT`, no further query
///   runs, and the commit returns [`PoolError::Ended`]. After a query has reset the path,
///   such as `RESET ALL`, they return [`PoolError::PathReset`]. After a transaction inside
///   was dropped before its end, they return [`PoolError::GivenUp`].
/// * Prepared statements are kept for all tenants that have the same columns and
///   types, and apart for those that have not.
///
/// Cheap to clone; the clones share their connections.
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
    /// What a connection may have on it when work begins.
    before: Before,
    /// Who hears of writes that were not committed.
    on_unkept: Option<Arc<unkept::Listener>>,
}

/// A pool in the making. Made by [`TenantPool::builder`] or
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
    on_unkept: Option<Arc<unkept::Listener>>,
}

impl TenantPoolBuilder {
    /// At most so many connections, 16 unless it is said; at least one.
    pub fn size(mut self, connections: u32) -> Self {
        self.size = connections.max(1);
        self
    }

    /// How long to wait for one when all are in use, 5 s unless it is said.
    pub fn wait(mut self, at_most: Duration) -> Self {
        self.wait = at_most;
        self
    }

    /// A schema behind the tenant's own in the path, for extensions.
    pub fn extensions(mut self, schema: ExtensionsSchema) -> Self {
        self.extensions = Some(schema);
        self
    }

    /// Schemas behind the tenant's own in the path, none unless it is said: for an
    /// application whose queries name tables of `public` without their schema. Read
    /// [`RuntimePath`] before.
    pub fn behind(mut self, path: RuntimePath) -> Self {
        self.behind = path;
        self
    }

    /// The list that says which tenants there are; today's unless it is said.
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// Calls `listen` for each transaction that has changed something and is dropped without
    /// a commit or a rollback, beside the event that tells it (see [`events`](crate::events)).
    /// In tests, let it panic: then a handler that forgets to commit fails its test.
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
    /// It is not called when a statement failed or was cut off, nor while the thread panics.
    pub fn on_unkept(mut self, listen: impl Fn(&Unkept) + Send + Sync + 'static) -> Self {
        self.on_unkept = Some(Arc::new(listen));
        self
    }

    /// Another one's knowledge of the tenants: whoever changes one tells it.
    pub(crate) fn directory(mut self, directory: Arc<Directory>) -> Self {
        self.directory = directory;
        self
    }

    /// Opens the pool, and one connection to know that it can. The others follow
    /// when they are needed. To be called inside a Tokio runtime.
    ///
    /// # Errors
    ///
    /// [`PoolError::TenantBehind`] if the path has a tenant's schema behind the others;
    /// [`PoolError::Connect`]; [`PoolError::NoExtensionsSchema`], [`PoolError::NoSchemaBehind`]
    /// or [`PoolError::ForbiddenBehind`].
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
            before: Before::Unknown,
            on_unkept: self.on_unkept,
        };
        // The server has to answer before it is asked what it is.
        drop(inner.checkout().await?);
        if inner.database.is_surely_direct().await {
            inner.before = Before::Cleared;
        }
        inner.refuse_tenant_behind().await?;
        let pool = TenantPool(Arc::new(inner));
        // Something has to be sent, or the transaction would not even begin.
        pool.public().await?.batch_execute("").await?;
        Ok(pool)
    }
}

impl TenantPool {
    /// A pool for the tenants of `database`.
    ///
    /// Where the same program creates or drops tenants, take
    /// [`Tenants::pool`](crate::Tenants::pool): that pool hears of it at once.
    pub fn builder(database: Database) -> TenantPoolBuilder {
        TenantPoolBuilder {
            database,
            size: SIZE,
            wait: WAIT,
            extensions: None,
            behind: RuntimePath::default(),
            directory: Arc::default(),
            registry: Registry::default(),
            on_unkept: None,
        }
    }

    /// A transaction in the schema of the tenant `name`, begun when it is
    /// awaited.
    ///
    /// # Errors
    ///
    /// [`PoolError::Unknown`] when nobody is registered under the name; else as
    /// the kinds of [`PoolError`] say.
    pub fn tenant(&self, name: &TenantName) -> Opening<OfTenant> {
        Opening::new(Arc::clone(&self.0), self.0.scope(name))
    }

    /// A transaction in the public schema, begun when it is awaited.
    ///
    /// # Errors
    ///
    /// As [`TenantPool::tenant`], without those that concern a tenant.
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
