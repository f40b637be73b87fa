//! What one does with a [`TenantPool`]: reads, writes, and ports code that knows neither.

use std::sync::Arc;

use super::connection::{PublicConnection, TenantConnection};
use super::guard::{Session, Transaction};
use super::opening::Opening;
use super::scope::{OfPublic, OfTenant, Scope};
use super::{PoolError, TenantPool};
use crate::TenantName;

impl TenantPool {
    /// Begins a read-only transaction in the schema of the tenant `name`. You can drop it without a
    /// commit. A statement that writes fails with an error that names [`write`](Self::write).
    ///
    /// # Errors
    ///
    /// As [`TenantPool::tenant`].
    pub fn read(&self, name: &TenantName) -> Opening<OfTenant> {
        self.tenant(name).read_only()
    }

    /// Runs `work` in a transaction in the schema of the tenant `name`. It commits if `work`
    /// returns `Ok`, and rolls back if not.
    ///
    /// ```no_run
    /// # use diesel::prelude::*;
    /// # use diesel_async::RunQueryDsl;
    /// # use tenant_core::{PoolError, TenantName, TenantPool};
    /// # diesel::table! { tasks (id) { id -> Integer, title -> Text, } }
    /// async fn clear(pool: &TenantPool, name: &TenantName) -> Result<usize, PoolError> {
    ///     pool.write(name, async |tenant| {
    ///         Ok(diesel::delete(tasks::table).execute(tenant).await?)
    ///     })
    ///     .await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Errors of [`TenantPool::tenant`], [`Transaction::commit`] and `work`.
    pub async fn write<R, E: From<PoolError>>(
        &self,
        name: &TenantName,
        work: impl AsyncFnOnce(&mut TenantConnection) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut tenant = self.tenant(name).await?;
        let result = work(&mut tenant).await;
        finish(tenant, result).await
    }

    /// Another name for [`write`](Self::write).
    ///
    /// # Errors
    ///
    /// As [`TenantPool::write`].
    pub async fn in_tenant<R, E: From<PoolError>>(
        &self,
        name: &TenantName,
        work: impl AsyncFnOnce(&mut TenantConnection) -> Result<R, E>,
    ) -> Result<R, E> {
        self.write(name, work).await
    }

    /// The same in the public schema.
    ///
    /// # Errors
    ///
    /// As [`TenantPool::write`].
    pub async fn in_public<R, E: From<PoolError>>(
        &self,
        work: impl AsyncFnOnce(&mut PublicConnection) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut public = self.public().await?;
        let result = work(&mut public).await;
        finish(public, result).await
    }

    /// Returns a connection in the schema of the tenant `name` that commits each statement by
    /// itself, like the connection of an ordinary pool. Use it to port handlers by changing only
    /// their type. Inner transactions work as before.
    ///
    /// ```no_run
    /// # use diesel::prelude::*;
    /// # use diesel_async::{AsyncConnection, RunQueryDsl};
    /// # use tenant_core::{PoolError, TenantName, TenantPool};
    /// # diesel::table! { tasks (id) { id -> Integer, title -> Text, } }
    /// # async fn example(pool: &TenantPool, acme: &TenantName) -> Result<(), PoolError> {
    /// let mut connection = pool.autocommit(acme).await?; // was: pool.get().await?
    /// diesel::insert_into(tasks::table)
    ///     .values(tasks::title.eq("Call back"))
    ///     .execute(&mut *connection)
    ///     .await?; // it is kept, whatever comes after it
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Use it while you port an application. [`write`](Self::write) commits all of a request or
    /// nothing, and is cheaper. Behind a pooler, each statement runs in its own transaction. This
    /// takes one more round trip, and all rows are collected before you get the first one.
    ///
    /// # Errors
    ///
    /// As [`TenantPool::tenant`].
    pub async fn autocommit(&self, name: &TenantName) -> Result<Session<OfTenant>, PoolError> {
        Arc::clone(&self.0).autocommit(self.0.scope(name)).await
    }

    /// Returns a connection in the schema of the tenant `name` without a transaction (see
    /// [`Session`]).
    ///
    /// # Errors
    ///
    /// [`PoolError::NeedsDirect`] behind a pooler, or an error of [`TenantPool::tenant`].
    pub async fn tenant_session(&self, name: &TenantName) -> Result<Session<OfTenant>, PoolError> {
        Arc::clone(&self.0).session(self.0.scope(name)).await
    }

    /// The same in the public schema.
    ///
    /// # Errors
    ///
    /// As [`TenantPool::tenant_session`].
    pub async fn public_session(&self) -> Result<Session<OfPublic>, PoolError> {
        Arc::clone(&self.0).session(OfPublic).await
    }
}

/// Commits what was done, or gives it up on purpose.
async fn finish<S: Scope, R, E: From<PoolError>>(
    transaction: Transaction<S>,
    result: Result<R, E>,
) -> Result<R, E> {
    match result {
        Ok(result) => {
            transaction.commit().await?;
            Ok(result)
        }
        Err(error) => {
            transaction.give_up();
            Err(error)
        }
    }
}
