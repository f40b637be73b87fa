//! [`TenantConnection`] and [`PublicConnection`]: connections of different types,
//! on which Diesel's queries run.

mod raw;
mod traits;

use std::fmt;
use std::sync::Arc;

use diesel::QueryResult;
use diesel::result::Error;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, future};
use tokio::sync::OwnedMutexGuard;

use super::PoolError;
use super::begin::{LentParts, Pending};
use super::directory::Directory;
use super::held::Held;
use super::lent::{self, Inner, Kind};
use super::message::{self, Before, Prepared};
use super::scope::{OfPublic, OfTenant, Scope};
use super::tag::Tag;
use super::unkept::{self, Unkept};
use crate::TenantName;
use crate::link::{Ended, Standing};

/// A connection that sees one tenant's tables. Use it as the parameter type of functions that query
/// tenant tables.
///
/// It runs Diesel queries like any connection of diesel-async, and inner transactions
/// ([`AsyncConnection::transaction`]) as savepoints. Its type differs from a [`PublicConnection`]
/// and from a plain connection. [`as_async_pg`](ScopedConnection::as_async_pg) lends the plain
/// connection to functions that need it:
///
/// [`AsyncConnection::transaction`]: diesel_async::AsyncConnection::transaction
///
/// ```compile_fail
/// # use tenant_core::{PublicConnection, TenantConnection};
/// async fn count_tasks(tenant: &mut TenantConnection) {}
///
/// async fn handler(public: &mut PublicConnection) {
///     count_tasks(public).await; // expected `OfTenant`, found `OfPublic`
/// }
/// ```
///
/// ```compile_fail
/// # use diesel_async::AsyncPgConnection;
/// # use tenant_core::TenantConnection;
/// async fn count_tasks(tenant: &mut TenantConnection) {}
///
/// async fn handler(anywhere: &mut AsyncPgConnection) {
///     count_tasks(anywhere).await; // expected `TenantConnection`
/// }
/// ```
pub type TenantConnection = ScopedConnection<OfTenant>;

/// A connection that sees the tables of `public` and no tenant's tables.
///
/// ```compile_fail
/// # use tenant_core::{PublicConnection, TenantConnection};
/// async fn count_tenants(public: &mut PublicConnection) {}
///
/// async fn handler(tenant: &mut TenantConnection) {
///     count_tenants(tenant).await; // expected `OfPublic`, found `OfTenant`
/// }
/// ```
pub type PublicConnection = ScopedConnection<OfPublic>;

/// A connection in one schema: a [`TenantConnection`] or a [`PublicConnection`].
///
/// A [`TenantPool`](crate::TenantPool) returns it. If you drop it with an open transaction, the
/// transaction is rolled back. If a query has not ended by then, because its future or stream of
/// rows was dropped, the pool cancels the query and closes the connection.
///
/// A stream of rows borrows the connection. You cannot keep the stream after the work, or while
/// another query runs:
///
/// ```compile_fail
/// # use diesel_async::RunQueryDsl;
/// # use futures_util::StreamExt;
/// # use tenant_core::{PoolError, TenantName, TenantPool};
/// # diesel::table! { tasks (id) { id -> Integer, title -> Text, } }
/// # async fn example(pool: &TenantPool, acme: &TenantName) -> Result<(), PoolError> {
/// let mut tenant = pool.tenant(acme).await?;
/// let mut rows = tasks::table.load_stream::<(i32, String)>(&mut tenant).await?;
/// tenant.commit().await?; // `tenant` is borrowed by `rows`
/// rows.next().await;
/// # Ok(())
/// # }
/// ```
pub struct ScopedConnection<S: Scope> {
    lent: Held,
    home: Home,
    scope: S,
    tag: Tag,
    kind: Kind,
    /// What begins the transaction, before its first query; where each statement has one of
    /// its own, what begins each.
    pending: Option<Pending>,
    /// How deep Diesel took the transaction to be when the connection beneath was lent.
    lent_at: Option<u32>,
    end: End,
}

/// What a connection has to know of where it comes from.
#[derive(Clone)]
pub(super) struct Home {
    pub(super) directory: Arc<Directory>,
    /// What it may have had on it when its work began.
    pub(super) before: Before,
    /// Hears of writes that were not committed.
    pub(super) on_unkept: Option<Arc<unkept::Listener>>,
}

/// Whether the transaction has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Not,
    /// It is still open, and the caller intends to end it.
    Meant,
    /// And nothing is left on the connection.
    Clear,
    /// It goes on elsewhere.
    HandedOn,
}

impl End {
    fn of<T>(answer: &QueryResult<T>) -> Self {
        match answer {
            Ok(_) => Self::Clear,
            Err(_) => Self::Meant,
        }
    }
}

