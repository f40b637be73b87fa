//! A connection of the pool, and what must be known of it from one use to the
//! next.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::connection::CacheSize;
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
const SHAPES: usize = 32;

/// A backend remembers every table that it has seen; after so many tenants it is
/// replaced.
const TENANTS: usize = 1_000;

/// A connection of the pool.
pub(super) struct Lent {
    pub(super) connection: AsyncPgConnection,
    tags: HashSet<Tag>,
    tenants: HashSet<TenantName>,
    pub(super) signs: Arc<Signs>,
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

    pub(super) fn is_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    /// Whether statements may be out of date; asked once.
    pub(super) fn take_outdated(&self) -> bool {
        self.failed.store(false, Ordering::Relaxed);
        self.outdated.swap(false, Ordering::Relaxed)
    }
}

/// Why a piece of work was not begun.
pub(super) enum NotBegun {
    /// The connection is gone, and nothing has happened.
    Lost,
    /// The server refused; the connection is as it was.
    Refused(Error),
}

impl Lent {
    pub(super) fn new(connection: AsyncPgConnection) -> Self {
        Self {
            connection,
            tags: HashSet::new(),
            tenants: HashSet::new(),
            signs: Arc::default(),
        }
    }

    /// Whether it must not be used by anybody any more.
    pub(super) fn is_spent(&mut self) -> bool {
        self.signs.is_busy() || self.tenants.len() >= TENANTS || self.connection.is_broken()
    }

    /// Sends `sql`, a message that begins a piece of work: a transaction, or a
    /// session if `in_transaction` is false.
    pub(super) async fn begin(&mut self, how: Begin, sql: &str) -> Result<(), NotBegun> {
        self.signs.begin();
        let begun = match how {
            Begin::Transaction => {
                AnsiTransactionManager::begin_transaction_sql(&mut self.connection, sql).await
            }
            Begin::Session => self.connection.batch_execute(sql).await,
        };
        let Err(error) = begun else {
            self.signs.end(&begun);
            return Ok(());
        };
        self.check_after(how, error).await
    }

    /// Leaves the transaction that the message has begun before it failed.
    async fn check_after(&mut self, how: Begin, error: Error) -> Result<(), NotBegun> {
        let leave = match how {
            Begin::Transaction => "ROLLBACK",
            // An empty message, to know whether anybody answers.
            Begin::Session => "",
        };
        let left = self.connection.batch_execute(leave).await;
        self.signs.end(&left);
        match left {
            Ok(()) => Err(NotBegun::Refused(error)),
            Err(_) => Err(NotBegun::Lost),
        }
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
    pub(super) fn forget_statements(&mut self) {
        self.connection
            .set_prepared_statement_cache_size(CacheSize::Disabled);
        self.connection
            .set_prepared_statement_cache_size(CacheSize::Unbounded);
        self.tags.clear();
    }

    /// Whether a transaction is open, as far as Diesel knows.
    pub(super) fn is_in_transaction(&mut self) -> bool {
        let status = AnsiTransactionManager::transaction_manager_status_mut(&mut self.connection);
        let state = status.transaction_state();
        state.is_ok_and(|state| state.transaction_depth().is_some())
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
        *self.connection.transaction_state() = AnsiTransactionManager::default();
    }
}

/// What a piece of work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// One transaction.
    Transaction,
    /// Statements each on its own.
    Session,
}
