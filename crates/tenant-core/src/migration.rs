//! Migrations as SQL text, taken out of Diesel's.
//!
//! Diesel runs a migration by handing its whole text to a connection. Here the
//! text itself is wanted: to send several migrations in one message, to say
//! which statement failed at which line, and to refuse what cannot go well
//! before anything has run.

mod abroad;
mod anew;
mod border;
mod clock;
mod file;
mod index;
mod inside;
mod mentions;
mod names;
mod outside;
mod own_name;
mod plain;
mod recorder;
mod referred;
mod refusal;
mod signs;
mod transaction_need;
mod words;

use std::collections::{BTreeSet, HashSet};

use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use thiserror::Error;

use crate::Version;

pub(crate) use anew::CreatedAnew;
pub(crate) use border::{uses_added_value, validates_what_is_added};
pub(crate) use clock::Code;
pub use file::MigrationFile;
pub(crate) use file::Sql;
pub(crate) use index::BuiltIndex;
pub(crate) use inside::in_transaction_form;
pub(crate) use mentions::{Mentions, speaks_of};
pub(crate) use outside::{Detached, Effect, Pace, Shared, effect, may_commit, pace};
pub use own_name::{NamePurpose, NameUse};
pub use refusal::{Reason, Refusal};
pub(crate) use signs::Signs;
pub(crate) use transaction_need::waits_by_design;

/// One migration: its identity and its SQL in statements.
#[derive(Debug, Clone)]
pub struct Migration {
    version: Version,
    name: String,
    in_transaction: bool,
    fingerprint: String,
    up: Sql,
    down: Option<Sql>,
    down_problem: Option<String>,
    /// Whether it is one of this crate.
    is_own: bool,
}

impl Migration {
    /// Returns the version, as Diesel stores it: `20260101000000`.
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Returns the name of the folder: `2026-01-01-000000_create_tasks`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it runs in a transaction: `run_in_transaction` in Diesel's `metadata.toml`. The
    /// default is true.
    #[must_use]
    pub fn in_transaction(&self) -> bool {
        self.in_transaction
    }

    /// Whether one of its files can run in a transaction, whatever `run_in_transaction`
    /// says. Diesel sends a file as one message, which PostgreSQL takes for one
    /// transaction as well.
    pub(crate) fn fits_in_transaction(&self, file: MigrationFile) -> bool {
        self.in_transaction || self.statements(file).all(|one| pace(one) != Pace::Alone)
    }

    /// Whether one of its files may commit by itself, so that it cannot be tried in a
    /// transaction.
    pub(crate) fn may_commit(&self, file: MigrationFile) -> bool {
        !self.in_transaction && self.statements(file).any(may_commit)
    }

    /// Returns why the migration cannot run, if it cannot.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        self.up.refusal()
    }

    /// Returns the fingerprint of its SQL: `v1:` and 16 hexadecimal digits. Comments and whitespace
    /// do not count.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Returns the SQL of its `up.sql`, with `\n` as line ends.
    #[must_use]
    pub fn sql(&self) -> &str {
        self.up.text()
    }

    /// Returns the SQL of its `down.sql`; `None` if there is no such file, or no statement in it,
    /// or if it could not be read ([`down_problem`](Self::down_problem)). The migration cannot be
    /// rolled back then.
    #[must_use]
    pub fn down_sql(&self) -> Option<&str> {
        self.down.as_ref().map(Sql::text)
    }

    /// Returns why its `down.sql` cannot run, if it cannot.
    #[must_use]
    pub fn down_refusal(&self) -> Option<&Refusal> {
        self.down.as_ref()?.refusal()
    }

    /// Returns why its `down.sql` could not be read, if it could not.
    #[must_use]
    pub fn down_problem(&self) -> Option<&str> {
        self.down_problem.as_deref()
    }

    /// What stands in one of its files. Nothing where the file is not there.
    pub(crate) fn file(&self, file: MigrationFile) -> Option<&Sql> {
        match file {
            MigrationFile::Up => Some(&self.up),
            MigrationFile::Down => self.down.as_ref(),
        }
    }

    /// The statements of one of its files, without the semicolons between them.
    pub(crate) fn statements(&self, file: MigrationFile) -> impl Iterator<Item = &str> {
        self.file(file).into_iter().flat_map(Sql::statements)
    }

    /// Why it cannot be in one stream with another of the same version.
    fn conflict(&self, other: &Self) -> SourceError {
        let (yours, ours) = match (self.is_own, other.is_own) {
            (true, false) if self.name != other.name => (other, self),
            (false, true) if self.name != other.name => (self, other),
            _ => {
                return SourceError::SameVersion {
                    version: self.version.clone(),
                    one: self.name.clone(),
                    other: other.name.clone(),
                };
            }
        };
        SourceError::TakenVersion {
            version: ours.version.clone(),
            yours: yours.name.clone(),
            ours: ours.name.clone(),
        }
    }

    /// The code of each statement of its `up.sql`.
    pub(crate) fn codes(&self) -> impl Iterator<Item = Code> {
        let statements = self.up.statements().enumerate();
        statements.map(|(number, statement)| {
            let line = self.up.line(number, 0);
            let at = format!("{}/{}:{line}", self.name, MigrationFile::Up);
            Code::of(statement, at)
        })
    }
}

