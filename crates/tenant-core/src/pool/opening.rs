//! From a name to a connection in that tenant's schema.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::begin::{NotBegun, Pending};
use super::connection::{Home, ScopedConnection};
use super::directory::{Known, Whereabouts};
use super::driver::DriverTransaction;
use super::guard::{Session, Transaction};
use super::held::Held;
use super::lent::Kind;
use super::message::{self, Characteristics};
use super::scope::Scope;
use super::tag::Tag;
use super::{PoolError, PoolInner};
use crate::TenantName;
use crate::name::{Schema, Target};
use crate::path::Path;

/// The isolation level: which changes of other transactions are visible.
///
/// Source: PostgreSQL manual, "Transaction Isolation".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Isolation {
    /// Each statement sees what was committed before it began.
    ReadCommitted,
    /// Each statement sees what was committed before the first one began.
    RepeatableRead,
    /// As if the transactions ran one after the other. A transaction can fail (SQLSTATE 40001), and
    /// must then be repeated.
    Serializable,
}

impl fmt::Display for Isolation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ReadCommitted => "READ COMMITTED",
            Self::RepeatableRead => "REPEATABLE READ",
            Self::Serializable => "SERIALIZABLE",
        })
    }
}

/// A transaction that begins when you await this value.
#[must_use = "nothing is begun until it is awaited"]
pub struct Opening<S: Scope> {
    pool: Arc<PoolInner>,
    scope: S,
    how: Characteristics,
}

impl<S: Scope> Opening<S> {
    pub(super) fn new(pool: Arc<PoolInner>, scope: S) -> Self {
        let how = Characteristics::default();
        Self { pool, scope, how }
    }

    /// Begins a read-only transaction. PostgreSQL refuses statements that change rows, and the
    /// error names the call for writing. Functions can still have other effects.
    pub fn read_only(mut self) -> Self {
        self.how.read_only = true;
        self
    }

    /// Begins the transaction on its own connection, without Diesel. Use it for tables whose
    /// columns are known only at run time.
    ///
    /// # Errors
    ///
    /// As when you await it. A server error at the beginning is a [`PoolError::Driver`].
    pub async fn on_driver(self) -> Result<DriverTransaction, PoolError> {
        let Self { pool, scope, how } = self;
        let before = pool.before;
        pool.on_driver((&scope, how.unhurried), |path| {
            message::begin_transaction(path, how, before)
        })
        .await
    }

    /// Disables the server's timeouts for long or idle transactions, whatever the role and the
    /// database set. Use it for a program that ends its transactions itself. `statement_timeout`
    /// and `lock_timeout` do not change.
    pub fn unhurried(mut self) -> Self {
        self.how.unhurried = true;
        self
    }

    /// Sets the isolation level. The default is the level of the database.
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.how.isolation = Some(isolation);
        self
    }
}

impl<S: Scope> IntoFuture for Opening<S> {
    type Output = Result<Transaction<S>, PoolError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { pool, scope, how } = self;
        async move {
            let before = pool.before;
            let begin = |path: Path<'_>| message::begin_transaction(path, how, before);
            let connection = pool.open(scope, Kind::Transaction, begin).await?;
            if how.read_only {
                connection.only_read();
            }
            Ok(Transaction::new(connection))
        }
        .boxed()
    }
}

impl PoolInner {
    fn home(&self) -> Home {
        Home {
            directory: Arc::clone(&self.directory),
            before: self.before,
            on_unkept: self.on_unkept.clone(),
        }
    }

    /// A connection without a transaction.
    pub(super) async fn session<S: Scope>(
        self: Arc<Self>,
        scope: S,
    ) -> Result<Session<S>, PoolError> {
        if !self.database.is_direct().await? {
            return Err(PoolError::NeedsDirect);
        }
        let connection = self
            .open(scope, Kind::Session, message::begin_session)
            .await?;
        Ok(Session::new(connection))
    }

    /// A connection on which each statement is committed by itself.
    pub(super) async fn autocommit<S: Scope>(
        self: Arc<Self>,
        scope: S,
    ) -> Result<Session<S>, PoolError> {
        if self.database.is_direct().await? {
            return self.session(scope).await;
        }
        let before = self.before;
        let begin =
            |path: Path<'_>| message::begin_transaction(path, Characteristics::default(), before);
        let connection = self.open(scope, Kind::Each, begin).await?;
        Ok(Session::new(connection))
    }

