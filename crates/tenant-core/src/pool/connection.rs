//! [`TenantConnection`] and [`PublicConnection`]: connections of different types,
//! on which Diesel's queries run.

use std::fmt;
use std::sync::Arc;

use diesel::associations::{HasTable, Identifiable};
use diesel::connection::{CacheSize, Instrumentation};
use diesel::dsl::{Find, Update};
use diesel::pg::Pg;
use diesel::query_builder::UpdateStatement;
use diesel::query_builder::{AsChangeset, AsQuery, IntoUpdateTarget, QueryFragment, QueryId};
use diesel::query_dsl::methods::FindDsl;
use diesel::result::Error;
use diesel::{ConnectionError, ConnectionResult, QueryResult, Table};
use diesel_async::methods::LoadQuery;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncConnectionCore, AsyncPgConnection, RunQueryDsl,
    SimpleAsyncConnection, TransactionManager, UpdateAndFetchResults,
};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, future};
use tokio::sync::OwnedMutexGuard;

use super::PoolError;
use super::begin::{LentParts, Pending};
use super::directory::Directory;
use super::held::Held;
use super::lent::{self, Inner, Kind};
use super::message::{self, Before, Prepared};
use super::rows::Rows;
use super::scope::{OfPublic, OfTenant, Scope};
use super::tag::{Tag, Tagged};
use crate::TenantName;
use crate::link::{Ended, Standing};

/// A connection that sees one tenant's tables: what functions take that need
/// them.
///
/// Diesel's queries run on it as on any connection of diesel-async, and so do
/// transactions inside its own ([`AsyncConnection::transaction`], as savepoints).
/// It is not a [`PublicConnection`], and neither is it a plain connection:
///
/// ```compile_fail
/// # use tenant_core::{PublicConnection, TenantConnection};
/// async fn count_tasks(tenant: &mut TenantConnection) {}
///
/// async fn handler(public: &mut PublicConnection) {
///     count_tasks(public).await; // expected `OfTenant`, found `OfPublic`
/// }
/// ```
///
/// ```compile_fail
/// # use diesel_async::AsyncPgConnection;
/// # use tenant_core::TenantConnection;
/// async fn count_tasks(tenant: &mut TenantConnection) {}
///
/// async fn handler(anywhere: &mut AsyncPgConnection) {
///     count_tasks(anywhere).await; // expected `TenantConnection`
/// }
/// ```
pub type TenantConnection = ScopedConnection<OfTenant>;

/// A connection that sees the tables of `public`, and no tenant's.
///
/// ```compile_fail
/// # use tenant_core::{PublicConnection, TenantConnection};
/// async fn count_tenants(public: &mut PublicConnection) {}
///
/// async fn handler(tenant: &mut TenantConnection) {
///     count_tenants(tenant).await; // expected `OfPublic`, found `OfTenant`
/// }
/// ```
pub type PublicConnection = ScopedConnection<OfPublic>;

/// A connection in one schema: a [`TenantConnection`] or a [`PublicConnection`].
///
/// Comes from a [`TenantPool`](crate::TenantPool). What is left open when it is
/// dropped is rolled back. If a query is not over by then, because its future or its
/// stream of rows was dropped, the query is cancelled and the connection is closed.
///
/// A stream of rows borrows the connection, so it can't be kept beyond the work, or while
/// another query runs:
///
/// ```compile_fail
/// # use diesel_async::RunQueryDsl;
/// # use futures_util::StreamExt;
/// # use tenant_core::{PoolError, TenantName, TenantPool};
/// # diesel::table! { tasks (id) { id -> Integer, title -> Text, } }
/// # async fn example(pool: &TenantPool, acme: &TenantName) -> Result<(), PoolError> {
/// let mut tenant = pool.tenant(acme).await?;
/// let mut rows = tasks::table.load_stream::<(i32, String)>(&mut tenant).await?;
/// tenant.commit().await?; // `tenant` is borrowed by `rows`
/// rows.next().await;
/// # Ok(())
/// # }
/// ```
pub struct ScopedConnection<S: Scope> {
    lent: Held,
    home: Home,
    scope: S,
    tag: Tag,
    kind: Kind,
    /// What begins the transaction, before its first query.
    pending: Option<Pending>,
    end: End,
}

/// What a connection has to know of where it comes from.
#[derive(Clone)]
pub(super) struct Home {
    pub(super) directory: Arc<Directory>,
    /// What it may have had on it when its work began.
    pub(super) before: Before,
}

/// Whether the transaction has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Not,
    /// And nothing is left on the connection.
    Clear,
    /// It goes on elsewhere.
    HandedOn,
}

impl End {
    fn of<T>(answer: &QueryResult<T>) -> Self {
        match answer {
            Ok(_) => Self::Clear,
            Err(_) => Self::Not,
        }
    }
}

impl ScopedConnection<OfTenant> {
    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> &TenantName {
        &self.scope.0.name
    }
}

