//! [`NewTenant`]: what an application does itself in the transaction that creates a tenant.

use std::fmt;
use std::sync::Arc;

use diesel::result::Error as DieselError;
use diesel_async::AsyncPgConnection;
use tokio::sync::Mutex;
use tokio_postgres::Client;

use super::PoolError;
use super::connection::{Home, PublicConnection, ScopedConnection, TenantConnection};
use super::directory::Directory;
use super::held::Owner;
use super::lent::{Kind, Lent};
use super::message::{self, Before, Prepared};
use super::scope::{OfPublic, OfTenant, Scope};
use super::tag::Tag;
use crate::link::{Mark, OwnTypes, Wire};
use crate::name::{Schema, Target};
use crate::path::{Path, RuntimePath};
use crate::{Error, TenantName};

/// Where a visit to a schema begins. It ends with all savepoints inside: going back to one
/// of them later would bring back its path.
const VISIT: &str = "diesel_tenants_visit";

/// Of all the pinned settings the only one that an application's queries notice.
const SEE_ROWS: &str = "SET LOCAL row_security = on";

/// A tenant during its creation. Its schema, migrations and registration exist, but are not
/// committed.
///
/// [`Tenants::create_with`](crate::Tenants::create_with) passes it to your closure.
/// [`tenant`](Self::tenant) and [`public`](Self::public) lend the connection of the transaction,
/// each with its own search path. You can use only one of them at a time, so both borrow this
/// value:
///
/// ```compile_fail
/// # use tenant_core::{Error, NewTenant, PublicConnection, TenantConnection};
/// # async fn add_board(tenant: &mut TenantConnection) {}
/// # async fn add_owner(public: &mut PublicConnection) {}
/// async fn seed(new: &mut NewTenant) -> Result<(), Error> {
///     let tenant = new.tenant().await?;
///     let public = new.public().await?; // `new` is borrowed by `tenant`
///     add_board(tenant).await;
///     add_owner(public).await;
///     Ok(())
/// }
/// ```
///
/// If a statement ends the transaction, such as `COMMIT`, the creation fails with
/// [`PoolError::Ended`]. What the statement committed stays. If a query failed and its error was
/// ignored, the commit fails with [`PoolError::Aborted`].
pub struct NewTenant {
    target: Target,
    path: RuntimePath,
    home: Home,
    from_spare: bool,
    /// `None` once a way from one schema to the other was cut off.
    place: Option<At>,
}

/// Where the connection is.
enum At {
    Tenant(TenantConnection),
    Public(PublicConnection),
}

/// A transaction in which a tenant has been created.
pub(crate) struct Begun {
    pub(crate) client: Client,
    pub(crate) wire: Wire,
    pub(crate) target: Target,
    /// What is behind the tenant's schema in the path, and behind `public`.
    pub(crate) path: RuntimePath,
    pub(crate) directory: Arc<Directory>,
    pub(crate) from_spare: bool,
    /// Whether no pooler keeps the connection for others.
    pub(crate) is_direct: bool,
}

impl NewTenant {
    /// Takes over a transaction.
    pub(crate) async fn open(begun: Begun) -> Result<Self, PoolError> {
        let connection = AsyncPgConnection::try_from(begun.client).await;
        let connection = connection
            .map_err(|error| PoolError::Query(DieselError::QueryBuilderError(error.into())))?;
        let mut lent = Box::new(Lent::new((connection, begun.wire)));
        lent.count_in()?;
        let lent = Arc::new(Mutex::new(Owner::Work(lent))).lock_owned();
        let home = Home {
            directory: begun.directory,
            before: match begun.is_direct {
                true => Before::Cleared,
                false => Before::Unknown,
            },
            on_unkept: None,
        };
        let scope = OfTenant(begun.target.name.clone());
        let work = (Kind::Transaction, None);
        let tag = Tag::of_shape("", OwnTypes::default());
        let mut tenant = ScopedConnection::new(home.clone(), lent.await, (scope, tag), work);
        // The creation ends it, and tells of it.
        tenant.give_up();
        let mut new = Self {
            target: begun.target,
            path: begun.path,
            home,
            from_spare: begun.from_spare,
            place: None,
        };
        let begin = format!("{SEE_ROWS}; {}", new.visit(&tenant));
        enter(&tenant, &begin).await?;
        new.place = Some(At::Tenant(tenant));
        Ok(new)
    }

    /// Returns the tenant's name.
    #[must_use]
    pub fn name(&self) -> &TenantName {
        &self.target.name
    }

    /// Whether the tenant was created from a spare, so that no migration ran.
    #[must_use]
    pub fn is_from_spare(&self) -> bool {
        self.from_spare
    }

    /// Returns the connection in the tenant's schema, for functions that take a `&mut
    /// TenantConnection`.
    ///
    /// The switch from [`public`](Self::public) takes one round trip.
    ///
    /// # Errors
    ///
    /// If the transaction cannot continue: see [`PoolError`], which is the source.
    pub async fn tenant(&mut self) -> Result<&mut TenantConnection, Error> {
        if let Some(At::Public(_)) = &self.place {
            let scope = OfTenant(self.target.name.clone());
            let tenant = self
                .go(scope, Tag::of_shape("", OwnTypes::default()))
                .await?;
            self.place = Some(At::Tenant(tenant));
        }
        match &mut self.place {
            Some(At::Tenant(tenant)) => Ok(tenant),
            _ => Err(PoolError::GivenUp.into()),
        }
    }

