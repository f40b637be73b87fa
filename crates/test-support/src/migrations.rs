//! Migrations of a test's own, for `--migrations-dir`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Folder;

/// The project's own migrations, which are compiled into the commands.
const OURS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");

/// The versions of the project's own tenant migrations, oldest first.
pub const OUR_VERSIONS: [&str; 2] = ["20260101000000", "20260102000000"];

/// A folder with `public/` and `tenant/` migrations.
#[derive(Debug)]
pub struct Migrations(Folder);

impl Migrations {
    /// The project's own, to which more can be added.
    pub fn ours() -> Self {
        let this = Self(Folder::new());
        for stream in ["public", "tenant"] {
            copy(&Path::new(OURS).join(stream), &this.path().join(stream));
        }
        this
    }

    /// The project's own public ones, and no tenant migration yet.
    pub fn none_for_tenants() -> Self {
        let this = Self::ours();
        fs::remove_dir_all(this.path().join("tenant")).unwrap();
        fs::create_dir(this.path().join("tenant")).unwrap();
        this
    }

    /// Where they are.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.0.path().to_path_buf()
    }

    /// Adds a tenant migration, or writes it anew.
    pub fn tenant(self, name: &str, up: &str) -> Self {
        self.write("tenant", name, up)
    }

    /// Adds a tenant migration that runs outside a transaction.
    pub fn outside_transaction(self, name: &str, up: &str) -> Self {
        let metadata = format!("tenant/{name}/metadata.toml");
        self.0.file(&metadata, "run_in_transaction = false\n");
        self.write("tenant", name, up)
    }

    /// The same, whose tenant migration `name` is reverted by `down`.
    pub fn back(self, name: &str, down: &str) -> Self {
        self.0.file(&format!("tenant/{name}/down.sql"), down);
        self
    }

    /// Adds a public migration.
    pub fn public(self, name: &str, up: &str) -> Self {
        self.write("public", name, up)
    }

    fn write(self, stream: &str, name: &str, up: &str) -> Self {
        self.0.file(&format!("{stream}/{name}/up.sql"), up);
        self.0
            .file(&format!("{stream}/{name}/down.sql"), "SELECT 'not used';\n");
        self
    }
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
