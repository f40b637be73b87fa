//! A project on Diesel as somebody else has it, and a database for it.

use std::ops::Deref;
use std::path::Path;

use test_support::{Command, Finished, Folder, TestDatabase};

/// The migrations of every tenant, oldest first.
pub(crate) const VERSIONS: [&str; 2] = ["20250301000000", "20250302000000"];

/// What the first of them makes, as the Diesel CLI prints it.
pub(crate) const SCHEMA: &str = "diesel::table! {
    boards (id) {
        id -> Int8,
        title -> Text,
        position -> Nullable<Int8>,
    }
}
";

/// The subcommands, as the documentation of this project lists them.
pub(crate) const SUBCOMMANDS: [&str; 32] = [
    "create",
    "list",
    "url",
    "clone",
    "export",
    "import",
    "rename",
    "suspend",
    "resume",
    "drop",
    "adopt",
    "spares",
    "distribute",
    "move",
    "migrate",
    "rollback",
    "generate",
    "schema",
    "lint",
    "squash",
    "accept-edits",
    "health",
    "repair",
    "diff",
    "init",
    "config",
    "studio",
    "stop",
    "completions",
    "man",
    "json-schema",
    "version",
];

/// A project with migrations of tenants, and nothing of this repository.
pub(crate) struct Project {
    pub(crate) folder: Folder,
    pub(crate) database: TestDatabase,
}

impl Deref for Project {
    type Target = TestDatabase;

    fn deref(&self) -> &TestDatabase {
        &self.database
    }
}

impl Project {
    /// With tables in `src/schema.rs`, and a `.env` that names the database.
    pub(crate) async fn new() -> Self {
        let project = Self {
            folder: Folder::new(),
            database: TestDatabase::new().await,
        };
        let url = project.database.url();
        project.file(".env", &format!("DATABASE_URL='{url}'\n"));
        project.file("Cargo.toml", "[package]\nname = \"boards\"\n");
        project.file("diesel.toml", "[print_schema]\nfile = \"src/schema.rs\"\n");
        project.file("src/schema.rs", SCHEMA);
        project.tenant(
            "2025-03-01-000000_boards",
            "CREATE TABLE boards (id BIGINT PRIMARY KEY, title TEXT NOT NULL);",
            "DROP TABLE boards;",
        );
        project.tenant(
            "2025-03-02-000000_position",
            "ALTER TABLE boards ADD COLUMN position BIGINT;",
            "ALTER TABLE boards DROP COLUMN position;",
        );
        project
    }

    /// The same, whose public schema is migrated.
    pub(crate) async fn set_up() -> Self {
        let project = Self::new().await;
        project.run("migrate --public").succeeds();
        project
    }

    /// Writes a file into it.
    pub(crate) fn file(&self, name: &str, text: &str) {
        self.folder.file(name, text);
    }

    /// Adds a migration of tenants.
    pub(crate) fn tenant(&self, name: &str, up: &str, down: &str) {
        self.migration("tenant", name, up, down);
    }

    /// Adds a public migration.
    pub(crate) fn public(&self, name: &str, up: &str) {
        self.migration("public", name, up, "SELECT 'not used';\n");
    }

    fn migration(&self, stream: &str, name: &str, up: &str, down: &str) {
        self.file(&format!("migrations/{stream}/{name}/up.sql"), up);
        self.file(&format!("migrations/{stream}/{name}/down.sql"), down);
    }

    /// A subcommand in the project's folder, with its arguments, divided by spaces.
    pub(crate) fn command(&self, line: &str) -> Command {
        self.folder.command(&format!("tenants {line}"))
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, line: &str) -> Finished {
        self.command(line).run()
    }

    /// Whether there is such a file.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.folder.path().join(name).exists()
    }

    /// What a file has.
    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// The migrations that the tenant's own history has, oldest first.
    pub(crate) async fn applied(&self, tenant: &str) -> Vec<String> {
        let sql = format!("SELECT version FROM {tenant}.__diesel_schema_migrations ORDER BY 1");
        self.column(&sql).await
    }
}

/// The root of this repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
