//! What a [`TenantPool`](crate::TenantPool) hands out.

use std::fmt;
use std::ops::{Deref, DerefMut};

use diesel::result::Error;

use super::PoolError;
use super::connection::ScopedConnection;
use super::scope::Scope;

/// A transaction in one schema. End it with [`commit`](Self::commit).
///
/// It runs Diesel queries, and dereferences to the connection for functions that take `&mut
/// TenantConnection` or `&mut PublicConnection`. If you drop it without a commit, or a panic or a
/// dropped future drops it, it is rolled back. If it had changed something and nothing explains the
/// drop, an event reports it: see [`on_unkept`](crate::TenantPoolBuilder::on_unkept).
#[must_use = "what is done in it is rolled back unless it is committed"]
pub struct Transaction<S: Scope> {
    connection: ScopedConnection<S>,
}

impl<S: Scope> Transaction<S> {
    pub(super) fn new(connection: ScopedConnection<S>) -> Self {
        Self { connection }
    }

    /// Commits the transaction, and returns the connection to the pool.
    ///
    /// # Errors
    ///
    /// [`PoolError::Aborted`] if a query failed and its error was ignored; [`PoolError::Ended`] if
    /// a statement such as `COMMIT` or `ROLLBACK` ended the transaction; [`PoolError::PathReset`]
    /// if a statement reset the path; [`PoolError::GivenUp`] if an inner transaction was dropped;
    /// or an error of the commit, such as a deferred constraint. Nothing is committed then, with
    /// two exceptions: such a statement may have committed, and after a lost connection the commit
    /// may have succeeded.
    pub async fn commit(mut self) -> Result<(), PoolError> {
        self.connection.commit().await
    }

    /// Runs `work` in a savepoint. The savepoint is released if `work` returns `Ok`, and rolled
    /// back if not.
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

    /// Rolls back the transaction, and waits for the rollback. Dropping does the same without
    /// waiting.
    ///
    /// # Errors
    ///
    /// If the connection was lost, which also ends the transaction.
    pub async fn rollback(mut self) -> Result<(), PoolError> {
        Ok(self.connection.rollback().await?)
    }
}

/// A connection in one schema without a transaction. Each statement commits by itself, and session
/// settings last until the end.
///
/// The pool sets the path first, and resets everything that could carry over, before and after the
/// work. Use a session for statements that cannot run in a transaction, or must not keep one open.
/// For everything else, a [`Transaction`] is cheaper and safer.
pub struct Session<S: Scope> {
    connection: ScopedConnection<S>,
}

impl<S: Scope> Session<S> {
    pub(super) fn new(connection: ScopedConnection<S>) -> Self {
        Self { connection }
    }

    /// Runs `work` in a transaction. It commits if `work` returns `Ok`, and rolls back if not.
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
