//! [`Making`]: a tenant whose transaction the application works in.

use std::time::Instant;

use thiserror::Error as DeriveError;
use tokio::sync::OwnedSemaphorePermit;

use super::undo::Undo;
use crate::assertion::Assertion;
use crate::engine::{self, Open};
use crate::migration::versions;
use crate::name::{Schema, Target};
use crate::pool::NewTenant;
use crate::report::{Outcome, Status};
use crate::tenants::Tenants;
use crate::{
    Answer, Database, Error, ErrorKind, Expected, NotKept, PgError, PoolError, ServerMessage,
    Unconfirmed, events,
};

/// A tenant that is being created, with the application's work in its transaction.
pub(super) struct Making {
    pub(super) tenants: Tenants,
    pub(super) target: Target,
    pub(super) new: NewTenant,
    pub(super) open: Open,
    /// What has to hold before the commit.
    pub(super) checks: Vec<String>,
    /// What the migrations made the server say.
    pub(super) messages: Vec<ServerMessage>,
    pub(super) started: Instant,
    pub(super) undo: Undo,
    /// Until it is dropped, the connection counts.
    pub(super) permit: Option<OwnedSemaphorePermit>,
}

/// What is told of an error that the application's own work returns: it can be of any type.
#[derive(Debug, DeriveError)]
#[error("the application's own work returned an error")]
struct Returned;

impl Making {
    /// Commits, and tells it.
    pub(super) fn commit(self) -> Answer<'static, Result<(), Error>> {
        Box::pin(async move {
            let Self {
                tenants,
                target,
                open,
                ..
            } = self;
            let committed = match self.new.commit(&self.checks).await {
                Ok(()) => Ok(()),
                Err(error) => settled(&tenants.database, &target, &open, error).await,
            };
            drop(self.permit);
            tenants.directory.forget(&target.name);
            let schema = Schema::Tenant(&target);
            if let Err(error) = committed {
                self.undo.run().await;
                events::created_with(schema, Err(&error), self.started.elapsed());
                return Err(error);
            }
            self.undo.call_off();
            open.tell(schema, &tenants.migrations.tenant);
            events::migrations_said(schema, &self.messages);
            let outcome = created(&tenants, &target, &open);
            events::created_with(schema, Ok(&outcome), self.started.elapsed());
            Ok(())
        })
    }

    /// Keeps nothing, and waits until nothing is left.
    pub(super) fn give_up(self) -> Answer<'static, ()> {
        Box::pin(async move {
            self.new.roll_back().await;
            drop(self.permit);
            self.undo.run().await;
            let error = Error::own_work(ErrorKind::Failed, None, Returned);
            let schema = Schema::Tenant(&self.target);
            events::created_with(schema, Err(&error), self.started.elapsed());
        })
    }
}

fn created(tenants: &Tenants, target: &Target, open: &Open) -> Outcome {
    let applied = tenants.migrations.tenant.iter().collect::<Vec<_>>();
    Outcome {
        applied: versions(&applied),
        from_spare: open.spare.is_some(),
        ..Outcome::idle(target.name.as_str(), Status::Created)
    }
}

/// How a commit ended that has met `error`. If the connection was lost, the server is asked on
/// another one.
async fn settled(
    database: &Database,
    target: &Target,
    open: &Open,
    error: PoolError,
) -> Result<(), Error> {
    let schema = Schema::Tenant(target);
    if let (Some(code), PoolError::Query(said)) = (error.sqlstate(), &error)
        && let Some(unmet) = Assertion::unmet(code, &said.to_string())
    {
        if unmet == Assertion::Confirmed {
            return Err(Error::Unconfirmed(Box::new(Unconfirmed {
                name: target.name.clone(),
                schema: target.schema.clone(),
                expected: Expected::Listed,
            })));
        }
        if let Some(error) = NotKept::of(target, unmet) {
            return Err(error);
        }
        let action = "check the changes of the application's own work";
        let source = PgError::from_text(unmet.words());
        return Err(Error::database_of(schema, action, source));
    }
    if error.kind() != ErrorKind::Unreachable {
        return Err(error.into());
    }
    match engine::has_committed(database, &open.number).await {
        Some(true) => Ok(()),
        Some(false) => Err(error.into()),
        None => {
            let source = PgError::from_text(error);
            Err(Error::database_of(schema, engine::LOST, source))
        }
    }
}