    /// Hands out a connection whose path leads to `scope`.
    async fn open<S: Scope>(
        self: Arc<Self>,
        scope: S,
        kind: Kind,
        message: impl Fn(Path<'_>) -> String,
    ) -> Result<ScopedConnection<S>, PoolError> {
        // A server that was started again has cut all connections of the pool.
        let mut lost = 0;
        let mut has_failed = false;
        loop {
            let known = scope.tenant().and_then(|name| self.directory.get(name));
            if let (Some(name), Some(Known::Nobody)) = (scope.tenant(), &known) {
                return Err(PoolError::Unknown(name.clone()));
            }
            if let Some(Known::Tenant(found)) = &known {
                self.require_served(found)?;
            }
            let mut lent = self.checkout().await?;
            match self
                .begin_for(&mut lent, (&scope, known), kind, &message)
                .await
            {
                Ok((tag, pending)) => {
                    let work = (kind, pending);
                    let home = self.home();
                    return Ok(ScopedConnection::new(home, lent, (scope, tag), work));
                }
                Err(NotBegun::Lost(_)) if lost <= self.size => lost += 1,
                // Where it fails on another connection too, it is not the connection.
                Err(NotBegun::Unexplained(_)) if !has_failed => has_failed = true,
                Err(refused) => return Err(refused.into()),
            }
        }
    }

    /// Opens a connection for one transaction, whose path leads to `scope`.
    async fn on_driver<S: Scope>(
        &self,
        (scope, unhurried): (&S, bool),
        message: impl Fn(Path<'_>) -> String,
    ) -> Result<DriverTransaction, PoolError> {
        let target = self.require(scope.tenant()).await?;
        let schema = target.as_ref().map_or(Schema::Public, Schema::Tenant);
        let (client, wire) = match unhurried {
            true => self.database.watched_unhurried().await?,
            false => self.database.watched().await?,
        };
        let path = Path::at_run_time(schema, &self.path);
        let connection = (self.database.clone(), wire);
        let transaction = DriverTransaction::new(client, connection, schema);
        let Err(error) = transaction.batch_execute(&message(path)).await else {
            return Ok(transaction);
        };
        transaction.end();
        let lent = self.checkout().await?;
        let error = PoolError::of_driver(error.into());
        let refused = self.explain(&lent.connection, scope.tenant(), error);
        Err(refused.await.into())
    }

    /// Refuses a tenant that is not served, by what is known of it.
    fn require_served(&self, found: &Whereabouts) -> Result<(), PoolError> {
        match &found.suspended {
            Some(suspended) if !self.serves_suspended => {
                Err(PoolError::Suspended(Arc::clone(suspended)))
            }
            _ => Ok(()),
        }
    }

    /// The tenant that is registered under `name`, with its schema.
    async fn require(&self, name: Option<&TenantName>) -> Result<Option<Target>, PoolError> {
        let Some(name) = name else { return Ok(None) };
        let mut lost = 0;
        let mut has_failed = false;
        loop {
            match self.directory.get(name) {
                Some(Known::Nobody) => return Err(PoolError::Unknown(name.clone())),
                Some(Known::Tenant(found)) => {
                    self.require_served(&found)?;
                    return Ok(Some(found.target));
                }
                None => {}
            }
            let mut lent = self.checkout().await?;
            match self.ask_for(&mut lent, name).await {
                Ok(found) => {
                    self.require_served(&found)?;
                    return Ok(Some(found.target));
                }
                Err(NotBegun::Lost(_)) if lost <= self.size => lost += 1,
                Err(NotBegun::Unexplained(_)) if !has_failed => has_failed = true,
                Err(refused) => return Err(refused.into()),
            }
        }
    }

    /// Begins the work, or leaves that to its first query: where the tenant is
    /// known and the connection was in use a moment ago.
    ///
    /// What is seldom awaited is in a box, here and in `begin.rs`. Otherwise every future that
    /// awaits it has room for it, and large futures cost more to allocate.
    async fn begin_for<S: Scope>(
        self: &Arc<Self>,
        lent: &mut Held,
        (scope, known): (&S, Option<Known>),
        kind: Kind,
        message: impl Fn(Path<'_>) -> String,
    ) -> Result<(Tag, Option<Pending>), NotBegun> {
        let found = match (scope.tenant(), known) {
            (None, _) => None,
            (_, Some(Known::Tenant(found))) => Some(found),
            (Some(name), _) => Some(Box::pin(self.ask_for(lent, name)).await?),
        };
        if let Some(found) = &found {
            self.require_served(found).map_err(NotBegun::Refused)?;
        }
        let target = found.as_ref().map(|found| &found.target);
        let schema = target.map_or(Schema::Public, Schema::Tenant);
        let message = message(Path::at_run_time(schema, &self.path));
        let tag = found.map_or_else(Tag::public, |found| found.tag);
        let pending = |message| Pending {
            message,
            tenant: scope.tenant().cloned(),
            pool: Arc::clone(self),
        };
        if kind == Kind::Transaction && lent.is_fresh() && lent.count_in().is_ok() {
            return Ok((tag, Some(pending(message))));
        }
        if kind == Kind::Each {
            let once = format!("{message}; COMMIT");
            Box::pin(self.begin(lent, scope.tenant(), (kind, &once))).await?;
            return Ok((tag, Some(pending(message))));
        }
        Box::pin(self.begin(lent, scope.tenant(), (kind, &message))).await?;
        Ok((tag, None))
    }
}