impl<S: Scope> ScopedConnection<S> {
    pub(super) fn new(
        home: Home,
        mut lent: Held,
        (scope, tag): (S, Tag),
        (kind, pending): (Kind, Option<Pending>),
    ) -> Self {
        lent.serve(scope.tenant(), &tag);
        lent.watch().forget();
        Self {
            lent,
            home,
            scope,
            tag,
            kind,
            pending,
            end: End::Not,
        }
    }

    pub(super) fn scope(&self) -> &S {
        &self.scope
    }

    /// Ends the transaction and keeps what was done in it.
    pub(super) async fn commit(&mut self) -> Result<(), PoolError> {
        if self.was_never_begun() {
            return match self.lent.signs.is_left() {
                true => Err(PoolError::Aborted),
                false => Ok(()),
            };
        }
        self.require_whole().await?;
        let message = message::commit(self.prepared());
        self.end_with(&message).await
    }

    /// Sees that all that was done in the transaction is known, and can be kept.
    pub(super) async fn require_whole(&mut self) -> Result<(), PoolError> {
        if self.lent.signs.is_given_up() || self.lent.depth() > 1 {
            return Err(PoolError::GivenUp);
        }
        self.parts().ready(self.kind).await?;
        if self.lent.watch().standing() == Standing::Failed {
            // PostgreSQL answers the commit of such a transaction with a rollback, and
            // without an error.
            return Err(PoolError::Aborted);
        }
        Ok(())
    }

    /// Sends the message that commits.
    pub(super) async fn end_with(&mut self, message: &str) -> Result<(), PoolError> {
        let answer = self.parts().send(message).await;
        self.end = End::of(&answer);
        match (self.lent.watch().ended(), answer) {
            // Whatever came behind the commit does not undo it.
            (Some(Ended::Committed), _) => Ok(()),
            (_, Ok(())) => Err(PoolError::Aborted),
            (_, Err(error)) => Err(error.into()),
        }
    }

    /// Gives the connection to somebody else in the middle of its transaction.
    pub(super) async fn hand_on(mut self) -> Held {
        self.end = End::HandedOn;
        let shared = Arc::clone(OwnedMutexGuard::mutex(&self.lent));
        drop(self);
        shared.lock_owned().await
    }

    /// Ends the transaction, and waits until nothing of it is left.
    pub(super) async fn rollback(&mut self) -> QueryResult<()> {
        if self.was_never_begun() {
            return Ok(());
        }
        let message = message::roll_back(self.prepared());
        let answer = self.parts().send(&message).await;
        self.end = End::of(&answer);
        answer
    }

    /// What the work may have done to prepared statements. Behind a pooler the driver's are
    /// not on the server.
    fn prepared(&self) -> Prepared {
        let watch = self.lent.watch();
        match (watch.seen().prepared, self.home.before) {
            (false, _) => Prepared::No,
            (true, Before::Cleared) if watch.has_named() => Prepared::PerhapsDropped,
            (true, _) => Prepared::Perhaps,
        }
    }

    pub(super) fn parts(&self) -> LentParts<'_> {
        LentParts {
            connection: &self.lent.connection,
            signs: &self.lent.signs,
            watch: self.lent.watch(),
        }
    }

    /// Whether there is no transaction to end, because what begins it was not sent
    /// or has failed. Then none is counted any more.
    fn was_never_begun(&mut self) -> bool {
        let never = self.pending.take().is_some() || self.lent.signs.is_left();
        if never {
            self.lent.count_out();
        }
        never
    }

    /// Refuses queries after the end of the transaction: the path has ended with
    /// it.
    fn require_path(&mut self) -> QueryResult<()> {
        let is_over = self.lent.signs.is_left() || self.lent.depth() == 0;
        if self.kind == Kind::Transaction && is_over {
            return Err(Error::NotInTransaction);
        }
        if self.lent.signs.is_given_up() {
            return Err(PoolError::GivenUp.into_diesel());
        }
        Ok(())
    }

    /// Runs `work` in a transaction inside this one (a savepoint), or, in a
    /// [`Session`](crate::Session), in a transaction: committed when it returns `Ok`,
    /// rolled back otherwise.
    ///
    /// It is Diesel's method, and takes notice if its future is dropped before the end:
    /// then nothing shows any more what belongs to it. Queries after that are refused with
    /// [`PoolError::GivenUp`], and so is the commit.
    ///
    /// # Errors
    ///
    /// What `work` returns, and what the savepoint meets.
    pub async fn transaction<R, E: From<Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<R, E>,
    ) -> Result<R, E> {
        self.require_path()?;
        let inner = Inner::new(&self.lent.signs);
        let result = self.run_inside(work).await;
        inner.end();
        result
    }

    async fn run_inside<R, E: From<Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<R, E>,
    ) -> Result<R, E> {
        AnsiTransactionManager::begin_transaction(self).await?;
        match work(self).await {
            Ok(result) => {
                AnsiTransactionManager::commit_transaction(self).await?;
                Ok(result)
            }
            Err(error) => match AnsiTransactionManager::rollback_transaction(self).await {
                // The reason why it can't be rolled back is the error of the work.
                Ok(()) | Err(Error::BrokenTransactionManager) => Err(error),
                Err(failed) => Err(failed.into()),
            },
        }
    }

    /// Runs a query in the schema, and watches what comes of it.
    fn run<'conn, T: Send + 'conn>(
        &'conn mut self,
        query: impl FnOnce(&'conn AsyncPgConnection) -> BoxFuture<'conn, QueryResult<T>>,
    ) -> BoxFuture<'conn, QueryResult<T>> {
        if let Err(error) = self.require_path() {
            return future::ready(Err(error)).boxed();
        }
        let pending = self.pending.take();
        if pending.is_some() {
            // For the case that the query is given up before it is sent.
            self.lent.signs.leave();
        }
        let kind = self.kind;
        let lent = self.parts();
        let answer = query(lent.connection);
        async move {
            match pending {
                Some(pending) => lent.watched(pending.with(lent, answer)).await,
                None => {
                    lent.ready(kind).await?;
                    lent.watched(answer).await
                }
            }
        }
        .boxed()
    }
}

