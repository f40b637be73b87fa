//! [`AsyncPgSession`]: a connection of diesel-async for as long as it is kept.

use std::fmt;
use std::ops::{Deref, DerefMut};

use diesel_async::AsyncPgConnection;

use super::PoolError;
use super::guard::Session;
use super::scope::Scope;

/// A [`Session`] that is lent completely: it dereferences to diesel-async's `AsyncPgConnection`.
/// Returned by [`Session::into_async_pg`].
///
/// It replaces the connection in an extractor or a state of an existing application.
/// [`ScopedConnection::as_async_pg`](crate::ScopedConnection::as_async_pg) describes which
/// guarantees hold while a connection is lent. The pool checks the connection after you drop it,
/// not between two uses.
pub struct AsyncPgSession<S: Scope> {
    session: Session<S>,
}

impl<S: Scope> Session<S> {
    /// Lends the underlying connection until the returned value is dropped. Use it for code that
    /// keeps a connection and uses it in many places as an `AsyncPgConnection`.
    ///
    /// ```no_run
    /// # use diesel_async::AsyncPgConnection;
    /// # use tenant_core::{AsyncPgSession, OfTenant, PoolError, TenantName, TenantPool};
    /// struct Org {
    ///     connection: AsyncPgSession<OfTenant>, // was: PooledConnection<'static, AsyncPgConnection>
    /// }
    ///
    /// async fn open(pool: &TenantPool, name: &TenantName) -> Result<Org, PoolError> {
    ///     let connection = pool.autocommit(name).await?.into_async_pg().await?;
    ///     Ok(Org { connection })
    /// }
    ///
    /// async fn archive(connection: &mut AsyncPgConnection) {}
    ///
    /// async fn handler(mut org: Org) {
    ///     archive(&mut org.connection).await;
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`ScopedConnection::as_async_pg`](crate::ScopedConnection::as_async_pg):
    /// [`PoolError::NeedsDirect`] behind a pooler.
    pub async fn into_async_pg(mut self) -> Result<AsyncPgSession<S>, PoolError> {
        self.as_async_pg().await?;
        Ok(AsyncPgSession { session: self })
    }
}

impl<S: Scope> Deref for AsyncPgSession<S> {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        self.session.beneath()
    }
}

impl<S: Scope> DerefMut for AsyncPgSession<S> {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        self.session.beneath_mut()
    }
}

impl<S: Scope> fmt::Debug for AsyncPgSession<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("AsyncPgSession")
            .field(&self.session)
            .finish()
    }
}
