//! The connection beneath a [`ScopedConnection`], for functions that take that one.

use std::future;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

use super::super::PoolError;
use super::super::lent::Kind;
use super::super::scope::Scope;
use super::ScopedConnection;

impl<S: Scope> ScopedConnection<S> {
    /// Lends the underlying connection to an existing function that takes `&mut AsyncPgConnection`:
    ///
    /// ```no_run
    /// # use diesel::prelude::*;
    /// # use diesel_async::{AsyncPgConnection, RunQueryDsl};
    /// # use tenant_core::{PoolError, TenantName, TenantPool};
    /// # diesel::table! { tasks (id) { id -> Integer, title -> Text, } }
    /// async fn count_tasks(connection: &mut AsyncPgConnection) -> QueryResult<i64> {
    ///     tasks::table.count().get_result(connection).await
    /// }
    ///
    /// async fn report(pool: &TenantPool, name: &TenantName) -> Result<i64, PoolError> {
    ///     let mut tenant = pool.read(name).await?;
    ///     Ok(count_tasks(tenant.as_async_pg().await?).await?)
    /// }
    /// ```
    ///
    /// **This bypasses the type check.** The type no longer shows the tenant, so a call with the
    /// wrong tenant's connection compiles. Where you can, use the parameter `C:
    /// AsyncConnection<Backend = Pg>` instead, which accepts every connection.
    ///
    /// # What still holds
    ///
    /// * The transaction has begun, and its path leads to the schema. Changes of the function are
    ///   committed with the transaction, not before.
    /// * The next user of the connection finds nothing that the function left: settings, roles,
    ///   temporary tables, locks, an open transaction, prepared statements, an instrumentation, a
    ///   cache size. A query whose future was dropped is canceled.
    /// * If the function ended the transaction, the commit returns
    ///   [`PoolError::Ended`](crate::PoolError::Ended). If it reset the path, the commit returns
    ///   [`PoolError::PathReset`](crate::PoolError::PathReset). If it dropped an inner transaction,
    ///   the commit returns [`PoolError::GivenUp`](crate::PoolError::GivenUp). Later queries on
    ///   this value return the same error.
    ///
    /// # What doesn't hold
    ///
    /// * While the connection is lent, queries after the end of the transaction are not refused. If
    ///   the function runs `COMMIT` and continues, names resolve in the role's own path.
    /// * `build_transaction` of diesel-async fails with
    ///   [`AlreadyInTransaction`](diesel::result::Error::AlreadyInTransaction), because a
    ///   transaction is open. `transaction` creates a savepoint. In a [`Session`](crate::Session),
    ///   both work as usual.
    /// * Errors are plain errors of Diesel, so
    ///   [`PoolError::sqlstate`](crate::PoolError::sqlstate) knows only what Diesel tells apart.
    ///
    /// # Errors
    ///
    /// Errors of the beginning of the transaction, on the first use, as for a query.
    /// [`PoolError::NeedsDirect`](crate::PoolError::NeedsDirect) if each statement has its own
    /// transaction ([`autocommit`](crate::TenantPool::autocommit) behind a pooler).
    pub async fn as_async_pg(&mut self) -> QueryResult<&mut AsyncPgConnection> {
        self.require_path()?;
        if self.kind == Kind::Each {
            return Err(PoolError::NeedsDirect.into_diesel());
        }
        match self.pending.take() {
            Some(pending) => {
                self.lent.signs.leave();
                let parts = self.parts();
                let nothing = future::ready(Ok(()));
                parts.watched(pending.with(parts, nothing)).await?;
            }
            None => self.parts().ready(self.kind).await?,
        }
        self.lent_at = Some(self.lent.depth());
        self.lent.lend(&self.tag);
        Ok(&mut self.lent.connection)
    }

    /// The connection beneath, which was lent.
    pub(in super::super) fn beneath(&self) -> &AsyncPgConnection {
        &self.lent.connection
    }

    /// The same, to be used.
    pub(in super::super) fn beneath_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.lent.connection
    }

    /// Whether the user of the underlying connection has left a transaction open inside this one,
    /// or has ended a transaction that is not theirs.
    pub(super) fn has_other_depth(&mut self) -> bool {
        let expected = self.lent_at.take();
        let is_other = expected.is_some_and(|depth| self.lent.depth() != depth);
        if is_other {
            self.lent_at = expected;
        }
        is_other
    }
}
