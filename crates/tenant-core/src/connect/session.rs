//! The engine's own connections, and a pool of them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bb8::ManageConnection;
use tokio_postgres::Client;

use super::{ConnectError, Database};

/// A backend remembers every table it has seen, about 0.1 MB for each tenant
/// it migrates; after so many tenants it is replaced.
const TENANTS_PER_SESSION: usize = 500;

/// A connection for the engine.
///
/// It must not go back to the pool in the middle of a piece of work, also not
/// when that work is cancelled. So each piece opens with [`Session::begin`],
/// and a session whose work did not [`finish`](Session::finish) is thrown
/// away, which also ends its transaction and frees its locks.
pub(crate) struct Session {
    client: Client,
    busy: AtomicBool,
    tenants: AtomicUsize,
}

impl Session {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            busy: AtomicBool::new(false),
            tenants: AtomicUsize::new(0),
        }
    }

    /// The driver's client.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// A piece of work starts that leaves the session changed if it is cut off.
    pub(crate) fn begin(&self) {
        self.busy.store(true, Ordering::Relaxed);
    }

    /// The work is over, and the session is as it was before.
    pub(crate) fn finish(&self) {
        self.tenants.fetch_add(1, Ordering::Relaxed);
        self.busy.store(false, Ordering::Relaxed);
    }

    fn is_spent(&self) -> bool {
        self.client.is_closed()
            || self.busy.load(Ordering::Relaxed)
            || self.tenants.load(Ordering::Relaxed) >= TENANTS_PER_SESSION
    }
}

/// A pool of the engine's connections.
pub(crate) type SessionPool = bb8::Pool<Sessions>;

/// Opens the pool's connections.
pub(crate) struct Sessions(pub(super) Database);

impl ManageConnection for Sessions {
    type Connection = Session;
    type Error = ConnectError;

    async fn connect(&self) -> Result<Session, ConnectError> {
        self.0.session().await
    }

    async fn is_valid(&self, _session: &mut Session) -> Result<(), ConnectError> {
        // Asking the server would cost a round trip for each tenant; a
        // connection that broke unnoticed fails in its first statement.
        Ok(())
    }

    fn has_broken(&self, session: &mut Session) -> bool {
        session.is_spent()
    }
}
