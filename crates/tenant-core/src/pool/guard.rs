//! What a [`TenantPool`](crate::TenantPool) hands out.

use std::fmt;
use std::ops::{Deref, DerefMut};

use diesel::result::Error;

use super::PoolError;
use super::connection::ScopedConnection;
use super::scope::Scope;

/// A transaction in one schema, which ends with [`commit`](Self::commit).
///
/// It is a connection for Diesel's queries, and gives one to functions that take
/// `&mut TenantConnection` or `&mut PublicConnection`. Dropped without a commit,
/// also by a panic or because its future was, it is rolled back. If it had changed something
/// and nothing explains the drop, an event says so: see
/// [`on_unkept`](crate::TenantPoolBuilder::on_unkept).
#[must_use = "what is done in it is rolled back unless it is committed"]
pub struct Transaction<S: Scope> {
    connection: ScopedConnection<S>,
}

impl<S: Scope> Transaction<S> {
    pub(super) fn new(connection: ScopedConnection<S>) -> Self {
        Self { connection }
    }

    /// Keeps what was done. The connection goes back to the pool.
    ///
    /// # Errors
    ///
    /// [`PoolError::Aborted`] when a query failed before and its error was passed
    /// over; [`PoolError::Ended`] when a statement was `COMMIT`, `ROLLBACK` or the like,
    /// and has ended the transaction; [`PoolError::PathReset`] when one has reset the path;
    /// [`PoolError::GivenUp`] when a transaction inside it was dropped; otherwise what the
    /// commit meets, such as a deferred constraint. Then nothing was kept, except what such
    /// a statement has committed, and where the connection was lost: the answer may have
    /// been on its way.
    pub async fn commit(mut self) -> Result<(), PoolError> {
        self.connection.commit().await
    }

    /// Runs `work` in a savepoint: kept with the rest when it returns `Ok`, undone
    /// otherwise.
    ///
    /// # Errors
    ///
    /// As [`ScopedConnection::transaction`].
    pub async fn transaction<R, E: From<Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut ScopedConnection<S>) -> Result<R, E>,
    ) -> Result<R, E> {
        self.connection.transaction(work).await
    }

    /// Gives up what was done, as it was meant.
    pub(super) fn give_up(mut self) {
        self.connection.give_up();
    }

    /// Gives up what was done, and waits until that has happened. Dropping does
    /// the same without waiting.
    ///
    /// # Errors
    ///
    /// When the connection was lost, which ends the transaction too.
    pub async fn rollback(mut self) -> Result<(), PoolError> {
        Ok(self.connection.rollback().await?)
    }
}

/// A connection in one schema without a transaction around it: each statement is
/// one of its own, and what is set for the session stays until the end.
///
/// The path is set when it is handed out, and everything that could carry over
/// is forgotten then and at the end. For what cannot be in a transaction, or
/// must not keep one open; everything else is cheaper and safer in a
/// [`Transaction`].
pub struct Session<S: Scope> {
    connection: ScopedConnection<S>,
}

impl<S: Scope> Session<S> {
    pub(super) fn new(connection: ScopedConnection<S>) -> Self {
        Self { connection }
    }

    /// Runs `work` in a transaction: committed when it returns `Ok`, rolled back otherwise.
    ///
    /// # Errors
    ///
    /// As [`ScopedConnection::transaction`].
    pub async fn transaction<R, E: From<Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut ScopedConnection<S>) -> Result<R, E>,
    ) -> Result<R, E> {
        self.connection.transaction(work).await
    }
}

impl<S: Scope> Deref for Transaction<S> {
    type Target = ScopedConnection<S>;

    fn deref(&self) -> &ScopedConnection<S> {
        &self.connection
    }
}

impl<S: Scope> DerefMut for Transaction<S> {
    fn deref_mut(&mut self) -> &mut ScopedConnection<S> {
        &mut self.connection
    }
}

impl<S: Scope> Deref for Session<S> {
    type Target = ScopedConnection<S>;

    fn deref(&self) -> &ScopedConnection<S> {
        &self.connection
    }
}

impl<S: Scope> DerefMut for Session<S> {
    fn deref_mut(&mut self) -> &mut ScopedConnection<S> {
        &mut self.connection
    }
}

impl<S: Scope> fmt::Debug for Transaction<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Transaction")
            .field(&self.connection)
            .finish()
    }
}

impl<S: Scope> fmt::Debug for Session<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Session")
            .field(&self.connection)
            .finish()
    }
}
