//! A connection of the pool, and what must be known of it from one use to the
//! next.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::{
    CacheSize, Instrumentation, TransactionDepthChange, TransactionManagerStatus,
    get_default_instrumentation,
};
use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncPgConnection, SimpleAsyncConnection,
    TransactionManager,
};
use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;

use super::coded::{is_from_server, of_reader};
use super::held::Held;
use super::tag::Tag;
use crate::TenantName;
use crate::link::{Watch, Wire};

/// The number of schema definitions for which a connection keeps prepared statements. Tenants with
/// their own types each count as one.
const SHAPES: usize = 64;

/// A backend remembers every table that it has seen, so a connection is replaced after this many
/// tenants.
const TENANTS: usize = 1_000;

/// How long a server that has answered is taken to be reachable. Within this time, a transaction
/// begins in the same round trip as its first query. Later it begins in a separate round trip, so
/// that a lost connection can be replaced unnoticed.
const FRESH: Duration = Duration::from_millis(500);

/// How long the rest of an unwanted answer may take. A query for the first row returns before the
/// server has said that there are no more rows.
const REST: Duration = Duration::from_millis(20);

/// How long the server may take to end a piece of work that was dropped, and to forget what
/// it has left.
const END: Duration = Duration::from_secs(3);

/// A connection of the pool.
pub(super) struct Lent {
    pub(super) connection: AsyncPgConnection,
    wire: Wire,
    tags: HashSet<Tag>,
    /// The tag of the statements that carry none, because they were prepared on the connection
    /// beneath.
    untagged: Option<Tag>,
    tenants: HashSet<TenantName>,
    pub(super) signs: Arc<Signs>,
    /// When the server was last heard of.
    heard: Instant,
    /// Where it was opened.
    runtime: Option<Handle>,
    /// The work has set its own instrumentation.
    is_instrumented: bool,
    /// The work has set how many statements Diesel keeps.
    is_resized: bool,
    /// The work had the connection beneath.
    was_lent: bool,
}

/// What has been seen of a piece of work on this side. Shared with the rows that are
/// still to come.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// A query may have been sent, and its future was given up.
    busy: AtomicBool,
    /// How many streams of rows are still open.
    rows: AtomicUsize,
    /// A query failed in a way in which prepared statements that are out of date
    /// fail, among others.
    outdated: AtomicBool,
    /// There is no transaction: it was not begun, or not yet.
    left: AtomicBool,
    /// A transaction inside the work was given up before its end.
    given_up: AtomicBool,
    /// The connection beneath was lent, so a query may have been sent that was not seen here.
    lent: AtomicBool,
    /// The transaction was begun so that it may only read.
    read_only: AtomicBool,
    /// Another connection is in the place of the one that was lent.
    swapped: AtomicBool,
}

/// A transaction inside a piece of work, which is given up unless it comes to its end.
pub(super) struct Inner {
    signs: Arc<Signs>,
    is_over: bool,
}

impl Inner {
    pub(super) fn new(signs: &Arc<Signs>) -> Self {
        let signs = Arc::clone(signs);
        Self {
            signs,
            is_over: false,
        }
    }

    /// It was committed or rolled back, or has failed to.
    pub(super) fn end(mut self) {
        self.is_over = true;
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if !self.is_over {
            self.signs.given_up.store(true, Ordering::Relaxed);
        }
    }
}

impl Signs {
    /// Something is sent from here on. What was known before is for
    /// [`end`](Self::end).
    pub(super) fn begin(&self) -> bool {
        self.busy.swap(true, Ordering::Relaxed)
    }

    /// The future has resolved. The server answers in turn, so where it has answered
    /// this, it has received everything before.
    pub(super) fn end<T>(&self, was_busy: bool, answer: &QueryResult<T>) {
        let is_answered = match answer {
            Ok(_) => true,
            Err(Error::DatabaseError(kind, _)) => is_from_server(kind),
            Err(_) => false,
        };
        self.busy.store(was_busy && !is_answered, Ordering::Relaxed);
        if let Err(error) = answer {
            self.note(error);
        }
    }

