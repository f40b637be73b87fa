//! A connection of the pool, and what must be known of it from one use to the
//! next.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::{CacheSize, TransactionDepthChange, TransactionManagerStatus};
use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncPgConnection, SimpleAsyncConnection,
    TransactionManager,
};
use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::coded::is_from_server;
use super::tag::Tag;
use crate::TenantName;
use crate::link::{Watch, Wire};

/// For so many shapes a connection keeps prepared statements. Tenants with types
/// of their own are a shape each.
const SHAPES: usize = 64;

/// A backend remembers every table that it has seen; after so many tenants it is
/// replaced.
const TENANTS: usize = 1_000;

/// For how long a server that was heard of is taken to be there: within this time
/// a transaction is begun in the same round trip as its first query, afterwards in
/// one of its own, so that a connection that was lost can be replaced unnoticed.
const FRESH: Duration = Duration::from_millis(500);

/// How long the rest of an answer may take that nobody wants any more. Who asks for the
/// first row has it before the server has said that it was the last.
const REST: Duration = Duration::from_millis(20);

/// A connection of the pool.
pub(super) struct Lent {
    pub(super) connection: AsyncPgConnection,
    wire: Wire,
    tags: HashSet<Tag>,
    tenants: HashSet<TenantName>,
    pub(super) signs: Arc<Signs>,
    /// When the server was last heard of.
    heard: Instant,
    /// How many requests are to be answered before it serves the next one.
    rest: Option<u64>,
}

/// What has been seen of a piece of work on this side. Shared with the rows that are
/// still to come.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// A query may have been sent, and its future was given up.
    busy: AtomicBool,
    /// So many streams of rows were not dropped.
    rows: AtomicUsize,
    /// A query failed in a way in which prepared statements that are out of date
    /// fail, among others.
    outdated: AtomicBool,
    /// There is no transaction: it was not begun, or not yet.
    left: AtomicBool,
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

    /// Whether something may have been sent that nobody waits for.
    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed) || self.rows.load(Ordering::Relaxed) > 0
    }

    /// Starts anew for the next piece of work; whether statements may be out of
    /// date.
    fn reset(&self) -> bool {
        self.left.store(false, Ordering::Relaxed);
        self.outdated.swap(false, Ordering::Relaxed)
    }
}

impl Lent {
    pub(super) fn new((connection, wire): (AsyncPgConnection, Wire)) -> Self {
        Self {
            connection,
            wire,
            tags: HashSet::new(),
            tenants: HashSet::new(),
            signs: Arc::default(),
            heard: Instant::now(),
            rest: None,
        }
    }

    /// Whether it must not be used by anybody any more.
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

    /// Waits for the rest of an answer that nobody wanted, for the moment that it may
    /// take.
    pub(super) async fn rested(&mut self) {
        if let Some(requests) = self.rest {
            self.watch().answered(requests).await;
            // Not before: who waits here may leave, and the next one has to wait too.
            self.rest = None;
        }
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
        let outdated = self.signs.reset();
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
    }

    /// Whether a transaction is open, as far as Diesel knows.
    pub(super) fn is_in_transaction(&mut self) -> bool {
        let status = AnsiTransactionManager::transaction_manager_status_mut(&mut self.connection);
        status
            .transaction_depth()
            .is_ok_and(|depth| depth.is_some())
    }

    /// Sends what ends a piece of work, without waiting: whatever is sent after it takes
    /// effect after it. Works without a runtime, as a drop must.
    ///
    /// Where the server is still sending rows that nobody wants, it gets a moment to end.
    /// After that the connection is given up.
    pub(super) fn send_end(&mut self, message: &str) {
        let rest = self.watch().is_working().then(|| self.watch().asked());
        // The first poll hands the message over to the connection's own task.
        let answered = self.connection.batch_execute(message).now_or_never();
        self.count_out();
        if let Some(Err(_)) = answered {
            // Only a connection that is gone answers at once.
            self.signs.begin();
        }
        let Some(requests) = rest else { return };
        let Ok(runtime) = Handle::try_current() else {
            self.signs.begin();
            return;
        };
        self.rest = rest;
        let wire = self.wire.clone();
        drop(runtime.spawn(async move {
            drop(timeout(REST, wire.watch.answered(requests)).await);
            if wire.watch.give_up_unless(requests) {
                wire.abandon(rest);
            }
        }));
    }
}

impl Drop for Lent {
    /// The server does nothing that nobody waits for.
    fn drop(&mut self) {
        if self.signs.is_busy() || self.watch().is_working() {
            self.wire.abandon(None);
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
}
