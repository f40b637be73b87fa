//! Finds the database to work with, and reads a folder of migrations.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use diesel_migrations::{FileBasedMigrations, MigrationError};
use tenant_core::{Database, MigrationSet};

use crate::exit::UsageError;
use crate::hints::Advised;
use crate::migration_folder::{self, Folder};
use crate::{
    Common, Environment, Invocation, Output, ProjectSettings, files, misplaced, own_server,
};

/// The URL of the database: `--database-url`, else `DATABASE_URL`, else what libpq's
/// variables say, else that of the settings, else the project's own server, which is
/// started when it does not run.
///
/// The variables count if one of them names the database, `PGDATABASE` or `PGSERVICE`: a
/// `PGHOST` that is there for another program does not lead to that program's database.
/// What a URL leaves out is taken from them too, except for the project's own server.
///
/// # Errors
///
/// When the project's own server is needed, and there is none or it does not
/// start; a URL, a variable or a file of libpq's that means nothing. A program without a
/// server of its own has to be told a database.
pub async fn find_url(
    common: &Common,
    environment: &Environment,
    settings: &ProjectSettings,
    invocation: &Invocation,
    output: Output,
) -> anyhow::Result<String> {
    let given = common
        .database_url
        .as_ref()
        .or(environment.database_url.as_ref());
    let libpq = &environment.libpq;
    if let Some(url) = given {
        return Ok(libpq.complete(url)?);
    }
    if let Some(named) = libpq.naming_a_database().next() {
        let url = libpq.complete("postgres://")?;
        let database = Database::parse(&url)?;
        output.note(&format!("Working on {database}, as {named} says."));
        return Ok(url);
    }
    if let Some(url) = settings.database_url(output)? {
        return Ok(libpq.complete(&url)?);
    }
    own_server::url(common, environment, settings, invocation, output).await
}

/// The migrations in a folder.
///
/// # Errors
///
/// When it is not there, or holds something else than migrations.
pub fn read_folder(folder: &Path) -> anyhow::Result<MigrationSet> {
    if !files::is_folder(folder).map_err(|error| migration_folder::no_folder(folder, &error))? {
        return Err(anyhow!(UsageError(format!(
            "there is no folder {}",
            folder.display()
        )))
        .context(Advised::new(
            "the migrations cannot be read",
            misplaced::where_they_are(folder),
        )));
    }
    let source = FileBasedMigrations::from_path(PathBuf::from(folder));
    let read = source.map_err(|error| match error {
        MigrationError::UnknownMigrationFormat(path) if let Err(error) = path.read_dir() => {
            migration_folder::no_folder(&path, &error)
        }
        MigrationError::UnknownMigrationFormat(path) => anyhow!(UsageError(format!(
            "{} is no migration: its name must be TIME_WHAT_IT_DOES, as in \
             2026-01-31-120000_add_due_date, and it must contain an up.sql",
            path.display()
        ))),
        error => anyhow!(UsageError(error.to_string())),
    });
    let set = read.and_then(|source| {
        let path = folder.to_owned();
        let set = MigrationSet::from_source(&Folder { source, path })?;
        if set.iter().len() == 0 {
            misplaced::refuse_loose_files(folder)?;
        }
        Ok(set)
    });
    set.with_context(|| format!("the migrations in {} cannot be used", folder.display()))
}
