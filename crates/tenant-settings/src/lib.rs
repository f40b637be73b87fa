//! Opens the tenants that a project's `tenants.toml` describes.
//!
//! The program `tenants` and the commands of this workspace read the same file with this
//! crate. So an application says only once where its tenants are listed, what their schemas
//! are called, and what is behind them in the search path:
//!
//! ```no_run
//! # use diesel_migrations::{EmbeddedMigrations, embed_migrations};
//! use tenant_settings::{ProjectSettings, Public, Tenant};
//!
//! # const PUBLIC: EmbeddedMigrations = embed_migrations!("../tenant-core/migrations");
//! # const TENANT: EmbeddedMigrations = embed_migrations!("../tenant-core/migrations");
//! # async fn open(url: &str) -> Result<(), tenant_settings::SettingsError> {
//! // In an application: `include_str!("../tenants.toml")`.
//! let settings = ProjectSettings::parse("names = { schema = 'org_{name}' }")?;
//! let tenants = settings.open_with(url, Public(PUBLIC), Tenant(TENANT)).await?;
//! let rows = tenants.list().await?;
//! # Ok(())
//! # }
//! ```
//!
//! [`ProjectSettings::read`] reads a file of the disk instead, and
//! [`ProjectSettings::open`] the migrations that it names.
//!
//! # What is left to others
//!
//! The URL is the application's: [`ProjectSettings::database_url`] is what the file says of
//! it, and the environment is not read. `[lint]`, `[schema]`, and of `[defaults]` the keys
//! `jobs`, `max_failures` and `no_download` are for commands. In an application,
//! `jobs` and `max_failures` belong to each call: `tenants.migrate().jobs(4)`.

mod duration;
mod error;
#[doc(hidden)]
pub mod files;
mod find;
mod folders;
mod keys;
mod loose;
mod migration_folder;
mod mistake;
mod nearest;
mod object;
mod open;
mod placed;
mod read;
mod reader;
mod streams;
mod table_name;
mod tenants;
mod value;
mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use duration::{parse as parse_duration, text as duration_text};
pub use error::SettingsError;
pub use find::{FILE, nearest};
pub use folders::read_folders;
pub use loose::refuse_loose_files;
pub use migration_folder::read_folder;
pub use object::object_name;
pub use open::HooksOn;
pub use placed::{PerStream, Placed};
pub use streams::{StreamFolder, folder_of, public, public_alone, read_streams};
pub use table_name::{TableName, sql_name};
pub use tenants::{Public, Tenant};
pub use written::{
    DatabaseUrl, Defaults, Hooks, Lint, Names, PathAtRunTime, RegistryPlace, Transaction, Written,
};

/// The settings of a project. The default is a project without the file.
#[derive(Debug, Clone, Default)]
pub struct ProjectSettings {
    file: Option<PathBuf>,
    written: Written,
    /// The texts of files that need not be on the disk, by their paths.
    texts: BTreeMap<PathBuf, String>,
}

impl ProjectSettings {
    /// Reads `file`. Paths in it start at its folder.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or has a mistake. Each mistake is named with line and
    /// column.
    pub fn read(file: impl Into<PathBuf>) -> Result<Self, SettingsError> {
        let file = file.into();
        let text = find::text(&file)?;
        Self::of(&text, file)
    }

    /// Reads the text of a `tenants.toml` that is compiled in. Paths in it start at the
    /// current folder; for a file that is compiled in too, see
    /// [`with_file`](Self::with_file).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        Self::of(text, PathBuf::from(FILE))
    }

    fn of(text: &str, file: PathBuf) -> Result<Self, SettingsError> {
        Ok(Self {
            written: read::settings(text, &file)?,
            file: Some(file),
            texts: BTreeMap::new(),
        })
    }

    /// The same with the text of a file that `[hooks]` names, so that it need not be on the
    /// disk: `path` as the settings have it.
    #[must_use]
    pub fn with_file(mut self, path: impl AsRef<Path>, text: impl Into<String>) -> Self {
        let folder = self.folder().unwrap_or(Path::new(""));
        let path = folder.join(path);
        self.texts.insert(path, text.into());
        self
    }

    /// The file, as it was given to [`read`](Self::read); `None` if there is none.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The folder of the file, which is the project's.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.file.as_deref().and_then(Path::parent)
    }

    /// What the file says.
    #[must_use]
    pub fn written(&self) -> &Written {
        &self.written
    }

    /// What the file says of the database.
    #[must_use]
    pub fn database_url(&self) -> Option<&DatabaseUrl> {
        self.written.database_url.as_ref().map(|url| &url.value)
    }

    /// The place of a value for messages, as in `tenants.toml:3`.
    #[must_use]
    pub fn place(&self, line: usize) -> String {
        let file = self.file.as_deref().unwrap_or(Path::new(FILE));
        format!("{}:{line}", files::shown(file))
    }
}

#[cfg(test)]
mod tests;
