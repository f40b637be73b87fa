//! The engine's own connections, and a pool of them.
//!
//! bb8 serves the applications' Diesel connections. It is not used here,
//! because it reports a connection that cannot be opened as a time-out after
//! half a minute, and the reason is what an operator needs, at once.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio_postgres::Client;

use super::notices::{Notices, Reading};
use super::server_message::Messages;
use super::wire::Wire;
use super::{ConnectError, Database, Pinned, ServerMessage};

/// A backend remembers every table it has seen, about 0.1 MB for each tenant it migrates. After
/// this number of tenants it is replaced.
const TENANTS_PER_SESSION: usize = 500;

/// How often the last connection of a pool is asked for again when the server
/// has none to give. PgBouncer refuses all of those who come at once when they
/// are too many together, and not only the surplus.
const PATIENCE: u32 = 10;

/// How long to wait in between.
const PAUSE: Duration = Duration::from_millis(50);

/// A connection for the engine.
///
/// It must not go back to the pool in the middle of a piece of work, also not
/// when that work is cancelled. So each piece opens with [`Session::begin`],
/// and a session whose work did not [`finish`](Session::finish) is thrown
/// away, which also ends its transaction and frees its locks.
pub(crate) struct Session {
    client: Client,
    pinned: Pinned,
    busy: AtomicBool,
    tenants: AtomicUsize,
    notices: Arc<Notices>,
    /// What the migrations of one schema made the server say; `None` when it is not
    /// wanted.
    messages: Mutex<Option<Messages>>,
    /// Whether to wait for no other run any more.
    hurried: AtomicBool,
    hurry: Notify,
    /// Whether transactions take turns with the transactions of other runs.
    turns: AtomicBool,
}

impl Session {
    pub(super) fn new(client: Client, pinned: Pinned, notices: Arc<Notices>) -> Self {
        Self {
            client,
            pinned,
            busy: AtomicBool::new(false),
            tenants: AtomicUsize::new(0),
            notices,
            messages: Mutex::new(None),
            hurried: AtomicBool::new(false),
            hurry: Notify::new(),
            turns: AtomicBool::new(false),
        }
    }

    /// Starts or stops taking turns with the transactions of other runs that have lost against
    /// each other.
    pub(crate) fn take_turns(&self, turns: bool) {
        self.turns.store(turns, Ordering::Relaxed);
    }

    /// Whether they do.
    pub(crate) fn takes_turns(&self) -> bool {
        self.turns.load(Ordering::Relaxed)
    }

    /// The driver's client.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The client alone.
    pub(crate) fn into_client(self) -> Client {
        self.client
    }

    /// How its settings are pinned.
    pub(crate) fn pinned(&self) -> Pinned {
        self.pinned
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

    /// Keeps the session from being used again, although its work succeeded.
    pub(crate) fn spoil(&self) {
        self.tenants.store(TENANTS_PER_SESSION, Ordering::Relaxed);
    }

    /// From here on what migrations make the server say is kept: warnings, and all else
    /// where that is wanted.
    pub(crate) fn hear(&self, wants_notices: bool) {
        *self.messages() = Some(Messages::wanted(wants_notices));
    }

    /// What was kept. Nothing is from here on.
    pub(crate) fn heard(&self) -> Messages {
        self.messages().take().unwrap_or_default()
    }

    /// Reads along what the server says. To be called before the script is sent.
    pub(crate) fn reading(&self) -> Reading<'_> {
        let room = self.messages().as_ref().map(Messages::room);
        self.notices.read(room)
    }

    /// The texts of other sessions' notifications from here on.
    pub(super) fn notifications(&self) -> UnboundedReceiver<String> {
        self.notices.notifications()
    }

    /// Keeps what a migration made the server say.
    pub(crate) fn keep(&self, message: ServerMessage) {
        if let Some(messages) = self.messages().as_mut() {
            messages.said.push(message);
        }
    }

    /// Counts `count` more messages for which there was no room.
    pub(crate) fn leave_out(&self, count: usize) {
        if let Some(messages) = self.messages().as_mut() {
            messages.left_out += count;
        }
    }

    /// What it was said about is committed.
    pub(crate) fn keep_said(&self) {
        if let Some(messages) = self.messages().as_mut() {
            messages.keep();
        }
    }

    /// The work that the messages are about was rolled back, and begins again.
    pub(crate) fn hear_anew(&self) {
        if let Some(messages) = self.messages().as_mut() {
            messages.begin_anew();
        }
    }

