//! A database of the test's own, and commands that work on it.

use std::ops::Deref;

use test_support::TestDatabase;

use super::{Command, Finished, Folder, Migrations};

/// A database, and a folder to run commands in. Every command is given its URL.
#[derive(Debug)]
pub(crate) struct Database {
    database: TestDatabase,
    pub(crate) folder: Folder,
}

impl Database {
    /// A database with nothing in it.
    pub(crate) async fn empty() -> Self {
        Self {
            database: TestDatabase::new().await,
            folder: Folder::new(),
        }
    }

    /// A database whose public schema is migrated.
    pub(crate) async fn set_up() -> Self {
        let database = Self::empty().await;
        database.run("migrate-public").succeeds();
        database
    }

    /// A database with these tenants, their names divided by spaces.
    pub(crate) async fn with_tenants(names: &str) -> Self {
        let database = Self::set_up().await;
        database.run(&format!("create-tenant {names}")).succeeds();
        database
    }

    /// A command on this database: its name and its arguments, divided by
    /// spaces.
    pub(crate) fn command(&self, line: &str) -> Command {
        self.folder.command(line).on(&self.url())
    }

    /// Runs such a command to its end.
    pub(crate) fn run(&self, line: &str) -> Finished {
        self.command(line).run()
    }

    /// Runs such a command with migrations of the test.
    pub(crate) fn run_with(&self, migrations: &Migrations, line: &str) -> Finished {
        self.command(line).migrations(migrations).run()
    }

    /// The migrations that the tenant's own ledger has, oldest first.
    pub(crate) async fn applied(&self, tenant: &str) -> Vec<String> {
        let sql = format!("SELECT version FROM {tenant}.__diesel_schema_migrations ORDER BY 1");
        self.column(&sql).await
    }

    /// How many sessions of other people run a statement that contains `part`.
    pub(crate) async fn running(&self, part: &str) -> usize {
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND pid <> pg_backend_pid() AND state = 'active' AND query LIKE '%{part}%'"
        );
        self.value(&sql).await.parse().unwrap()
    }
}

impl Deref for Database {
    type Target = TestDatabase;

    fn deref(&self) -> &TestDatabase {
        &self.database
    }
}