impl<S: Scope> Drop for ScopedConnection<S> {
    fn drop(&mut self) {
        if self.end == End::HandedOn {
            return;
        }
        let was_begun = !self.was_never_begun();
        if self.lent.end()
            && let Some(tenant) = self.scope.tenant()
        {
            self.home.directory.forget(tenant);
        }
        if self.lent.is_cut_off() {
            // The pool closes it.
            return;
        }
        match self.end {
            End::Not if was_begun => {
                let message = message::roll_back(self.prepared());
                lent::end_behind(&mut self.lent, message);
            }
            _ => self.lent.count_out(),
        }
    }
}

impl<S: Scope> fmt::Debug for ScopedConnection<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenant = self.scope.tenant().map(TenantName::as_str);
        formatter
            .debug_struct("ScopedConnection")
            .field("tenant", &tenant)
            .finish_non_exhaustive()
    }
}

impl<S: Scope> SimpleAsyncConnection for ScopedConnection<S> {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        let run = self.run(|mut connection| {
            let query = query.to_owned();
            async move { connection.batch_execute(&query).await }.boxed()
        });
        run.await
    }
}

impl<S: Scope> AsyncConnectionCore for ScopedConnection<S> {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<Self::Stream<'conn, 'query>>>;
    // Borrows the connection: nothing else can run on it before the rows are read or
    // dropped.
    type Stream<'conn, 'query> = BoxStream<'conn, QueryResult<Self::Row<'conn, 'query>>>;
    type Row<'conn, 'query> = <AsyncPgConnection as AsyncConnectionCore>::Row<'conn, 'query>;
    type Backend = Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        let query = Tagged::new(source.as_query(), &self.tag);
        let signs = Arc::clone(&self.lent.signs);
        let watch = Arc::clone(self.lent.watch());
        let rows = self.run(|mut connection| AsyncConnectionCore::load(&mut connection, query));
        async move { Ok(Rows::new(rows.await?, signs, watch).boxed()) }.boxed()
    }

    fn execute_returning_count<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Pg> + QueryId + 'query,
    {
        let query = Tagged::new(source, &self.tag);
        self.run(|mut connection| connection.execute_returning_count(query))
    }
}

impl<S: Scope> AsyncConnection for ScopedConnection<S> {
    type TransactionManager = AnsiTransactionManager;

    /// Refused: such a connection comes from a [`TenantPool`](crate::TenantPool).
    async fn establish(_: &str) -> ConnectionResult<Self> {
        let reason = "a connection in a schema comes from a TenantPool";
        Err(ConnectionError::BadConnection(reason.to_owned()))
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        self.lent.connection.transaction_state()
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        self.lent.connection.instrumentation()
    }

    /// For as long as this value lives: the next one to use the connection has Diesel's
    /// default again. It sees the messages that begin and end this work too.
    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.lent.instrument(instrumentation);
    }

    /// For as long as this value lives.
    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.lent.resize(size);
    }
}

/// What `save_changes` needs.
impl<'b, S, Changes, Output, Tab, V> UpdateAndFetchResults<Changes, Output> for ScopedConnection<S>
where
    S: Scope,
    Output: Send + 'static,
    Changes: Copy + Send + AsChangeset<Target = Tab> + Identifiable<Table = Tab> + HasTable,
    Changes::Changeset: Send + 'b,
    Tab: Table + FindDsl<Changes::Id> + 'b,
    Tab::FromClause: Send,
    Find<Tab, Changes::Id>: IntoUpdateTarget<Table = Tab, WhereClause = V>,
    UpdateStatement<Tab, V, Changes::Changeset>: AsQuery,
    Update<Changes, Changes>: LoadQuery<'b, Self, Output>,
    V: Send + 'b,
{
    fn update_and_fetch<'conn, 'changes>(
        &'conn mut self,
        changeset: Changes,
    ) -> BoxFuture<'changes, QueryResult<Output>>
    where
        Changes: 'changes,
        Changes::Changeset: 'changes,
        'conn: 'changes,
        Self: 'changes,
    {
        async move {
            let update = diesel::update(changeset).set(changeset);
            update.get_result(self).await
        }
        .boxed()
    }
}
