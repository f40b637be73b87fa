//! How bb8 gets connections, and what becomes of those that cannot be opened.

use std::fmt;
use std::sync::Arc;

use bb8::{ErrorSink, ManageConnection};
use tokio::sync::watch;

use super::lent::Lent;
use crate::{ConnectError, Database};

/// Opens the pool's connections.
pub(super) struct Manager {
    pub(super) database: Database,
}

impl ManageConnection for Manager {
    // It is moved at every checkout, and is large.
    type Connection = Box<Lent>;
    type Error = ConnectError;

    async fn connect(&self) -> Result<Box<Lent>, ConnectError> {
        Ok(Box::new(Lent::new(self.database.watched_diesel().await?)))
    }

    /// Not checked here: the message that begins a piece of work is the test, and needs no
    /// additional round trip.
    async fn is_valid(&self, _: &mut Box<Lent>) -> Result<(), ConnectError> {
        Ok(())
    }

    fn has_broken(&self, lent: &mut Box<Lent>) -> bool {
        lent.is_spent()
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Manager")
            .field(&self.database)
            .finish()
    }
}

/// The last reason why a connection could not be opened.
///
/// bb8 opens connections in the background and tells those who wait for one only
/// that they have waited too long; this is where they hear of the reason.
#[derive(Debug, Clone)]
pub(super) struct Refusals(watch::Sender<Option<Arc<ConnectError>>>);

impl Refusals {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Option<Arc<ConnectError>>> {
        self.0.subscribe()
    }
}

impl ErrorSink<ConnectError> for Refusals {
    fn sink(&self, error: ConnectError) {
        self.0.send_replace(Some(Arc::new(error)));
    }

    fn boxed_clone(&self) -> Box<dyn ErrorSink<ConnectError>> {
        Box::new(self.clone())
    }
}