    /// Returns the connection in the public schema, for functions that take a `&mut
    /// PublicConnection`.
    ///
    /// The switch from [`tenant`](Self::tenant) takes one round trip.
    ///
    /// # Errors
    ///
    /// As [`tenant`](Self::tenant).
    pub async fn public(&mut self) -> Result<&mut PublicConnection, Error> {
        if let Some(At::Tenant(_)) = &self.place {
            let public = self.go(OfPublic, Tag::public()).await?;
            self.place = Some(At::Public(public));
        }
        match &mut self.place {
            Some(At::Public(public)) => Ok(public),
            _ => Err(PoolError::GivenUp.into()),
        }
    }

    /// The same as [`tenant`](Self::tenant) for functions that take a
    /// `&mut AsyncPgConnection`: see
    /// [`as_async_pg`](crate::ScopedConnection::as_async_pg).
    ///
    /// # Errors
    ///
    /// As [`tenant`](Self::tenant).
    pub async fn tenant_pg(&mut self) -> Result<&mut AsyncPgConnection, Error> {
        Ok(self.tenant().await?.as_async_pg().await?)
    }

    /// The same as [`public`](Self::public) for functions that take a
    /// `&mut AsyncPgConnection`.
    ///
    /// # Errors
    ///
    /// As [`tenant`](Self::tenant).
    pub async fn public_pg(&mut self) -> Result<&mut AsyncPgConnection, Error> {
        Ok(self.public().await?.as_async_pg().await?)
    }

    /// Goes from the one schema to the other.
    async fn go<S: Scope>(&mut self, scope: S, tag: Tag) -> Result<ScopedConnection<S>, PoolError> {
        self.require_whole().await?;
        let lent = match self.place.take() {
            Some(At::Tenant(tenant)) => tenant.hand_on().await,
            Some(At::Public(public)) => public.hand_on().await,
            None => return Err(PoolError::GivenUp),
        };
        let work = (Kind::Transaction, None);
        let mut connection = ScopedConnection::new(self.home.clone(), lent, (scope, tag), work);
        connection.give_up();
        let message = format!("RELEASE SAVEPOINT {VISIT}; {}", self.visit(&connection));
        enter(&connection, &message).await?;
        Ok(connection)
    }

    /// The path to where `connection` is to be, and the savepoint that begins the visit. Who
    /// goes back to that one does not change the path.
    fn visit<S: Scope>(&self, connection: &ScopedConnection<S>) -> String {
        let schema = match connection.scope().tenant() {
            Some(_) => Schema::Tenant(&self.target),
            None => Schema::Public,
        };
        let path = Path::at_run_time(schema, &self.path);
        let (set, check) = (path.set_local(), path.quick_check());
        format!("{set}; {check}; SAVEPOINT {VISIT}")
    }

    async fn require_whole(&mut self) -> Result<(), PoolError> {
        match &mut self.place {
            Some(At::Tenant(tenant)) => tenant.require_whole().await,
            Some(At::Public(public)) => public.require_whole().await,
            None => Err(PoolError::GivenUp),
        }
    }

    /// Commits, if all that was done can be kept, and none of `checks` fails.
    pub(crate) async fn commit(mut self, checks: &[String]) -> Result<(), PoolError> {
        self.require_whole().await?;
        for check in checks {
            let check = format!("{}{check}", Mark::Ask.comment());
            match &self.place {
                Some(At::Tenant(tenant)) => tenant.parts().send(&check).await,
                Some(At::Public(public)) => public.parts().send(&check).await,
                None => return Err(PoolError::GivenUp),
            }?;
        }
        // A direct connection is closed behind it.
        let message = match self.home.before {
            Before::Cleared => format!("{}COMMIT", Mark::End.comment()),
            Before::Unknown => message::commit(Prepared::Perhaps),
        };
        match &mut self.place {
            Some(At::Tenant(tenant)) => tenant.end_with(&message).await,
            Some(At::Public(public)) => public.end_with(&message).await,
            None => Err(PoolError::GivenUp),
        }
    }

    /// Gives up all that was done, and waits until that has happened.
    pub(crate) async fn roll_back(mut self) {
        // A connection that is lost has ended the transaction too.
        drop(match &mut self.place {
            Some(At::Tenant(tenant)) => tenant.rollback().await,
            Some(At::Public(public)) => public.rollback().await,
            None => Ok(()),
        });
    }
}

async fn enter<S: Scope>(connection: &ScopedConnection<S>, message: &str) -> Result<(), PoolError> {
    let message = format!("{}{message}", Mark::Begin.comment());
    Ok(connection.parts().send(&message).await?)
}

impl fmt::Debug for NewTenant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewTenant")
            .field("name", &self.target.name.as_str())
            .finish_non_exhaustive()
    }
}