impl ScopedConnection<OfTenant> {
    /// Returns the name of the tenant.
    #[must_use]
    pub fn tenant(&self) -> &TenantName {
        &self.scope.0
    }
}

impl<S: Scope> ScopedConnection<S> {
    pub(super) fn new(
        home: Home,
        mut lent: Held,
        (scope, tag): (S, Tag),
        (kind, pending): (Kind, Option<Pending>),
    ) -> Self {
        lent.serve(scope.tenant(), &tag);
        lent.watch().forget();
        lent.watch().serve_types(tag.types());
        Self {
            lent,
            home,
            scope,
            tag,
            kind,
            pending,
            lent_at: None,
            end: End::Not,
        }
    }

    pub(super) fn scope(&self) -> &S {
        &self.scope
    }

    /// The transaction was begun so that it may only read.
    pub(super) fn only_read(&self) {
        self.lent.signs.only_read();
    }

    /// Ends the transaction and keeps what was done in it.
    pub(super) async fn commit(&mut self) -> Result<(), PoolError> {
        self.end = End::Meant;
        if self.was_never_begun() {
            return match self.lent.signs.is_left() {
                true => Err(PoolError::Aborted),
                false => Ok(()),
            };
        }
        self.require_whole().await?;
        let message = message::commit(self.prepared());
        self.end_with(&message).await
    }

    /// Sees that all that was done in the transaction is known, and can be kept.
    pub(super) async fn require_whole(&mut self) -> Result<(), PoolError> {
        if self.lent.signs.is_given_up() || self.lent.depth() > 1 {
            return Err(PoolError::GivenUp);
        }
        self.parts().ready(self.kind).await?;
        if self.has_other_depth() {
            return Err(PoolError::GivenUp);
        }
        if self.lent.watch().standing() == Standing::Failed {
            // PostgreSQL answers the commit of such a transaction with a rollback, and
            // without an error.
            return Err(PoolError::Aborted);
        }
        Ok(())
    }

    /// Sends the message that commits.
    pub(super) async fn end_with(&mut self, message: &str) -> Result<(), PoolError> {
        let answer = self.parts().send(message).await;
        self.end = End::of(&answer);
        let watch = self.lent.watch();
        let is_swapped = answer.is_ok() && watch.ended().is_none();
        if is_swapped {
            // It is another connection that has answered: see `as_async_pg`.
            watch.spoil();
        }
        match (watch.ended(), answer) {
            // Whatever came behind the commit does not undo it.
            (Some(Ended::Committed), _) => Ok(()),
            (_, Ok(())) if is_swapped => Err(PoolError::Swapped),
            (_, Ok(())) => Err(PoolError::Aborted),
            (_, Err(error)) => Err(error.into()),
        }
    }

    /// Marks that the loss of its changes is intended.
    pub(super) fn give_up(&mut self) {
        self.end = End::Meant;
    }

    /// Hands the connection to another owner in the middle of its transaction.
    pub(super) async fn hand_on(mut self) -> Held {
        self.end = End::HandedOn;
        let shared = Arc::clone(OwnedMutexGuard::mutex(&self.lent));
        drop(self);
        shared.lock_owned().await
    }

    /// Ends the transaction, and waits until nothing of it is left.
    pub(super) async fn rollback(&mut self) -> QueryResult<()> {
        self.end = End::Meant;
        if self.was_never_begun() {
            return Ok(());
        }
        let message = message::roll_back(self.prepared());
        let answer = self.parts().send(&message).await;
        self.end = End::of(&answer);
        answer
    }

