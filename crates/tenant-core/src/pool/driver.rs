//! [`DriverTransaction`]: a transaction in one schema without Diesel.

use std::fmt;
use std::future::Future;
use std::ops::Deref;

use tokio_postgres::{CancelToken, Client};

use super::PoolError;
use crate::Database;

/// A transaction in one schema on a connection of the driver's own, begun by
/// [`Opening::on_driver`](crate::Opening::on_driver) with the same path and the
/// same checks as any other of the pool.
///
/// The connection is closed at the end. Dropped before it was said how to end, it
/// is rolled back, and the statement that it is at is cancelled: nobody waits for
/// the answer any more.
#[must_use = "what is done in it is rolled back unless it is committed"]
pub struct DriverTransaction {
    client: Client,
    database: Database,
    is_over: bool,
}

/// Cancels what a [`DriverTransaction`] is at, from somewhere else.
#[derive(Clone)]
pub struct Cancel {
    token: CancelToken,
    database: Database,
}

impl DriverTransaction {
    pub(super) fn new(client: Client, database: Database) -> Self {
        Self {
            client,
            database,
            is_over: false,
        }
    }

    /// Keeps what was done.
    ///
    /// # Errors
    ///
    /// [`PoolError::Aborted`] when a statement failed before and its error was
    /// passed over; otherwise what the commit meets.
    pub async fn commit(mut self) -> Result<(), PoolError> {
        // PostgreSQL answers the commit of a failed transaction with a rollback,
        // and no error. Any other statement is refused in one.
        let committed = self.client.batch_execute("SELECT 1; COMMIT").await;
        self.is_over = true;
        committed.map_err(|error| match error.code().map(|code| code.code()) {
            Some("25P02") => PoolError::Aborted,
            _ => PoolError::Driver(error.into()),
        })
    }

    /// Keeps nothing, and has nothing to wait for: when everything that was asked
    /// has been answered.
    pub fn end(mut self) {
        self.is_over = true;
    }

    /// What cancels the statement that it is at.
    #[must_use]
    pub fn canceller(&self) -> Cancel {
        Cancel {
            token: self.client.cancel_token(),
            database: self.database.clone(),
        }
    }
}

impl Cancel {
    /// Asks the server to give up the statement. Of no use behind a pooler, where
    /// nothing is sent.
    pub fn send(self) -> impl Future<Output = ()> + Send {
        self.database.cancel(self.token)
    }
}

impl Deref for DriverTransaction {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for DriverTransaction {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            drop(runtime.spawn(self.canceller().send()));
        }
    }
}

impl fmt::Debug for DriverTransaction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DriverTransaction")
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Cancel")
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}
