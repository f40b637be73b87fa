//! A database of the test's own, and commands that work on it.

use std::any::Any;

use command_line::{Common, Invocation};
use tenant_core::remedy::Command as Call;
use tenant_core::{MigrationSet, Migrations};
use tenant_testing::{ScratchDatabase, Template, TestDatabase};
use test_support::{Command, Finished, Folder};

/// The migrations that the commands have compiled in.
static TEMPLATE: Template = Template::new(|| Migrations {
    public: MigrationSet::from_source(&schema_public::MIGRATIONS).unwrap(),
    tenant: MigrationSet::from_source(&schema_tenant::MIGRATIONS).unwrap(),
});

/// A database, and a folder to run commands in. Every command is given its URL.
pub(crate) struct Database {
    url: String,
    pub(crate) folder: Folder,
    /// The database, which is dropped with the value.
    _kept: Box<dyn Any>,
}

impl Database {
    /// A database with nothing in it.
    pub(crate) async fn empty() -> Self {
        let database = ScratchDatabase::new().await;
        Self {
            url: database.url(),
            folder: Folder::new(),
            _kept: Box::new(database),
        }
    }

    /// A database whose public schema is migrated.
    pub(crate) async fn set_up() -> Self {
        Self::of(TEMPLATE.database().await)
    }

    /// A database with one tenant.
    pub(crate) async fn with_tenant(name: &str) -> Self {
        let database = TEMPLATE.database().await;
        database.tenant(name).await;
        Self::of(database)
    }

    fn of(database: TestDatabase) -> Self {
        Self {
            url: database.url(),
            folder: Folder::new(),
            _kept: Box::new(database),
        }
    }

    /// A command on this database: its name and its arguments, divided by spaces.
    pub(crate) fn command(&self, line: &str) -> Command {
        let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
        let command = self.folder.command(name).on(&self.url);
        command.args(arguments.split_whitespace())
    }

    /// A command as hints show it: on this database.
    pub(crate) fn hint(&self, call: &Call) -> String {
        let common = Common {
            database_url: Some(self.url.clone()),
            ..Common::default()
        };
        Invocation::of(&common).call(call)
    }

    /// Runs such a command to its end.
    pub(crate) fn run(&self, line: &str) -> Finished {
        self.command(line).run()
    }
}
