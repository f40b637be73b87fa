//! What makes a [`ScopedConnection`] one of diesel-async's.

use std::sync::Arc;

use diesel::associations::{HasTable, Identifiable};
use diesel::connection::{CacheSize, Instrumentation};
use diesel::dsl::{Find, Update};
use diesel::pg::Pg;
use diesel::query_builder::UpdateStatement;
use diesel::query_builder::{AsChangeset, AsQuery, IntoUpdateTarget, QueryFragment, QueryId};
use diesel::query_dsl::methods::FindDsl;
use diesel::{ConnectionError, ConnectionResult, QueryResult, Table};
use diesel_async::methods::LoadQuery;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncConnectionCore, AsyncPgConnection, RunQueryDsl,
    SimpleAsyncConnection, UpdateAndFetchResults,
};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt, TryStreamExt};

use super::super::lent::Kind;
use super::super::rows::Rows;
use super::super::scope::Scope;
use super::super::tag::Tagged;
use super::ScopedConnection;

impl<S: Scope> SimpleAsyncConnection for ScopedConnection<S> {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        if self.begins_by(query) {
            return self.begin_by_hand().await;
        }
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
        if self.kind == Kind::Each {
            // Its transaction ends before anybody reads them.
            let rows = self.run(|mut connection| {
                let rows = AsyncConnectionCore::load(&mut connection, query);
                async move { rows.await?.try_collect::<Vec<_>>().await }.boxed()
            });
            return async move { Ok(stream::iter(rows.await?.into_iter().map(Ok)).boxed()) }
                .boxed();
        }
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
