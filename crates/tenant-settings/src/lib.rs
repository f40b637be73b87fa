//! Opens the tenants that a project's `tenants.toml` describes.
//!
//! The program `tenants` and the commands of this workspace read the same file with this crate. An
//! application therefore names its list of tenants, the names of their schemas, and the schemas
//! behind them only once:
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
//! [`ProjectSettings::read`] reads a file on disk instead, and [`ProjectSettings::open`] also reads
//! the migrations that it names.
//!
//! # What the application does
//!
//! The application chooses the URL. [`ProjectSettings::database_url`] returns the URL of the file,
//! and the crate does not read the environment. `[lint]`, `[schema]`, and the keys `jobs`,
//! `max_failures` and `no_download` of `[defaults]` are for commands. In an application, set `jobs`
//! and `max_failures` for each call: `tenants.migrate().jobs(4)`.

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
pub use keys::KEYS;
pub use loose::refuse_loose_files;
pub use migration_folder::read_folder;
pub use mistake::Mistake;
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
    /// Reads `file`. Paths in it are relative to its folder.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or has a mistake. The error lists each mistake with line and
    /// column.
    pub fn read(file: impl Into<PathBuf>) -> Result<Self, SettingsError> {
        let file = file.into();
        let text = find::text(&file)?;
        Self::of(&text, file)
    }

    /// Reads the text of a compiled-in `tenants.toml`. Paths in it are relative to the current
    /// folder. For compiled-in files, see [`with_file`](Self::with_file).
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

    /// Adds the text of a file that `[hooks]` names, so that it need not be on disk. Give `path` as
    /// in the settings.
    #[must_use]
    pub fn with_file(mut self, path: impl AsRef<Path>, text: impl Into<String>) -> Self {
        let folder = self.folder().unwrap_or(Path::new(""));
        let path = folder.join(path);
        self.texts.insert(path, text.into());
        self
    }

    /// Returns the file that was given to [`read`](Self::read); `None` if there is none.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Returns the folder of the file, which is the folder of the project.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.file.as_deref().and_then(Path::parent)
    }

    /// Returns the values of the file.
    #[must_use]
    pub fn written(&self) -> &Written {
        &self.written
    }

    /// Returns the database of the file.
    #[must_use]
    pub fn database_url(&self) -> Option<&DatabaseUrl> {
        self.written.database_url.as_ref().map(|url| &url.value)
    }

    /// Returns the place of a value for messages, such as `tenants.toml:3`.
    #[must_use]
    pub fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.shown())
    }

    /// Returns a mistake in that line of the file.
    #[must_use]
    pub fn mistake(&self, line: usize, message: impl Into<String>) -> Mistake {
        Mistake::in_line(self.shown(), line, message)
    }

    fn shown(&self) -> String {
        let file = self.file.as_deref().unwrap_or(Path::new(FILE));
        files::shown(file)
    }
}

#[cfg(test)]
mod tests;