/// All migrations of one stream (public or tenant), oldest first. The default is empty.
#[derive(Debug, Clone, Default)]
pub struct MigrationSet {
    migrations: Vec<Migration>,
}

impl MigrationSet {
    /// Reads the migrations from any Diesel source, such as `embed_migrations!`, or
    /// `FileBasedMigrations` from a folder.
    ///
    /// # Errors
    ///
    /// [`SourceError`] if a file cannot be read, if a migration is not SQL text, or if two
    /// migrations have the same version.
    pub fn from_source(source: &impl MigrationSource<Pg>) -> Result<Self, SourceError> {
        let found = source.migrations().map_err(SourceError::Unreadable)?;
        let mut migrations = found
            .iter()
            .map(|migration| recorder::record(migration.as_ref()))
            .collect::<Result<Vec<_>, _>>()?;
        migrations.sort_by(|one, other| one.version.cmp(&other.version));
        for pair in migrations.windows(2) {
            if let [one, other] = pair
                && one.version == other.version
            {
                return Err(SourceError::SameVersion {
                    version: one.version.clone(),
                    one: one.name.clone(),
                    other: other.name.clone(),
                });
            }
        }
        Ok(Self { migrations })
    }

    /// Migrations of this crate: their names, and what applies and reverts each.
    pub(crate) fn of_texts(texts: &[(&str, &str, &str)]) -> Self {
        let migrations = texts.iter();
        let migrations = migrations.map(|(name, up, down)| recorder::of_texts(name, up, down));
        Self {
            migrations: migrations.collect(),
        }
    }

    /// The same, with those of `others` in the place of migrations of the same version.
    pub(crate) fn replacing(&self, others: Self) -> Self {
        let mut set = self.clone();
        for other in others.migrations {
            let mut migrations = set.migrations.iter_mut();
            if let Some(same) = migrations.find(|it| it.version == other.version) {
                *same = other;
            }
        }
        set
    }

    /// Adds the migrations of `other`, ordered by version. A migration that both have with the same
    /// text occurs once.
    ///
    /// # Errors
    ///
    /// [`SourceError::SameVersion`] if two different migrations have the same version;
    /// [`SourceError::TakenVersion`] if one of them is this library's.
    pub fn merge(mut self, other: Self) -> Result<Self, SourceError> {
        for migration in other.migrations {
            match self.find(migration.version.as_str()) {
                Some(same) if same.fingerprint == migration.fingerprint => {}
                Some(same) => {
                    return Err(same.conflict(&migration));
                }
                None => self.migrations.push(migration),
            }
        }
        self.migrations
            .sort_by(|one, other| one.version.cmp(&other.version));
        Ok(self)
    }

