//! The migrations on the disk, of both streams, as commands read them.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use tenant_core::{MigrationSet, Migrations};
use tenant_settings::read_streams;

use crate::exit::UsageError;
use crate::hints::Advised;
use crate::project::{self, NoProject};
use crate::settings::{ProjectSettings, failure};

pub use tenant_settings::StreamFolder;

/// Reads the migrations of both streams: those in `migrations_dir`, as `--migrations-dir`
/// has it, else those of the project around the current folder.
///
/// # Errors
///
/// A wrong use when there is no project, no folder with migrations of tenants, or when the
/// migrations cannot be used.
pub fn read(
    settings: &ProjectSettings,
    migrations_dir: Option<&Path>,
) -> anyhow::Result<Migrations> {
    let folder = match migrations_dir {
        Some(_) => PathBuf::new(),
        None => project::folder(settings).map_err(no_migrations)?,
    };
    read_streams(settings, &folder, migrations_dir).map_err(failure)
}

/// The folder of a stream: see [`tenant_settings::folder_of`].
///
/// # Errors
///
/// A wrong use when the configuration cannot be read.
pub fn folder_of(
    settings: &ProjectSettings,
    project: &Path,
    stream: &str,
    migrations_dir: Option<&Path>,
) -> anyhow::Result<StreamFolder> {
    tenant_settings::folder_of(settings, project, stream, migrations_dir).map_err(failure)
}

/// The migrations of a public stream, with `own`, which make the library's own tables. What
/// both have counts once.
///
/// # Errors
///
/// As [`public_alone`]. A wrong use too when one has the version of one of the library's.
pub fn public(own: MigrationSet, folder: &StreamFolder) -> anyhow::Result<MigrationSet> {
    tenant_settings::public(own, folder).map_err(failure)
}

/// The migrations of the project's public stream; none if no setting says that it has any.
///
/// # Errors
///
/// A usage error when they cannot be used.
pub fn public_alone(folder: &StreamFolder) -> anyhow::Result<MigrationSet> {
    tenant_settings::public_alone(folder).map_err(failure)
}

/// Refuses a folder without migrations that has SQL files as other programs name them.
///
/// # Errors
///
/// A wrong use that names one of the files.
pub fn refuse_loose_files(folder: &Path) -> anyhow::Result<()> {
    tenant_settings::refuse_loose_files(folder).map_err(failure)
}

/// Outside a project it is not the database that is missing.
fn no_migrations(error: anyhow::Error) -> anyhow::Error {
    if !error.is::<NoProject>() {
        return error;
    }
    anyhow!(UsageError(error.to_string())).context(Advised::new(
        "found no migrations",
        "Run the command in the project's folder, or name the folder of the migrations with \
         --migrations-dir. It contains a folder `tenant` and, for public migrations, a folder \
         `public`.",
    ))
}
