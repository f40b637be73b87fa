//! A database of the test's own, and commands that work on it.

use std::ops::Deref;

use command_line::{Common, Invocation};
use local_postgres::ThrowawayServer;
use tenant_core::remedy::Command as Call;
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

    /// A database whose public schema is migrated, on a server of the test's own.
    pub(crate) async fn on(server: &ThrowawayServer) -> Self {
        let database = Self {
            database: TestDatabase::on(server).await,
            folder: Folder::new(),
        };
        database.run("migrate-public").succeeds();
        database
    }

    /// Another with the same in it. Nobody may work on this one meanwhile.
    pub(crate) async fn copy(&self) -> Self {
        Self {
            database: self.database.copy().await,
            folder: Folder::new(),
        }
    }

    /// A command on this database: its name and its arguments, divided by
    /// spaces.
    pub(crate) fn command(&self, line: &str) -> Command {
        let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
        let command = self.folder.command(name).on(&self.url());
        command.args(arguments.split_whitespace())
    }

    /// Runs such a command to its end.
    pub(crate) fn run(&self, line: &str) -> Finished {
        self.command(line).run()
    }

    /// Runs such a command with migrations of the test.
    pub(crate) fn run_with(&self, migrations: &Migrations, line: &str) -> Finished {
        self.command(line).migrations(migrations).run()
    }

    /// A command as hints show it: on this database.
    pub(crate) fn hint(&self, call: &Call) -> String {
        let common = Common {
            database_url: Some(self.url()),
            ..Common::default()
        };
        Invocation::of(&common).call(call)
    }

    /// The same, with migrations of the test.
    pub(crate) fn hint_with(&self, migrations: &Migrations, call: &Call) -> String {
        let common = Common {
            database_url: Some(self.url()),
            migrations_dir: Some(migrations.path()),
            ..Common::default()
        };
        Invocation::of(&common).call(call)
    }

    /// The migrations that the tenant's own ledger has, oldest first.
    pub(crate) async fn applied(&self, tenant: &str) -> Vec<String> {
        let sql = format!("SELECT version FROM {tenant}.__diesel_schema_migrations ORDER BY 1");
        self.column(&sql).await
    }
}

impl Deref for Database {
    type Target = TestDatabase;

    fn deref(&self) -> &TestDatabase {
        &self.database
    }
}
