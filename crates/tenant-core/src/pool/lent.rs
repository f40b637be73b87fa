//! A connection of the pool, and what must be known of it from one use to the
//! next.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::{CacheSize, TransactionDepthChange, TransactionManagerStatus};
use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncPgConnection, SimpleAsyncConnection,
    TransactionManager,
};
use futures_util::FutureExt;

use super::tag::Tag;
use crate::TenantName;

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

/// A connection of the pool.
pub(super) struct Lent {
    pub(super) connection: AsyncPgConnection,
    tags: HashSet<Tag>,
    tenants: HashSet<TenantName>,
    pub(super) signs: Arc<Signs>,
    /// When the server was last heard of.
    heard: Instant,
}

/// What has been seen of a piece of work. Shared with the rows that are still to
/// come.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// A query was sent, and nobody has heard the answer.
    busy: AtomicBool,
    /// A query failed.
    failed: AtomicBool,
    /// A query failed in a way in which prepared statements that are out of date
    /// fail, among others.
    outdated: AtomicBool,
    /// There is no transaction: it was not begun, or not yet.
    left: AtomicBool,
}

impl Signs {
    pub(super) fn begin(&self) {
        self.busy.store(true, Ordering::Relaxed);
    }

    /// The answer is there.
    pub(super) fn end<T>(&self, answer: &QueryResult<T>) {
        self.busy.store(false, Ordering::Relaxed);
        if let Err(error) = answer {
            self.note(error);
        }
    }

    pub(super) fn note(&self, error: &Error) {
        if let Error::DatabaseError(kind, _) = error {
            self.failed.store(true, Ordering::Relaxed);
            // Diesel does not pass the SQLSTATE on. The common ones have a kind.
            if matches!(kind, DatabaseErrorKind::Unknown) {
                self.outdated.store(true, Ordering::Relaxed);
            }
        }
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

    pub(super) fn is_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    /// Starts anew for the next piece of work; whether statements may be out of
    /// date.
    fn reset(&self) -> bool {
        self.failed.store(false, Ordering::Relaxed);
        self.left.store(false, Ordering::Relaxed);
        self.outdated.swap(false, Ordering::Relaxed)
    }
}

impl Lent {
    pub(super) fn new(connection: AsyncPgConnection) -> Self {
        Self {
            connection,
            tags: HashSet::new(),
            tenants: HashSet::new(),
            signs: Arc::default(),
            heard: Instant::now(),
        }
    }

    /// Whether it must not be used by anybody any more.
    pub(super) fn is_spent(&mut self) -> bool {
        self.signs.is_busy() || self.tenants.len() >= TENANTS || self.connection.is_broken()
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

    /// Sends `sql` and does not wait for the answer: whatever is sent after it
    /// takes effect after it. Works without a runtime, as a drop must.
    pub(super) fn send(&mut self, sql: &str) {
        // The first poll hands the message over to the connection's own task.
        let answered = self.connection.batch_execute(sql).now_or_never();
        if let Some(Err(_)) = answered {
            // Only a connection that is gone answers at once.
            self.signs.begin();
        }
    }

    /// Leaves the open transaction, however deep, without waiting.
    pub(super) fn send_rollback(&mut self) {
        self.send("ROLLBACK");
        self.count_out();
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
