//! Begins a piece of work on a connection: by itself, or in the same round trip as
//! its first query.

use std::sync::Arc;

use diesel::result::{Error, QueryResult};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::{FutureExt, future};

use super::coded::with_code;
use super::directory::{Known, Whereabouts};
use super::lent::{Kind, Lent, Signs};
use super::lookup::{self, Place, Presence};
use super::{PoolError, PoolInner};
use crate::link::{Probe, Standing, Watch};
use crate::registry::is_named_like_a_spare;
use crate::{ErrorKind, TenantName};

/// Why a piece of work was not begun.
pub(super) enum NotBegun {
    /// The connection is gone, and nothing has happened.
    Lost(Error),
    /// For a reason that another connection would not change.
    Refused(PoolError),
    /// A message of the pool's own has failed, and neither the tenant nor a schema is the
    /// reason. It may be something on the connection, which is not used again.
    Unexplained(PoolError),
}

impl NotBegun {
    fn with_code(self, sqlstate: Option<String>) -> Self {
        match self {
            Self::Refused(PoolError::Query(error)) => {
                Self::Refused(PoolError::Query(with_code(error, sqlstate)))
            }
            Self::Unexplained(PoolError::Query(error)) => {
                Self::Unexplained(PoolError::Query(with_code(error, sqlstate)))
            }
            other => other,
        }
    }
}

impl From<NotBegun> for PoolError {
    fn from(not_begun: NotBegun) -> Self {
        match not_begun {
            NotBegun::Lost(error) => error.into(),
            NotBegun::Refused(error) | NotBegun::Unexplained(error) => error,
        }
    }
}

/// A transaction whose message has not been sent.
#[derive(Clone)]
pub(super) struct Pending {
    pub(super) message: String,
    pub(super) tenant: Option<TenantName>,
    pub(super) pool: Arc<PoolInner>,
}

impl Pending {
    /// Sends the message and, behind it, whatever `query` sends when it is polled.
    ///
    /// Where the message fails, PostgreSQL refuses the query: it stands in a
    /// transaction that has failed.
    pub(super) async fn with<T>(
        self,
        lent: LentParts<'_>,
        query: impl Future<Output = QueryResult<T>>,
    ) -> QueryResult<T> {
        let mut connection = lent.connection;
        let mut begun = connection.batch_execute(&self.message).boxed();
        // The first poll hands the message over to the connection's own task. On
        // another thread that one may be so fast that it is answered at once.
        let answered = match (&mut begun).now_or_never() {
            Some(Ok(())) => Ok(query.await),
            Some(Err(error)) => Err(error),
            None => {
                let (begun, answer) = future::join(begun, query).await;
                begun.map(|()| answer)
            }
        };
        match answered {
            Ok(answer) => {
                lent.signs.enter();
                answer
            }
            Err(error) => {
                let tenant = self.tenant.as_ref();
                let error = with_code(error, lent.watch.sqlstate());
                let refused = Box::pin(self.pool.leave(lent.connection, tenant, error)).await;
                if let NotBegun::Unexplained(_) = refused {
                    lent.watch.spoil();
                }
                Err(PoolError::from(refused).into_diesel())
            }
        }
    }
}

/// What a query needs of a connection.
#[derive(Clone, Copy)]
pub(super) struct LentParts<'a> {
    pub(super) connection: &'a AsyncPgConnection,
    pub(super) signs: &'a Signs,
    pub(super) watch: &'a Watch,
}

