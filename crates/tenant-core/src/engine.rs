//! Applies migrations to one schema, and reverts them.
//!
//! One transaction for each tenant: take the tenant's lock, read again what is
//! pending, set the path, run the migrations, write the ledger and the
//! tracker, commit. Either all of it happened or nothing. Only migrations that
//! Diesel's `metadata.toml` takes out of the transaction (`CREATE INDEX
//! CONCURRENTLY` and its like) cut a run into parts.

mod adopt;
mod apply;
mod aside;
mod attempt;
mod claim;
mod clone;
mod cluster;
mod copy;
mod create;
mod distribute;
mod existing;
mod first;
mod holders;
mod ledger;
mod mend;
mod mentions;
mod moving;
mod outside;
mod parts;
mod portions;
mod reference;
mod rehearse;
mod rehearse_back;
mod remove;
mod rename;
mod repair;
mod revert;
mod rounds;
mod scratch;
mod script;

use std::time::Duration;

use crate::link::{Database, Session};
use crate::migration::{Migration, MigrationFile, MigrationSet, Sql};
use crate::name::Schema;
use crate::path::{ExtensionsSchema, Path};
use crate::{Error, PgError};

pub(crate) use adopt::{Evidence, adopt};
pub(crate) use claim::{claim, claim_this, require_free};
pub use clone::Rows;
pub(crate) use clone::{Made, clone};
pub(crate) use cluster::NODES;
pub(crate) use create::create;
pub(crate) use distribute::distribute;
pub(crate) use existing::look;
pub(crate) use mend::{Keep, mend};
pub use moving::Writers;
pub(crate) use moving::relocate;
pub(crate) use reference::make_reference_tables;
pub(crate) use rehearse::rehearse;
pub(crate) use rehearse_back::{Dropped, WayBack, rehearse_back};
pub(crate) use remove::remove;
pub(crate) use rename::{Followed, rename};
pub(crate) use revert::revert;
pub(crate) use scratch::try_in_database;

/// What the operator may choose for all work on schemas.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a statement waits for a lock that somebody else holds, and how
    /// long a run waits for another run on the same tenant. Zero: for ever.
    pub lock_timeout: Duration,
    /// How long a statement may take. Zero: as long as it likes.
    pub statement_timeout: Duration,
    /// A schema behind the tenant's own in the path, for extensions.
    pub extensions: Option<ExtensionsSchema>,
    /// The role that the application logs in as, if it is another one: the
    /// health check asks whether it can read the tenants.
    pub application_role: Option<String>,
}

impl Settings {
    /// The lock time-out as PostgreSQL takes it: in ms, 0 for none.
    pub(crate) fn lock_timeout_ms(&self) -> i32 {
        milliseconds(self.lock_timeout)
    }

    /// The same of the statement time-out.
    pub(crate) fn statement_timeout_ms(&self) -> i32 {
        milliseconds(self.statement_timeout)
    }
}

/// In whole ms, but not zero unless it is.
fn milliseconds(timeout: Duration) -> i32 {
    if timeout.is_zero() {
        return 0;
    }
    i32::try_from(timeout.as_millis())
        .unwrap_or(i32::MAX)
        .max(1)
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::ZERO,
            extensions: None,
            application_role: None,
        }
    }
}

/// A schema, the connection to work on it with, and how.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) session: &'a Session,
    pub(crate) schema: Schema<'a>,
    pub(crate) migrations: &'a MigrationSet,
    pub(crate) settings: &'a Settings,
    /// For looking at the session from another one.
    pub(crate) database: &'a Database,
    /// Whether the lists of schemas have a column for fingerprints.
    pub(crate) fingerprints: bool,
}

impl<'a> Work<'a> {
    fn path(self) -> Path<'a> {
        Path::new(self.schema, self.settings.extensions.as_ref())
    }
}

/// Brings one schema up to date. `applied` receives each migration when it is
/// committed. `known` is what was applied to it a moment ago, if somebody has
/// looked: that saves a round trip, and is checked.
///
/// # Errors
///
/// As [`Error`] says. Migrations outside a transaction cut the run into parts,
/// and those before the failed part stay applied.
pub(crate) async fn migrate<'a>(
    work: Work<'a>,
    known: Option<&[String]>,
    applied: &mut Vec<&'a Migration>,
) -> Result<(), Error> {
    let mut attempts = attempt::Attempts::new();
    loop {
        let at_once = match known {
            Some(known) => apply::bring_up_at_once(work, known, applied).await,
            None => Ok(false),
        };
        let done = match at_once {
            Ok(true) => Ok(()),
            Ok(false) => apply::bring_up_to_date(work, applied).await,
            Err(error) => Err(error),
        };
        match done {
            Err(error) if attempts.again_after(work, &error).await => {}
            done => return done,
        }
    }
}

/// Refuses `pending` when one of them must not run at all.
pub(crate) fn refuse_unfit<'a>(
    pending: impl IntoIterator<Item = &'a Migration>,
) -> Result<(), Error> {
    refuse_file(pending, MigrationFile::Up)
}

/// The same of one of their files.
pub(crate) fn refuse_file<'a>(
    migrations: impl IntoIterator<Item = &'a Migration>,
    file: MigrationFile,
) -> Result<(), Error> {
    for migration in migrations {
        if let Some(refusal) = migration.file(file).and_then(Sql::refusal) {
            return Err(Error::Refused {
                migration: migration.name().to_owned(),
                file,
                refusal: refusal.clone(),
            });
        }
    }
    Ok(())
}

/// Runs one statement, or several in one message, and nothing comes back.
async fn execute(session: &Session, action: &str, sql: &str) -> Result<(), Error> {
    let done = session.client().batch_execute(sql).await;
    done.map_err(|error| Error::database(action, PgError::from(error)))
}
