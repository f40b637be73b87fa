//! [`Settings`]: what applies to all work on schemas.

use std::time::Duration;

use crate::hook::Hooks;
use crate::link::Limits;
use crate::path::{ExtensionsSchema, RuntimePath};

/// Where a run with several migrations of one schema commits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransactionMode {
    /// Once, after the last migration: all of them are applied, or none.
    ///
    /// The run commits earlier only where one transaction does not work: before `VALIDATE
    /// CONSTRAINT` of a constraint that another pending migration adds `NOT VALID`, before the
    /// first use of an enum value that another pending migration adds, and around migrations with
    /// `run_in_transaction = false`. A new tenant is created in one transaction as far as possible.
    #[default]
    Schema,
    /// After each migration, together with its row in the migration history, as Diesel does. An
    /// interrupted run leaves the schema at one of these versions. It needs a direct connection
    /// without a pooler.
    Migration,
}

/// What to do with a tenant that has unknown migrations, which a newer or another program applied.
///
/// A tenant is always refused if this program has none of its applied migrations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownMigrations {
    /// Refuse to migrate or adopt the tenant:
    /// [`Error::AheadOfProgram`](crate::Error::AheadOfProgram).
    #[default]
    Refuse,
    /// Apply pending migrations to the tenant and allow its adoption, for programs that share
    /// tenants.
    Allow,
}

/// What to do with a tenant whose migration history does not list a migration that the registry
/// records as applied: the entry is lost, or another tool reverted the migration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LostEntries {
    /// Refuse to migrate the tenant: [`Error::LostEntries`](crate::Error::LostEntries). A second
    /// run of a migration could change rows twice.
    #[default]
    Refuse,
    /// Run these migrations again, for tenants in which another tool reverted them or a backup
    /// restored an earlier state.
    Rerun,
}

/// What to do with spares if the migrations use the name of their schema for more than finding
/// objects: in a condition, a row, or a composed text.
///
/// Spares are always refused if trial runs show that the migrations write the name into what they
/// create.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameUses {
    /// Create and use no spares: [`Error::DependsOnName`](crate::Error::DependsOnName).
    #[default]
    Refuse,
    /// Create and use spares, because the migrations create the same objects under every name.
    Allow,
}

/// The settings for all work on schemas.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a statement waits for a table lock that another session holds. Zero means no limit.
    pub lock_timeout: Duration,
    /// How long a run waits for another run on the same schema, or for a table that migrations of
    /// several tenants lock. The default is 10 minutes. Zero means no wait.
    pub wait: Duration,
    /// Whether to report notices of migrations in addition to warnings.
    pub notices: bool,
    /// How long a statement can run. Zero means no limit, whatever the role, the database or the
    /// URL sets.
    pub statement_timeout: Duration,
    /// Where a run commits.
    pub transaction: TransactionMode,
    /// Whether to migrate and adopt tenants with unknown migrations.
    pub unknown_migrations: UnknownMigrations,
    /// Whether to run migrations again that the registry records and the migration history does
    /// not list.
    pub lost_entries: LostEntries,
    /// Whether to create and use spares if the migrations use the schema's name.
    pub name_uses: NameUses,
    /// The schema for extensions, which follows the tenant's schema in the search path.
    pub extensions: Option<ExtensionsSchema>,
    /// The schemas that follow the tenant's schema in the application's search path. Migrations
    /// don't see them.
    pub runtime_path: RuntimePath,
    /// Objects of that schema that tenants' migrations can change without naming the schema: their
    /// names, as PostgreSQL stores them. If a migration changes another object there, it fails.
    pub shared_objects: Vec<String>,
    /// The role of the application, if it is another role. The health check tests whether it can
    /// read the tenants.
    pub application_role: Option<String>,
    /// Your own SQL for tenant events.
    pub hooks: Hooks,
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
            lost_entries: LostEntries::default(),
            name_uses: NameUses::default(),
            extensions: None,
            runtime_path: RuntimePath::default(),
            shared_objects: Vec::new(),
            application_role: None,
            hooks: Hooks::new(),
        }
    }
}
