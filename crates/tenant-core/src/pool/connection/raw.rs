//! The connection beneath a [`ScopedConnection`], for functions that take that one.

use std::future;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

use super::super::PoolError;
use super::super::lent::Kind;
use super::super::scope::Scope;
use super::ScopedConnection;

impl<S: Scope> ScopedConnection<S> {
    /// Lends the connection beneath, for an existing function that takes
    /// `&mut AsyncPgConnection`:
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
    /// **This is the opening in the wall.** The type no longer shows whose connection it
    /// is: a function that is given the wrong tenant's compiles. Where you can, write
    /// `C: AsyncConnection<Backend = Pg>` instead, which takes every connection and needs
    /// no opening.
    ///
    /// # What still holds
    ///
    /// * The transaction has begun, its path leads to the schema, and what the function does
    ///   is kept by the commit, not before.
    /// * Whatever it leaves, the next user of the connection doesn't find it: settings, roles,
    ///   temporary tables, locks, an open transaction, prepared statements, an instrumentation,
    ///   a size of the cache. A query whose future was dropped is canceled.
    /// * If it ended the transaction, the commit returns
    ///   [`PoolError::Ended`](crate::PoolError::Ended); if it reset the path,
    ///   [`PoolError::PathReset`](crate::PoolError::PathReset); if a transaction inside it was
    ///   given up, [`PoolError::GivenUp`](crate::PoolError::GivenUp). Later queries on this
    ///   value return the same.
    ///
    /// # What doesn't hold
    ///
    /// * While it is lent, nothing refuses a query after the end of the transaction. If the
    ///   function runs `COMMIT` and goes on, names lead to where the role's own path leads.
    /// * `build_transaction` of diesel-async fails with
    ///   [`AlreadyInTransaction`](diesel::result::Error::AlreadyInTransaction), because there
    ///   is a transaction; `transaction` makes a savepoint. In a
    ///   [`Session`](crate::Session), both work as they always did.
    /// * Errors are plain errors of Diesel, so
    ///   [`PoolError::sqlstate`](crate::PoolError::sqlstate) knows only what Diesel tells apart.
    ///
    /// # Errors
    ///
    /// What beginning the transaction meets, if this is its first use; as for a query.
    /// [`PoolError::NeedsDirect`](crate::PoolError::NeedsDirect) where each statement has a
    /// transaction of its own ([`autocommit`](crate::TenantPool::autocommit) behind a pooler).
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

    /// Whether whoever had the connection beneath has left a transaction inside this one, or
    /// ended one that is not theirs.
    pub(super) fn has_other_depth(&mut self) -> bool {
        let expected = self.lent_at.take();
        let is_other = expected.is_some_and(|depth| self.lent.depth() != depth);
        if is_other {
            self.lent_at = expected;
        }
        is_other
    }
}