    /// What the work may have done to prepared statements. Behind a pooler the driver's are
    /// not on the server.
    fn prepared(&self) -> Prepared {
        let watch = self.lent.watch();
        match (watch.seen().prepared, self.home.before) {
            (false, _) => Prepared::No,
            (true, Before::Cleared) if watch.has_named() => Prepared::PerhapsDropped,
            (true, _) => Prepared::Perhaps,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// What begins a transaction where each statement has its own, and how deep Diesel takes
    /// it to be.
    pub(super) fn each_parts(&mut self) -> Option<(LentParts<'_>, Pending, u32)> {
        let depth = self.lent.depth();
        let pending = self.pending.clone()?;
        Some((self.parts(), pending, depth))
    }

    pub(super) fn parts(&self) -> LentParts<'_> {
        LentParts {
            connection: &self.lent.connection,
            signs: &self.lent.signs,
            watch: self.lent.watch(),
        }
    }

    /// Whether there is no transaction to end, because what begins it was not sent
    /// or has failed. Then none is counted any more.
    fn was_never_begun(&mut self) -> bool {
        if self.kind == Kind::Each {
            return false;
        }
        let never = self.pending.take().is_some() || self.lent.signs.is_left();
        if never {
            self.lent.count_out();
        }
        never
    }

    /// Whether a write is lost unintentionally: no statement has failed, none was cut off, and
    /// there was neither a commit nor a rollback.
    fn unkept(&self) -> Option<Unkept> {
        let watch = self.lent.watch();
        let seen = watch.seen();
        let is_open = self.kind == Kind::Transaction && watch.standing() == Standing::Inside;
        let has_reason = self.end != End::Not
            || seen.failed
            || watch.is_working()
            || self.lent.signs.is_busy()
            || self.lent.signs.is_given_up()
            || std::thread::panicking();
        (is_open && seen.wrote && !has_reason).then(|| Unkept::new(self.scope.tenant()))
    }

    /// Refuses queries after the end of the transaction: the path has ended with
    /// it.
    fn require_path(&mut self) -> QueryResult<()> {
        let is_over = self.lent.signs.is_left() || self.lent.depth() == 0;
        if self.kind == Kind::Transaction && is_over {
            return Err(Error::NotInTransaction);
        }
        if self.lent.signs.is_given_up() || self.has_other_depth() {
            return Err(PoolError::GivenUp.into_diesel());
        }
        Ok(())
    }

    /// Runs `work` in a savepoint inside this transaction, or, in a [`Session`](crate::Session), in
    /// a transaction. It commits if `work` returns `Ok`, and rolls back if not.
    ///
    /// It works like Diesel's method, and also detects a dropped future. After that, it is unclear
    /// which statements belong to the inner transaction. Later queries and the commit then fail
    /// with [`PoolError::GivenUp`].
    ///
    /// # Errors
    ///
    /// The error of `work`, or an error of the savepoint.
    pub async fn transaction<R, E: From<Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<R, E>,
    ) -> Result<R, E> {
        self.require_path()?;
        let inner = Inner::new(&self.lent.signs);
        let result = self.run_inside(work).await;
        inner.end();
        result
    }

    async fn run_inside<R, E: From<Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<R, E>,
    ) -> Result<R, E> {
        AnsiTransactionManager::begin_transaction(self).await?;
        match work(self).await {
            Ok(result) => {
                AnsiTransactionManager::commit_transaction(self).await?;
                Ok(result)
            }
            Err(error) => match AnsiTransactionManager::rollback_transaction(self).await {
                // The reason why it can't be rolled back is the error of the work.
                Ok(()) | Err(Error::BrokenTransactionManager) => Err(error),
                Err(failed) => Err(failed.into()),
            },
        }
    }

    /// Runs a query in the schema, and watches what comes of it.
    fn run<'conn, T: Send + 'conn>(
        &'conn mut self,
        query: impl FnOnce(&'conn AsyncPgConnection) -> BoxFuture<'conn, QueryResult<T>>,
    ) -> BoxFuture<'conn, QueryResult<T>> {
        if let Err(error) = self.require_path() {
            return future::ready(Err(error)).boxed();
        }
        let (kind, depth) = (self.kind, self.lent.depth());
        let pending = match kind {
            Kind::Each => self.pending.clone(),
            _ => self.pending.take(),
        };
        if pending.is_some() && kind == Kind::Transaction {
            // For the case that the query is given up before it is sent.
            self.lent.signs.leave();
        }
        let lent = self.parts();
        let answer = query(lent.connection);
        async move {
            match pending {
                Some(pending) if kind == Kind::Each => {
                    Box::pin(lent.each(pending, depth, answer)).await
                }
                Some(pending) => lent.watched(pending.with(lent, answer)).await,
                None => {
                    lent.ready(kind).await?;
                    lent.watched(answer).await
                }
            }
        }
        .boxed()
    }
}

impl<S: Scope> Drop for ScopedConnection<S> {
    fn drop(&mut self) {
        if self.end == End::HandedOn {
            return;
        }
        let was_begun = !self.was_never_begun();
        let unkept = self.unkept().filter(|_| was_begun);
        if self.lent.end()
            && let Some(tenant) = self.scope.tenant()
        {
            self.home.directory.forget(tenant);
        }
        if self.lent.is_cut_off() {
            // The pool closes it.
            return;
        }
        match self.end {
            End::Not | End::Meant if was_begun => {
                let message = message::roll_back(self.prepared());
                lent::end_behind(&mut self.lent, message);
            }
            _ => self.lent.count_out(),
        }
        if let Some(unkept) = unkept {
            unkept::tell(&unkept, self.home.on_unkept.as_deref());
        }
    }
}

impl<S: Scope> fmt::Debug for ScopedConnection<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenant = self.scope.tenant().map(TenantName::as_str);
        formatter
            .debug_struct("ScopedConnection")
            .field("tenant", &tenant)
            .finish_non_exhaustive()
    }
}
