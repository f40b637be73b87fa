//! [`DriverTransaction`]: a transaction in one schema without Diesel.

use std::fmt;
use std::future::Future;
use std::ops::Deref;

use tokio_postgres::Client;

use super::PoolError;
use super::message::{self, Prepared};
use crate::Database;
use crate::link::{Canceller, Ended, Standing, Wire};
use crate::name::Schema;
use crate::path;

/// A transaction in one schema on a connection of the driver, without Diesel.
/// [`Opening::on_driver`](crate::Opening::on_driver) begins it with the same path and checks as
/// other transactions of the pool.
///
/// The connection is closed at the end. If you drop the transaction without a commit, it is rolled
/// back, and its running statement is canceled.
#[must_use = "what is done in it is rolled back unless it is committed"]
pub struct DriverTransaction {
    client: Client,
    database: Database,
    wire: Wire,
    schema: String,
    is_over: bool,
}

/// Cancels the running statement of a [`DriverTransaction`] from elsewhere.
#[derive(Clone)]
pub struct Cancel {
    canceller: Canceller,
    database: Database,
}

impl DriverTransaction {
    pub(super) fn new(
        client: Client,
        (database, wire): (Database, Wire),
        schema: Schema<'_>,
    ) -> Self {
        Self {
            client,
            database,
            wire,
            schema: schema.schema_name().to_owned(),
            is_over: false,
        }
    }

    /// Returns the name of its schema: the tenant's schema, or `public`.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Commits the transaction.
    ///
    /// # Errors
    ///
    /// [`PoolError::Aborted`] if a statement failed and its error was ignored; [`PoolError::Ended`]
    /// if a statement ended the transaction; [`PoolError::PathReset`] if a statement reset the
    /// path; or an error of the commit.
    pub async fn commit(mut self) -> Result<(), PoolError> {
        self.wire.watch.settled().await;
        if self.was_ended().await? {
            return Err(PoolError::Ended);
        }
        if self.wire.watch.standing() == Standing::Failed {
            return Err(PoolError::Aborted);
        }
        if self.wire.watch.seen().path && !self.has_path().await? {
            return Err(PoolError::PathReset);
        }
        let prepared = match self.wire.watch.seen().prepared {
            true => Prepared::Perhaps,
            false => Prepared::No,
        };
        self.wire.watch.listen();
        let committed = self.client.batch_execute(&message::commit(prepared)).await;
        self.is_over = true;
        match (self.wire.watch.ended(), committed) {
            (Some(Ended::Committed), _) => Ok(()),
            (_, Ok(())) => Err(PoolError::Aborted),
            (_, Err(error)) => Err(PoolError::Driver(error.into())),
        }
    }

    /// Whether a statement has ended the transaction, and another one may have begun.
    async fn was_ended(&self) -> Result<bool, PoolError> {
        let (standing, seen) = (self.wire.watch.standing(), self.wire.watch.seen());
        if standing == Standing::Outside || seen.ended {
            return Ok(true);
        }
        if !seen.rolled_back || standing == Standing::Failed {
            return Ok(false);
        }
        Ok(!self.has_path().await?)
    }

    async fn has_path(&self) -> Result<bool, PoolError> {
        let row = self.client.query_typed_one(path::IS_SET, &[]).await;
        let has_path = row.and_then(|row| row.try_get::<_, bool>(0));
        has_path.map_err(|error| PoolError::Driver(error.into()))
    }

    /// Rolls back without waiting. Use it after the server has answered every statement.
    pub fn end(mut self) {
        self.is_over = true;
    }

    /// Returns a handle that cancels the running statement.
    #[must_use]
    pub fn canceller(&self) -> Cancel {
        Cancel {
            canceller: self.wire.canceller(),
            database: self.database.clone(),
        }
    }
}

impl Cancel {
    /// Asks the server to cancel the statement, also through a pooler.
    pub fn send(self) -> impl Future<Output = ()> + Send {
        self.canceller.send()
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
        if !self.is_over || self.wire.watch.is_working() {
            self.wire.abandon();
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