    pub(super) fn note(&self, error: &Error) {
        if let Error::DatabaseError(DatabaseErrorKind::Unknown, _) = error {
            self.outdated.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn rows_opened(&self) {
        self.rows.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn rows_closed(&self) {
        self.rows.fetch_sub(1, Ordering::Relaxed);
    }

    /// There is no transaction until [`enter`](Self::enter).
    pub(super) fn leave(&self) {
        self.left.store(true, Ordering::Relaxed);
    }

    /// The transaction has begun.
    pub(super) fn enter(&self) {
        self.left.store(false, Ordering::Relaxed);
    }

    pub(super) fn is_left(&self) -> bool {
        self.left.load(Ordering::Relaxed)
    }

    /// Whether a request may have been sent whose answer is not awaited.
    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed) || self.rows.load(Ordering::Relaxed) > 0
    }

    /// Whether a transaction inside the work was given up, so that it is not known any more
    /// what belongs to it.
    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Whether the connection beneath was lent since this was asked last.
    pub(super) fn take_lent(&self) -> bool {
        self.lent.swap(false, Ordering::Relaxed)
    }

    /// Another connection is in the place of the one that was lent.
    pub(super) fn swap(&self) {
        self.swapped.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_swapped(&self) -> bool {
        self.swapped.load(Ordering::Relaxed)
    }

    /// The transaction may only read.
    pub(super) fn only_read(&self) {
        self.read_only.store(true, Ordering::Relaxed);
    }

    /// The error, with what to do where it is that the transaction may only read.
    pub(super) fn explained(&self, error: Error) -> Error {
        match self.read_only.load(Ordering::Relaxed) {
            true => of_reader(error),
            false => error,
        }
    }

    /// Starts anew for the next piece of work; whether statements may be out of
    /// date.
    fn reset(&self) -> bool {
        self.take_lent();
        self.read_only.store(false, Ordering::Relaxed);
        self.left.store(false, Ordering::Relaxed);
        self.given_up.store(false, Ordering::Relaxed);
        self.swapped.store(false, Ordering::Relaxed);
        self.outdated.swap(false, Ordering::Relaxed)
    }
}

impl Lent {
    pub(super) fn new((connection, wire): (AsyncPgConnection, Wire)) -> Self {
        Self {
            connection,
            wire,
            tags: HashSet::new(),
            untagged: None,
            tenants: HashSet::new(),
            signs: Arc::default(),
            heard: Instant::now(),
            runtime: Handle::try_current().ok(),
            is_instrumented: false,
            is_resized: false,
            was_lent: false,
        }
    }

    /// Whether the connection must not be used again.
    pub(super) fn is_spent(&mut self) -> bool {
        self.is_cut_off()
            || self.watch().seen().spoiled
            || self.tenants.len() >= TENANTS
            || self.connection.is_broken()
    }

    /// Whether something was given up in the middle, so that nothing more can be said on
    /// it.
    pub(super) fn is_cut_off(&self) -> bool {
        self.signs.is_busy() || self.watch().is_useless()
    }

    /// What the server says on it.
    pub(super) fn watch(&self) -> &Arc<Watch> {
        &self.wire.watch
    }

    /// Whether the server was heard of so lately that it is taken to be there.
    pub(super) fn is_fresh(&self) -> bool {
        self.heard.elapsed() < FRESH
    }

    /// Takes a transaction to be begun whose message goes out with its first query.
    pub(super) fn count_in(&mut self) -> QueryResult<()> {
        match AnsiTransactionManager::transaction_manager_status_mut(&mut self.connection) {
            TransactionManagerStatus::Valid(status) => {
                status.change_transaction_depth(TransactionDepthChange::IncreaseDepth)
            }
            TransactionManagerStatus::InError => Err(Error::BrokenTransactionManager),
        }
    }

    /// Takes no transaction to be begun.
    pub(super) fn count_out(&mut self) {
        *self.connection.transaction_state() = AnsiTransactionManager::default();
    }

    /// Ends a piece of work; whether statements may have been out of date.
    pub(super) fn end(&mut self) -> bool {
        self.heard = Instant::now();
        self.reset_diesel();
        let was_lent = std::mem::take(&mut self.was_lent);
        let outdated = self.signs.reset() || (was_lent && self.watch().seen().failed);
        if outdated {
            self.forget_statements();
        }
        outdated
    }

    /// Who is served from now on, with statements of which shape.
    pub(super) fn serve(&mut self, tenant: Option<&TenantName>, tag: &Tag) {
        if let Some(tenant) = tenant
            && !self.tenants.contains(tenant)
        {
            self.tenants.insert(tenant.clone());
        }
        if self.tags.contains(tag) {
            return;
        }
        if self.tags.len() >= SHAPES {
            self.forget_statements();
        }
        self.tags.insert(tag.clone());
    }

    /// Drops all prepared statements.
    fn forget_statements(&mut self) {
        self.connection
            .set_prepared_statement_cache_size(CacheSize::Disabled);
        self.connection
            .set_prepared_statement_cache_size(CacheSize::Unbounded);
        self.tags.clear();
        self.untagged = None;
    }

    /// How many transactions are open, one in the other, as far as Diesel knows.
    pub(super) fn depth(&mut self) -> u32 {
        let status = AnsiTransactionManager::transaction_manager_status_mut(&mut self.connection);
        let depth = status.transaction_depth().ok().flatten();
        depth.map_or(0, NonZeroU32::get)
    }

    /// Puts Diesel's own ways in the place of what the work has set: others' queries are
    /// none of its business.
    fn reset_diesel(&mut self) {
        if std::mem::take(&mut self.is_instrumented) || self.was_lent {
            self.connection
                .set_instrumentation(get_default_instrumentation());
        }
        if std::mem::take(&mut self.is_resized) {
            self.forget_statements();
        } else if self.was_lent {
            self.connection
                .set_prepared_statement_cache_size(CacheSize::Unbounded);
        }
    }

    /// Prepares for a user of the underlying connection: statements there are prepared without a
    /// tag, and must not be confused with statements of other tags. Diesel settings that the user
    /// changes are restored at the end.
    pub(super) fn lend(&mut self, tag: &Tag) {
        if self.untagged.as_ref().is_some_and(|other| other != tag) {
            self.forget_statements();
        }
        self.untagged = Some(tag.clone());
        self.signs.lent.store(true, Ordering::Relaxed);
        self.was_lent = true;
    }

    /// Lets the work see what happens on the connection, until it ends.
    pub(super) fn instrument(&mut self, instrumentation: impl Instrumentation) {
        self.is_instrumented = true;
        self.connection.set_instrumentation(instrumentation);
    }

    /// Keeps as many statements as the work says, until it ends.
    pub(super) fn resize(&mut self, size: CacheSize) {
        self.is_resized = true;
        self.connection.set_prepared_statement_cache_size(size);
    }

    /// Whether the server has done all that it was asked, or does it in a moment.
    async fn is_at_rest(&self) -> bool {
        let rest = timeout(REST, self.watch().settled()).await;
        rest.is_ok() && !self.watch().is_useless()
    }

    /// Sends what ends a piece of work; whether the server has done all of it in time.
    async fn ends_with(&mut self, message: &str) -> bool {
        self.watch().listen();
        let ended = timeout(END, self.connection.batch_execute(message)).await;
        // What is not seen on this wire was answered on another one.
        matches!(ended, Ok(Ok(()))) && self.watch().has_ended()
    }
}

/// Ends a piece of work when `held` is dropped, and gives the connection back to the pool
/// when the server has done all of it. Where that takes too long, or fails, the connection
/// is closed.
pub(super) fn end_behind(held: &mut Held, message: String) {
    held.count_out();
    // Unless the task comes to its end, it is a connection that nobody has heard of.
    held.signs.begin();
    let runtime = Handle::try_current().ok();
    let Some(runtime) = runtime.or_else(|| held.runtime.clone()) else {
        return;
    };
    let connection = Arc::clone(OwnedMutexGuard::mutex(held));
    drop(runtime.spawn(async move {
        let mut lent = connection.lock_owned().await;
        if lent.is_at_rest().await && lent.ends_with(&message).await {
            lent.signs.end(true, &Ok(()));
        }
    }));
}

impl Drop for Lent {
    /// Cancels work on the server if its result is no longer awaited.
    fn drop(&mut self) {
        if self.signs.is_busy() || self.watch().is_working() {
            self.wire.abandon();
        }
    }
}

/// What a piece of work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One transaction.
    Transaction,
    /// Statements each on its own.
    Session,
    /// Statements each in a separate transaction, because the session is shared.
    Each,
}
