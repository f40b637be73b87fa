//! [`Settings`]: what applies to all work on schemas.

use std::time::Duration;

use crate::link::Limits;
use crate::path::{ExtensionsSchema, RuntimePath};

/// Where a run commits that applies or reverts several migrations of one schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransactionMode {
    /// Once, after the last migration: all of them are applied, or none.
    ///
    /// The run commits earlier only where a transaction for all defeats its purpose: before
    /// `VALIDATE CONSTRAINT` of a constraint that another pending migration adds `NOT
    /// VALID`, before the first use of an enum value that another pending migration adds,
    /// and around migrations with `run_in_transaction = false`. A new tenant is always
    /// created in one transaction as far as possible.
    #[default]
    Schema,
    /// After each migration, together with its row in the migration history, as Diesel
    /// does. A run that is interrupted leaves the schema at one of the versions on the way.
    /// Needs a connection that does not lead through a pooler.
    Migration,
}

/// What is done with a tenant that has applied migrations which this program does not
/// have: a newer program, or another one, has applied them.
///
/// A tenant of whose applied migrations this program has none is refused in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownMigrations {
    /// The tenant is neither migrated nor adopted: [`Error::AheadOfProgram`](crate::Error::AheadOfProgram).
    #[default]
    Refuse,
    /// The pending migrations are applied to the tenant all the same, and it can be
    /// adopted: for programs that share tenants.
    Allow,
}

/// What becomes of spares if the text of the migrations uses the name of their schema, and
/// not only to find objects: in a condition, a row, or a text that is put together.
///
/// Migrations of which trial runs have shown that they write the name into what they create
/// refuse spares in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameUses {
    /// No spare is created, and none is taken: [`Error::DependsOnName`](crate::Error::DependsOnName).
    #[default]
    Refuse,
    /// Spares are created and taken: what the migrations create is known to be the same
    /// under every name.
    Allow,
}

/// What the operator may choose for all work on schemas.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a statement waits for a lock on a table that another session holds.
    /// Zero: indefinitely.
    pub lock_timeout: Duration,
    /// How long a run waits for another run on the same schema, or on a table that
    /// migrations of several tenants lock: 10 minutes by default.
    /// Zero: not at all.
    pub wait: Duration,
    /// Whether the notices of migrations are reported, and not only their warnings.
    pub notices: bool,
    /// How long a statement may take. Zero: no limit, whatever the role, the database or
    /// the URL sets.
    pub statement_timeout: Duration,
    /// Where a run commits.
    pub transaction: TransactionMode,
    /// Whether tenants are migrated and adopted that have applied migrations which this
    /// program does not have.
    pub unknown_migrations: UnknownMigrations,
    /// Whether spares are created and taken although the text of the migrations uses the
    /// schema's name.
    pub name_uses: NameUses,
    /// A schema behind the tenant's own in the path, for extensions.
    pub extensions: Option<ExtensionsSchema>,
    /// The schemas behind the tenant's own in the path of the application's queries.
    /// Migrations don't see them.
    pub runtime_path: RuntimePath,
    /// Tables, types and the like of that schema which tenants' migrations may change
    /// without naming the schema: their names, as PostgreSQL stores them. All others of
    /// that schema stay as they are, or the migration fails.
    pub shared_objects: Vec<String>,
    /// The role that the application logs in as, if it is another one: the
    /// health check asks whether it can read the tenants.
    pub application_role: Option<String>,
}

impl Settings {
    /// The lock time-out as PostgreSQL takes it: in ms, 0 for none.
    pub(crate) fn lock_timeout_ms(&self) -> i32 {
        milliseconds(self.lock_timeout)
    }

    /// Both time-outs, for the sessions that the work is done in.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            lock: self.lock_timeout_ms(),
            statement: milliseconds(self.statement_timeout),
        }
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
            wait: Duration::from_secs(600),
            notices: false,
            statement_timeout: Duration::ZERO,
            transaction: TransactionMode::default(),
            unknown_migrations: UnknownMigrations::default(),
            name_uses: NameUses::default(),
            extensions: None,
            runtime_path: RuntimePath::default(),
            shared_objects: Vec::new(),
            application_role: None,
        }
    }
}
