//! A project in a folder, and customers in its database.

use std::path::PathBuf;

use tenant_core::Tenants;
use tenant_settings::{ProjectSettings, SettingsError};
use test_support::TestDatabase;

/// A `tenants.toml` of an application with its own list of customers.
pub(crate) const TEXT: &str = r#"
[registry]
query = "SELECT slug AS name FROM public.customers"
[names]
schema = "org_{name}"
allow = "[a-z][a-z0-9-]*"
[path]
behind = ["public"]
[hooks]
seed = ["sql/seed.sql"]
[defaults]
lock_timeout = "250ms"
wait = "0"
transaction = "migration"
"#;

pub(crate) const SEED: &str = "INSERT INTO notes (text) VALUES ('for ' || {name})";

pub(crate) struct Project {
    pub(crate) database: TestDatabase,
    folder: tempfile::TempDir,
}

impl Project {
    /// A project with this file and the migrations of both streams.
    pub(crate) async fn new(text: &str) -> Self {
        let project = Self {
            database: TestDatabase::new().await,
            folder: tempfile::tempdir().unwrap(),
        };
        project.file("tenants.toml", text);
        project.file("sql/seed.sql", SEED);
        project.file(
            "migrations/public/2025-06-01-000000_customers/up.sql",
            "CREATE TABLE public.customers (slug TEXT PRIMARY KEY);",
        );
        project.file(
            "migrations/tenant/2026-01-01-000000_notes/up.sql",
            "CREATE TABLE notes (text TEXT NOT NULL);",
        );
        project
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn settings(&self) -> Result<ProjectSettings, SettingsError> {
        ProjectSettings::read(self.path("tenants.toml"))
    }

    /// Opens the tenants with the migrations on the disk.
    pub(crate) async fn open(&self) -> Result<Tenants, SettingsError> {
        self.settings()?.open(&self.database.url()).await
    }
}
