//! Diesel's migrations in a folder, whose errors name the file.
//!
//! Diesel takes a `metadata.toml` that it cannot read, or a link that leads nowhere in
//! the place of a `down.sql`, for one that is not there, and its errors do not say where
//! the file is. So each file is looked at here before Diesel reads it.

use std::fmt;
use std::path::{Path, PathBuf};

use diesel::connection::BoxableConnection;
use diesel::migration::{self, Migration, MigrationMetadata, MigrationName, MigrationSource};
use diesel::pg::Pg;
use diesel_migrations::{FileBasedMigrations, MigrationError};
use serde::Deserialize;
use tenant_core::MigrationSet;

use crate::SettingsError;
use crate::files::{is_folder, is_special, read_if_there};
use crate::loose::refuse_loose_files;

/// The migrations in a folder.
///
/// # Errors
///
/// If the folder does not exist, or holds something else than migrations.
pub fn read_folder(folder: &Path) -> Result<MigrationSet, SettingsError> {
    if !is_folder(folder).map_err(|error| no_folder(folder, &error))? {
        return Err(SettingsError::NoFolder(folder.to_owned()));
    }
    let source = FileBasedMigrations::from_path(PathBuf::from(folder));
    let read = source.map_err(|error| match error {
        MigrationError::UnknownMigrationFormat(path) if let Err(error) = path.read_dir() => {
            no_folder(&path, &error)
        }
        MigrationError::UnknownMigrationFormat(path) => SettingsError::Unusable(format!(
            "{} is not a migration: expected a folder TIME_WHAT_IT_DOES, such as \
             2026-01-31-120000_add_due_date, with an up.sql",
            path.display()
        )),
        error => SettingsError::Unusable(error.to_string()),
    });
    let set = read.and_then(|source| {
        let path = folder.to_owned();
        let set = MigrationSet::from_source(&Folder { source, path })?;
        if set.iter().len() == 0 {
            refuse_loose_files(folder)?;
        }
        Ok(set)
    });
    set.map_err(|error| {
        let folder = folder.display();
        error.of_migrations(format!("could not use the migrations in {folder}"))
    })
}

/// The migrations in a folder.
struct Folder {
    /// As Diesel sees them.
    source: FileBasedMigrations,
    /// Where they are.
    path: PathBuf,
}

impl MigrationSource<Pg> for Folder {
    fn migrations(&self) -> migration::Result<Vec<Box<dyn Migration<Pg>>>> {
        let found = MigrationSource::<Pg>::migrations(&self.source)?;
        let located = found.into_iter().map(|migration| {
            let path = self.path.join(migration.name().to_string());
            require_metadata(&path.join("metadata.toml"))?;
            Ok(Box::new(Located { migration, path }) as Box<dyn Migration<Pg>>)
        });
        located.collect()
    }
}

/// A migration whose folder is known.
struct Located {
    migration: Box<dyn Migration<Pg>>,
    path: PathBuf,
}

impl Migration<Pg> for Located {
    fn run(&self, connection: &mut dyn BoxableConnection<Pg>) -> migration::Result<()> {
        require_readable(&self.path.join("up.sql"))?;
        self.migration.run(connection)
    }

    fn revert(&self, connection: &mut dyn BoxableConnection<Pg>) -> migration::Result<()> {
        require_readable(&self.path.join("down.sql"))?;
        self.migration.revert(connection)
    }

    fn metadata(&self) -> &dyn MigrationMetadata {
        self.migration.metadata()
    }

    fn name(&self) -> &dyn MigrationName {
        self.migration.name()
    }
}

/// An existing file that cannot be used.
#[derive(Debug)]
struct Unusable {
    file: PathBuf,
    reason: String,
}

impl fmt::Display for Unusable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.file.display(), self.reason)
    }
}

impl std::error::Error for Unusable {}

/// Refuses an existing file that cannot be read. Diesel decides whether the file is required.
fn require_readable(file: &Path) -> Result<(), Unusable> {
    read(file).map(drop)
}

fn read(file: &Path) -> Result<Option<String>, Unusable> {
    if is_special(file) {
        return Err(Unusable {
            file: file.to_owned(),
            reason: "it is not a regular file".to_owned(),
        });
    }
    read_if_there(file).map_err(|error| Unusable {
        file: file.to_owned(),
        reason: error.to_string(),
    })
}

/// What Diesel wants of the file.
#[derive(Deserialize)]
struct Metadata {
    /// Without it, Diesel runs the migration outside a transaction.
    #[serde(rename = "run_in_transaction", default)]
    _run_in_transaction: bool,
}

/// Refuses a file that cannot be parsed, which Diesel would ignore. The migration would then run in
/// a transaction against the author's intention.
fn require_metadata(file: &Path) -> Result<(), Unusable> {
    let Some(text) = read(file)? else {
        return Ok(());
    };
    let understood = toml::from_str::<Metadata>(&text).map(drop);
    understood.map_err(|error| Unusable {
        file: file.to_owned(),
        reason: error.message().to_owned(),
    })
}

/// What is said of a folder that cannot be read.
pub(crate) fn no_folder(folder: &Path, error: &std::io::Error) -> SettingsError {
    SettingsError::Unusable(format!(
        "could not read the folder {}: {error}",
        folder.display()
    ))
}
