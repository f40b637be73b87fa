//! [`Cleared`]: a pool's manager that clears connections before they are lent again.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::Clearing;

/// A manager for a bb8 or r2d2 pool that wraps your manager. It clears each connection before the
/// pool lends it, and closes a connection that is returned during a transaction.
///
/// Neither pool has a hook for returned connections that could query the server. Therefore the
/// clearing is part of the test before a connection is lent. Keep `test_on_check_out` on, which is
/// the default. If it is off, every connection is closed after its first use. This is slow, but
/// nothing leaks.
///
/// Then the test of your manager runs, and its settings stay. With diesel-async,
/// `RecyclingMethod::Fast` saves its round trip, because the clearing also shows that the
/// connection is alive.
///
/// Notifications that a connection has received are discarded with bb8. r2d2 closes a
/// connection that still listens to a channel, because a synchronous driver keeps what it
/// has received.
///
/// A connection in Diesel's test transaction (`begin_test_transaction`) is not cleared.
#[derive(Debug)]
pub struct Cleared<M> {
    manager: M,
    message: String,
    /// Whether the pool has ever asked if a connection is valid, and so will again.
    is_asked: AtomicBool,
}

impl<M> Cleared<M> {
    /// Wraps `manager`.
    pub fn new(manager: M, clearing: &Clearing) -> Self {
        Self {
            manager,
            message: clearing.message(),
            is_asked: AtomicBool::new(false),
        }
    }

    fn is_unchecked(&self) -> bool {
        !self.is_asked.load(Ordering::Relaxed)
    }
}

#[cfg(feature = "bb8")]
mod of_bb8 {
    use super::{Cleared, Ordering};
    use bb8::ManageConnection;
    use diesel_async::pooled_connection::PoolError;
    use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

    use crate::asynchronous::depth;
    use crate::notifications::discard_notifications;

    impl<M> ManageConnection for Cleared<M>
    where
        M: ManageConnection<Connection = AsyncPgConnection, Error = PoolError>,
    {
        type Connection = AsyncPgConnection;
        type Error = PoolError;

        async fn connect(&self) -> Result<AsyncPgConnection, PoolError> {
            self.manager.connect().await
        }

        async fn is_valid(&self, connection: &mut AsyncPgConnection) -> Result<(), PoolError> {
            self.is_asked.store(true, Ordering::Relaxed);
            if depth(connection).map_err(PoolError::QueryError)? == 0 {
                let cleared = connection.batch_execute(&self.message).await;
                cleared.map_err(PoolError::QueryError)?;
                discard_notifications(connection);
            }
            self.manager.is_valid(connection).await
        }

        fn has_broken(&self, connection: &mut AsyncPgConnection) -> bool {
            self.is_unchecked() || self.manager.has_broken(connection)
        }
    }
}

#[cfg(feature = "r2d2")]
mod of_r2d2 {
    use super::{Cleared, Ordering};
    use diesel::Connection;
    use diesel::connection::SimpleConnection;
    use diesel::pg::Pg;
    use diesel::r2d2::{Error, ManageConnection};

    use crate::Clearing;
    use crate::blocking::depth;

    impl<M> ManageConnection for Cleared<M>
    where
        M: ManageConnection<Error = Error>,
        M::Connection: Connection<Backend = Pg>,
    {
        type Connection = M::Connection;
        type Error = Error;

        fn connect(&self) -> Result<M::Connection, Error> {
            self.manager.connect()
        }

        fn is_valid(&self, connection: &mut M::Connection) -> Result<(), Error> {
            self.is_asked.store(true, Ordering::Relaxed);
            if depth(connection)? == 0 {
                connection.batch_execute(&Clearing::unless_listening(&self.message))?;
            }
            self.manager.is_valid(connection)
        }

        fn has_broken(&self, connection: &mut M::Connection) -> bool {
            self.is_unchecked() || self.manager.has_broken(connection)
        }
    }
}