impl LentParts<'_> {
    /// Waits until the server has done all that was asked before, so that it is known
    /// how the transaction stands when the next query is sent. That costs nothing where
    /// it has been answered, as it mostly has.
    ///
    /// # Errors
    ///
    /// Where the transaction has been ended in it, or it can't go on.
    pub(super) async fn ready(self, kind: Kind) -> QueryResult<()> {
        if self.signs.take_lent() || self.signs.is_busy() {
            // A query was given up that may not even have been sent.
            let probe = Probe::new();
            Box::pin(self.send(&probe.message())).await?;
            if !self.watch.has_sent(probe) {
                // It is another connection that has answered: see `as_async_pg`.
                self.watch.spoil();
                self.signs.swap();
            }
        }
        if self.signs.is_swapped() {
            return Err(PoolError::Swapped.into_diesel());
        }
        self.watch.settled().await;
        let seen = self.watch.seen();
        let is_over = match kind {
            Kind::Session | Kind::Each => seen.discarded,
            Kind::Transaction => self.watch.standing() == Standing::Outside || seen.ended,
        };
        if is_over {
            return Err(Error::NotInTransaction);
        }
        self.kept_path(kind).await
    }

    /// Asks whether the path is still there, where a command may have taken it away.
    ///
    /// A `ROLLBACK` of the application may have ended the transaction that the path belongs
    /// to, with another one begun in the same message; going back to a savepoint is called
    /// the same. And what resets settings may have reset the path.
    async fn kept_path(self, kind: Kind) -> QueryResult<()> {
        let seen = self.watch.seen();
        let went_back = seen.rolled_back && kind == Kind::Transaction;
        if !(went_back || seen.path) || self.watch.standing() == Standing::Failed {
            return Ok(());
        }
        if Box::pin(lookup::has_path(self.connection)).await? {
            self.watch.has_path();
            return Ok(());
        }
        Err(match went_back {
            true => Error::NotInTransaction,
            false => PoolError::PathReset.into_diesel(),
        })
    }

    /// Sends a message, and knows afterwards what became of it.
    pub(super) async fn send(self, message: &str) -> QueryResult<()> {
        let mut connection = self.connection;
        self.watched(connection.batch_execute(message)).await
    }

    /// Runs a query, and watches what comes of it.
    pub(super) async fn watched<T>(
        self,
        query: impl Future<Output = QueryResult<T>>,
    ) -> QueryResult<T> {
        let was_busy = self.signs.begin();
        self.watch.listen();
        let answer = query.await;
        self.signs.end(was_busy, &answer);
        answer.map_err(|error| {
            let coded = with_code(error, self.watch.sqlstate());
            self.signs.explained(coded)
        })
    }
}

impl PoolInner {
    /// Begins a piece of work by itself.
    pub(super) async fn begin(
        &self,
        lent: &mut Lent,
        tenant: Option<&TenantName>,
        (kind, message): (Kind, &str),
    ) -> Result<(), NotBegun> {
        lent.signs.begin();
        lent.watch().listen();
        let begun = lent.connection.batch_execute(message).await;
        let begun = begun.map_err(|error| with_code(error, lent.watch().sqlstate()));
        let begun = match begun {
            Ok(()) if kind == Kind::Transaction => lent.count_in(),
            begun => begun,
        };
        let begun = match begun {
            Ok(()) => Ok(()),
            Err(error) => Err(self.leave(&lent.connection, tenant, error).await),
        };
        heard(lent, begun)
    }

    /// Leaves the transaction whose message has failed with `error`, and says why.
    async fn leave(
        &self,
        mut connection: &AsyncPgConnection,
        tenant: Option<&TenantName>,
        error: Error,
    ) -> NotBegun {
        if let Err(error) = connection.batch_execute("ROLLBACK").await {
            return NotBegun::Lost(error);
        }
        self.explain(connection, tenant, error.into()).await
    }

    /// Why the path does not lead where it should, which was told by `error`.
    pub(super) async fn explain(
        &self,
        connection: &AsyncPgConnection,
        tenant: Option<&TenantName>,
        error: PoolError,
    ) -> NotBegun {
        if let Some(name) = tenant {
            // What was known of it may be out of date.
            self.directory.forget(name);
            if let Err(refused) = self.look_up(connection, name).await {
                return refused;
            }
        }
        for name in self.path.schemas() {
            let refused = match lookup::has_schema(connection, name).await {
                Ok(Some(false)) => PoolError::ForbiddenBehind(name.to_owned()),
                Ok(None) if self.is_for_extensions(name) => {
                    PoolError::NoExtensionsSchema(name.to_owned())
                }
                Ok(None) => PoolError::NoSchemaBehind(name.to_owned()),
                Ok(Some(true)) | Err(_) => continue,
            };
            return NotBegun::Refused(refused);
        }
        unexplained(error)
    }