    fn messages(&self) -> std::sync::MutexGuard<'_, Option<Messages>> {
        // They are whole at every moment, also after a panic elsewhere.
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a wait for another run, now and later.
    pub(crate) fn stop_waiting(&self) {
        self.hurried.store(true, Ordering::Relaxed);
        self.hurry.notify_one();
    }

    /// Waits for `pause`. False if there is no more waiting.
    pub(crate) async fn wait(&self, pause: Duration) -> bool {
        if !self.hurried.load(Ordering::Relaxed) {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.hurry.notified() => {}
            }
        }
        !self.hurried.load(Ordering::Relaxed)
    }

    fn is_spent(&self) -> bool {
        self.client.is_closed()
            || self.busy.load(Ordering::Relaxed)
            || self.tenants.load(Ordering::Relaxed) >= TENANTS_PER_SESSION
    }
}

/// A pool of the engine's connections, opened when they are needed.
pub(crate) struct SessionPool {
    database: Database,
    idle: Mutex<Vec<Arc<Session>>>,
    free: Semaphore,
    /// How many connections there may be at the same time.
    size: AtomicUsize,
    /// For connections that do not return to the pool. The holder of one may ask the pool for
    /// others.
    alone: Arc<Semaphore>,
}

/// A connection for one piece of work, which is closed afterwards.
pub(crate) struct Alone {
    pub(crate) session: Session,
    pub(crate) wire: Wire,
    /// Until it is dropped, the connection counts.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

impl SessionPool {
    /// At most `size` connections.
    pub(super) fn new(database: Database, size: usize) -> Self {
        Self {
            database,
            idle: Mutex::new(Vec::new()),
            free: Semaphore::new(size.max(1)),
            size: AtomicUsize::new(size.max(1)),
            alone: Arc::new(Semaphore::new(size.max(1))),
        }
    }

    /// A connection, as soon as there is one to have.
    ///
    /// # Errors
    ///
    /// Why a new one cannot be opened: at once, or after half a second when the
    /// server has none to give.
    pub(crate) async fn get(&self) -> Result<Lease<'_>, ConnectError> {
        let mut patience = PATIENCE;
        loop {
            // The semaphore is never closed, so this only waits.
            let permit = self.free.acquire().await.ok();
            if let Some(session) = self.take_idle() {
                return Ok(self.lend(session, permit));
            }
            match self.database.session().await {
                Ok(session) => return Ok(self.lend(Arc::new(session), permit)),
                // The server, or a limit of the role, has no more connections to
                // give: continue with the existing ones.
                Err(error) if error.is_too_many() && self.shrink() => {
                    if let Some(permit) = permit {
                        permit.forget();
                    }
                }
                Err(error) if error.is_too_many() && patience > 0 => {
                    drop(permit);
                    patience -= 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// A connection that is watched and does not come back, once fewer than the pool's size
    /// are in use.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub(crate) async fn alone(&self) -> Result<Alone, ConnectError> {
        // The semaphore is never closed, so this only waits.
        let permit = Arc::clone(&self.alone).acquire_owned().await.ok();
        let mut patience = PATIENCE;
        loop {
            match self.database.watched_session().await {
                Ok((session, wire)) => {
                    return Ok(Alone {
                        session,
                        wire,
                        permit,
                    });
                }
                Err(error) if error.is_too_many() && patience > 0 => {
                    drop(self.take_idle());
                    patience -= 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn lend<'a>(&'a self, session: Arc<Session>, permit: Option<SemaphorePermit<'a>>) -> Lease<'a> {
        session.hurried.store(false, Ordering::Relaxed);
        Lease {
            pool: self,
            session,
            _permit: permit,
        }
    }

    /// Makes the pool smaller by one connection. False when one is all it has.
    fn shrink(&self) -> bool {
        let smaller = |size: usize| (size > 1).then_some(size.saturating_sub(1));
        let shrunk = self
            .size
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, smaller);
        shrunk.is_ok()
    }

    fn take_idle(&self) -> Option<Arc<Session>> {
        let mut idle = self.idle();
        idle.retain(|session| !session.is_spent());
        idle.pop()
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Session>>> {
        // The list is whole at every moment, also after a panic elsewhere.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection on loan; it goes back when this is dropped.
pub(crate) struct Lease<'a> {
    pool: &'a SessionPool,
    session: Arc<Session>,
    _permit: Option<SemaphorePermit<'a>>,
}

impl Deref for Lease<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if !self.session.is_spent() {
            self.pool.idle().push(Arc::clone(&self.session));
        }
    }
}
