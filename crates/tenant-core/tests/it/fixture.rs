//! Migrations written in a test, and tenants that have them.

use std::fs;
use std::path::PathBuf;

use diesel_migrations::FileBasedMigrations;
use tempfile::TempDir;
use tenant_core::{
    Database, Error, FleetReport, MigrationSet, Migrations, Outcome, PlanRollback, RollbackTo,
    Settings, SpareCount, Status, TenantName, Tenants, Version,
};
use test_support::TestDatabase;

/// A stream of migrations in a folder of its own.
pub(crate) struct Stream {
    folder: TempDir,
    count: usize,
}

impl Stream {
    /// No migrations yet.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self { folder, count: 0 }
    }

    /// One more, newer than those before.
    pub(crate) fn with(mut self, up: &str) -> Self {
        self.count += 1;
        let folder = self
            .folder
            .path()
            .join(format!("2026-02-{:02}-000000_step", self.count));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("up.sql"), up).unwrap();
        fs::write(folder.join("down.sql"), "SELECT 1;").unwrap();
        self
    }

    /// One more, in a folder of that name.
    pub(crate) fn named(self, name: &str, up: &str) -> Self {
        let folder = self.folder.path().join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("up.sql"), up).unwrap();
        self
    }

    /// One more, which runs outside a transaction.
    pub(crate) fn outside(self, up: &str) -> Self {
        let stream = self.with(up);
        let metadata = stream.newest().join("metadata.toml");
        fs::write(metadata, "run_in_transaction = false\n").unwrap();
        stream
    }

    /// The same, whose newest migration is reverted by `down`.
    pub(crate) fn back(self, down: &str) -> Self {
        fs::write(self.newest().join("down.sql"), down).unwrap();
        self
    }

    /// The same, whose newest migration has no `down.sql`.
    pub(crate) fn without_back(self) -> Self {
        fs::remove_file(self.newest().join("down.sql")).unwrap();
        self
    }

    pub(crate) fn newest(&self) -> PathBuf {
        let name = format!("2026-02-{:02}-000000_step", self.count);
        self.folder.path().join(name)
    }

    /// The set, as the library sees it.
    pub(crate) fn set(&self) -> MigrationSet {
        MigrationSet::from_source(&self.source()).unwrap()
    }

    /// The source, as Diesel sees it.
    pub(crate) fn source(&self) -> FileBasedMigrations {
        FileBasedMigrations::from_path(self.folder.path()).unwrap()
    }
}

/// The version of the migration number `step` of a [`Stream`].
pub(crate) fn version(step: usize) -> Version {
    format!("202602{step:02}000000").parse().unwrap()
}

/// A table, and a second migration that adds a column.
pub(crate) fn two_steps() -> Stream {
    Stream::new()
        .with("CREATE TABLE tasks (id int PRIMARY KEY, title text);")
        .with("ALTER TABLE tasks ADD COLUMN due date;")
}

/// The same two, each of which can be reverted.
pub(crate) fn two_steps_and_back() -> Stream {
    Stream::new()
        .with("CREATE TABLE tasks (id int PRIMARY KEY, title text);")
        .back("DROP TABLE tasks;")
        .with("ALTER TABLE tasks ADD COLUMN due date;")
        .back("ALTER TABLE tasks DROP COLUMN due;")
}

/// How many spares there are: none, but for what `change` says.
pub(crate) fn spare_count(change: impl FnOnce(&mut SpareCount)) -> SpareCount {
    let mut count = SpareCount::default();
    change(&mut count);
    count
}

/// A name.
pub(crate) fn name(text: &str) -> TenantName {
    text.parse().unwrap()
}

/// A database with the tracker, and tenants with the migrations of `stream`.
pub(crate) async fn tenants(database: &TestDatabase, stream: &Stream) -> Tenants {
    let tenants = open(database, stream, Settings::default()).await;
    tenants.migrate_public().await.unwrap();
    tenants
}

/// A database with the tracker, whose tenants get the migrations of
/// `schema_tenant`.
pub(crate) async fn demo_tenants(database: &TestDatabase) -> Tenants {
    let migrations = Migrations {
        public: MigrationSet::from_source(&schema_public::MIGRATIONS).unwrap(),
        tenant: MigrationSet::from_source(&schema_tenant::MIGRATIONS).unwrap(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default());
    let tenants = tenants.await.unwrap();
    tenants.migrate_public().await.unwrap();
    tenants
}

/// The same without setting anything up.
pub(crate) async fn open(database: &TestDatabase, stream: &Stream, settings: Settings) -> Tenants {
    open_at(&database.url(), stream, settings).await
}

/// The same at a URL, for a server of the test's own.
pub(crate) async fn open_at(url: &str, stream: &Stream, settings: Settings) -> Tenants {
    at(Database::parse(url).unwrap(), stream, settings).await
}

/// The same where the database is reached in a way of its own.
pub(crate) async fn at(database: Database, stream: &Stream, settings: Settings) -> Tenants {
    let migrations = Migrations {
        public: MigrationSet::from_source(&schema_public::MIGRATIONS).unwrap(),
        tenant: stream.set(),
    };
    Tenants::open(database, migrations, settings).await.unwrap()
}

/// Makes tenants, all of which succeed.
pub(crate) async fn create(tenants: &Tenants, names: &[&str]) {
    let names = names.iter().map(|text| name(text)).collect::<Vec<_>>();
    let count = names.len();
    let report = tenants.create_many(names).await.unwrap();
    assert_eq!(report.count(Status::Created), count, "{report:?}");
}

/// Migrates all tenants.
pub(crate) async fn migrate(tenants: &Tenants) -> FleetReport {
    tenants.migrate().await.unwrap()
}

/// Reverts what is planned.
pub(crate) async fn rollback_with(
    tenants: &Tenants,
    plan: PlanRollback<'_>,
) -> Result<FleetReport, Error> {
    tenants.rollback(plan.await?).await
}

/// Reverts so far in all tenants.
pub(crate) async fn rollback_to(tenants: &Tenants, to: RollbackTo) -> Result<FleetReport, Error> {
    rollback_with(tenants, tenants.plan_rollback().to(to)).await
}

/// Reverts the newest migration of all tenants.
pub(crate) async fn rollback(tenants: &Tenants) -> FleetReport {
    rollback_with(tenants, tenants.plan_rollback())
        .await
        .unwrap()
}

/// What came of the tenant `name`.
pub(crate) fn outcome<'a>(report: &'a FleetReport, name: &str) -> &'a Outcome {
    let mut outcomes = report.outcomes.iter();
    let found = outcomes.find(|outcome| outcome.name == name);
    found.unwrap_or_else(|| panic!("no outcome for {name} in {report:?}"))
}

/// The error and its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}