    /// Refuses a path that has a tenant's schema, or a spare, behind those of all tenants: what one of them
    /// lacks, it would read there.
    pub(super) async fn refuse_tenant_behind(&self) -> Result<(), PoolError> {
        let schemas = self.path.schemas().collect::<Vec<_>>();
        if schemas.is_empty() {
            return Ok(());
        }
        if let Some(name) = schemas.iter().find(|name| is_named_like_a_spare(name)) {
            return Err(PoolError::SpareBehind((*name).to_owned()));
        }
        let lent = self.checkout().await?;
        // Without a list of tenants there are none.
        if !lookup::is_set_up(&lent.connection, &self.registry).await? {
            return Ok(());
        }
        let found = lookup::tenant_among(&lent.connection, &self.registry, &schemas).await?;
        found.map_or(Ok(()), |name| Err(PoolError::TenantBehind(name)))
    }

    fn is_for_extensions(&self, name: &str) -> bool {
        let extensions = self.extensions.as_ref();
        extensions.is_some_and(|schema| schema.name() == name)
    }

    /// Asks the database about a tenant, on an idle connection.
    pub(super) async fn ask_for(
        &self,
        lent: &mut Lent,
        name: &TenantName,
    ) -> Result<Whereabouts, NotBegun> {
        lent.signs.begin();
        lent.watch().listen();
        let found = self.look_up(&lent.connection, name).await;
        let found = found.map_err(|refused| refused.with_code(lent.watch().sqlstate()));
        heard(lent, found)
    }

    /// Asks the database about a tenant, and remembers the answer.
    async fn look_up(
        &self,
        connection: &AsyncPgConnection,
        name: &TenantName,
    ) -> Result<Whereabouts, NotBegun> {
        let place = Place {
            registry: &self.registry,
            path: &self.path,
        };
        let asked = self.directory.ask();
        let refused = match lookup::find(connection, self.before, place, name).await {
            Ok(Presence::Whole(found)) => {
                let known = Known::Tenant(found.clone());
                self.directory.remember(asked, name, known);
                return Ok(found);
            }
            Ok(Presence::NoSchema) => PoolError::MissingSchema(name.clone()),
            Ok(Presence::Forbidden) => PoolError::Forbidden(name.clone()),
            Ok(Presence::Nobody) => {
                self.directory.remember(asked, name, Known::Nobody);
                PoolError::Unknown(name.clone())
            }
            Err(error) => match lookup::is_set_up(connection, &self.registry).await {
                Ok(true) => return Err(unexplained(error.into())),
                Ok(false) => PoolError::NotSetUp {
                    table: self.registry.sql_table().to_owned(),
                },
                Err(_) => return Err(NotBegun::Lost(error)),
            },
        };
        Err(NotBegun::Refused(refused))
    }
}

/// What is to be made of an `error` that neither the tenant nor a schema explains. A right
/// that the role lacks, it lacks on another connection too.
fn unexplained(error: PoolError) -> NotBegun {
    match error.kind() {
        ErrorKind::Denied => NotBegun::Refused(error),
        _ => NotBegun::Unexplained(error),
    }
}

/// Records that an answer arrived, whatever it says. If the connection is lost, it stays marked as
/// unheard.
fn heard<T>(lent: &Lent, answer: Result<T, NotBegun>) -> Result<T, NotBegun> {
    match &answer {
        Err(NotBegun::Lost(_)) => {}
        Err(NotBegun::Unexplained(_)) => {
            lent.watch().spoil();
            lent.signs.end(true, &Ok(()));
        }
        _ => lent.signs.end(true, &Ok(())),
    }
    answer
}