    /// Returns the migrations, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Migration> + ExactSizeIterator {
        self.migrations.iter()
    }

    /// The same as the migrations of a tenant, which make things in the tenant's
    /// schema only: one that names another schema for them is refused.
    pub(crate) fn confined(mut self) -> Self {
        for migration in &mut self.migrations {
            migration.up.confine();
            if let Some(down) = &mut migration.down {
                down.confine();
            }
        }
        self
    }

    /// These migrations, for a trial run in a separate database: without the statements about the
    /// whole server.
    pub(crate) fn for_trial(migrations: &[&Migration]) -> Self {
        let migrations = migrations.iter().map(|one| {
            let mut migration = (*one).clone();
            migration.up.leave_out(outside::is_of_server);
            if let Some(down) = &mut migration.down {
                down.leave_out(outside::is_of_server);
            }
            migration
        });
        Self {
            migrations: migrations.collect(),
        }
    }

    /// Those of them that have these versions.
    pub(crate) fn only(&self, versions: &[&str]) -> Self {
        let migrations = self.migrations.iter();
        let migrations = migrations.filter(|it| versions.contains(&it.version.as_str()));
        Self {
            migrations: migrations.cloned().collect(),
        }
    }

    /// The name of the migration with that version, or the version itself where
    /// there is none.
    pub(crate) fn name_of(&self, version: &str) -> String {
        let found = self.find(version);
        found.map_or(version, Migration::name).to_owned()
    }

    /// The migration with that version.
    pub(crate) fn find(&self, version: &str) -> Option<&Migration> {
        self.iter().find(|one| one.version == *version)
    }

    /// The tables of `public` that they refer to, by name.
    pub(crate) fn referred(&self) -> BTreeSet<String> {
        let statements = self
            .iter()
            .flat_map(|one| one.statements(MigrationFile::Up));
        statements.flat_map(referred::referred).collect()
    }

    /// The words of their texts, and the names in quotes: what they create is named there,
    /// unless a statement puts the name together.
    pub(crate) fn words(&self) -> BTreeSet<String> {
        self.iter().flat_map(|one| words::of(one.sql())).collect()
    }

    /// The extensions and schemas that they create and that may not exist before.
    pub(crate) fn created_anew(&self) -> CreatedAnew {
        let mut created = CreatedAnew::default();
        for migration in self.iter() {
            for statement in migration.statements(MigrationFile::Up) {
                created.read(statement);
            }
        }
        created
    }

    /// Whether what they make can depend on when they run, also by functions of `public`.
    pub(crate) fn depend_on_time(&self, public: &Self) -> bool {
        let all = |set: &Self, is_so: fn(&str) -> bool| {
            let mut statements = set.iter().flat_map(|one| one.statements(MigrationFile::Up));
            statements.any(is_so)
        };
        all(self, clock::depends_on_time) || all(public, clock::makes_by_time)
    }

    /// What they can do, there and back, as far as their words tell.
    pub(crate) fn signs(&self) -> Signs {
        let files = self
            .iter()
            .flat_map(|one| std::iter::once(&one.up).chain(&one.down));
        files.fold(Signs::default(), |all, file| all.or(file.signs()))
    }

    /// Whether one of them makes prepared statements, which outlive its
    /// transaction.
    pub(crate) fn prepare(&self) -> bool {
        let files = self
            .iter()
            .flat_map(|one| std::iter::once(&one.up).chain(&one.down));
        files.into_iter().any(Sql::prepares)
    }

    /// Those that `applied` (versions, in any order) lacks, oldest first.
    pub(crate) fn pending(&self, applied: &[String]) -> Vec<&Migration> {
        let applied = applied.iter().map(String::as_str).collect::<HashSet<_>>();
        let lacking = |migration: &&Migration| !applied.contains(migration.version.as_str());
        self.iter().filter(lacking).collect()
    }

    /// The versions in `applied` that no migration of this set has, oldest first.
    pub(crate) fn unknown(&self, applied: &[String]) -> Vec<Version> {
        let known = |version: &str| {
            let found = self
                .migrations
                .binary_search_by(|one| one.version.as_str().cmp(version));
            found.is_ok()
        };
        let mut unknown = applied
            .iter()
            .filter(|version| !known(version))
            .map(Version::recorded)
            .collect::<Vec<_>>();
        unknown.sort();
        unknown
    }
}

/// The versions of `migrations`, in their order.
pub(crate) fn versions(migrations: &[&Migration]) -> Vec<Version> {
    let versions = migrations.iter().map(|migration| migration.version.clone());
    versions.collect()
}

/// The migrations of both streams.
#[derive(Debug, Clone)]
pub struct Migrations {
    /// The public migrations.
    pub public: MigrationSet,
    /// The tenant migrations.
    pub tenant: MigrationSet,
}

/// An error in a set of migrations.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A folder or file could not be read.
    #[error("could not read the migrations")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A migration implemented in code provides no SQL.
    #[error("migration `{name}` provides no SQL")]
    NotSql {
        /// The migration.
        name: String,
        /// What it says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Two migrations have the same version, so the migration history cannot distinguish them.
    #[error("{}", same_version(.version, .one, .other))]
    SameVersion {
        /// The version.
        version: Version,
        /// A migration of that version.
        one: String,
        /// Another.
        other: String,
    },
    /// A public migration of the application has the version of a migration of this library.
    ///
    /// Rename the application's migration. If a database has applied it under the old version, and
    /// has no list of tenants yet, also run: `UPDATE public.__diesel_schema_migrations SET version
    /// = 'NEW' WHERE version = 'OLD'`.
    #[error(
        "migration `{yours}` has the same version as the library's migration `{ours}`: {version}"
    )]
    TakenVersion {
        /// The version.
        version: Version,
        /// The application's migration.
        yours: String,
        /// The library's.
        ours: String,
    },
}

fn same_version(version: &Version, one: &str, other: &str) -> String {
    if one == other {
        return format!("migration `{one}` occurs twice with different SQL");
    }
    format!("migrations `{one}` and `{other}` have the same version {version}")
}
