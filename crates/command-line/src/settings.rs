//! The settings of a project, in its `tenants.toml`, as commands use them.
//!
//! An option comes before the environment, that before `.env`, that before this file,
//! and this before a default. Without the file, everything is as if it were empty.
//! What a command uses of it is asked through its [`Context`](crate::Context). The file is
//! read by `tenant-settings`, with which applications read it too.

mod context;
mod defaults;
pub(crate) mod env_place;
mod failure;
mod find;
mod in_force;
mod of_database;
mod of_options;
mod origin;
mod words;

use std::path::{Path, PathBuf};

use tenant_core::MigrationSet;

use crate::Environment;

pub(crate) use context::database_url;
#[cfg(all(unix, feature = "local-postgres"))]
pub(crate) use context::forbids_download;
pub use defaults::matches;
pub use failure::failure;
pub use in_force::{Setting, Values};
pub use origin::Origin;
pub use tenant_settings::{
    DatabaseUrl, Defaults, FILE, Hooks, HooksOn, Lint, Mistake, Names, PathAtRunTime, PerStream,
    Placed, ProjectSettings, RegistryPlace, TableName, Transaction, Written, sql_name,
};

/// Reads the file that `option`, else `TENANTS_CONFIG`, names, else the nearest
/// `tenants.toml`: in the current folder or one above it, up to the root of a git
/// repository.
///
/// # Errors
///
/// A wrong use if the named file does not exist, or if a file cannot be read or has a
/// mistake. Each mistake is named with line and column.
pub fn find_settings(
    option: Option<&Path>,
    environment: &Environment,
) -> anyhow::Result<ProjectSettings> {
    match find::file(option, environment)? {
        Some(file) => ProjectSettings::read(file).map_err(failure),
        None => Ok(ProjectSettings::default()),
    }
}

/// The migrations of all folders as one stream: see [`tenant_settings::read_folders`].
///
/// # Errors
///
/// A wrong use if a folder cannot be read, or if two migrations have the same version and
/// different texts.
pub fn read_folders(folders: &[PathBuf]) -> anyhow::Result<MigrationSet> {
    tenant_settings::read_folders(folders).map_err(failure)
}

/// Where a value of the file comes from.
fn origin(settings: &ProjectSettings, line: usize) -> Origin {
    Origin::Settings(settings.place(line))
}

#[cfg(test)]
mod tests;
