//! Finds the database and the migrations to work with.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use diesel_migrations::{FileBasedMigrations, MigrationError};
use local_postgres::{Options, ProjectServer, Startup};
use tenant_core::MigrationSet;

use crate::exit::UsageError;
use crate::invocation::Action;
use crate::migration_folder::{self, Folder};
use crate::{Common, Environment, Invocation, Output, ProjectSettings, files, project};

/// The URL of the database: `--database-url`, else `DATABASE_URL`, else that of the
/// settings, else the project's own server, which is started when it does not run.
///
/// # Errors
///
/// When the project's own server is needed, and there is none or it does not
/// start.
pub async fn find_url(
    common: &Common,
    environment: &Environment,
    settings: &ProjectSettings,
    output: Output,
) -> anyhow::Result<String> {
    let given = common
        .database_url
        .as_ref()
        .or(environment.database_url.as_ref());
    if let Some(url) = given {
        return Ok(url.clone());
    }
    if let Some(url) = settings.database_url(environment, output)? {
        return Ok(url);
    }
    let server = project_server(common, environment, settings, output)?;
    let started = tokio::task::spawn_blocking(move || server.ensure_running()).await??;
    match started.outcome {
        Startup::AlreadyRunning => {}
        Startup::Started => output.note("Started the project's own PostgreSQL server."),
        Startup::Created => output.note(&format!(
            "Created the project's own PostgreSQL server in .postgres/ and started it \
             (`{}` stops it).",
            Invocation::of(common).call(Action::StopServer)
        )),
    }
    // Nobody logs in there with a password, so the whole URL can be shown.
    output.detail(&format!("the project's own server: {}", started.url));
    Ok(started.url)
}

/// The server in `.postgres/` of the project whose folder this is, or one of
/// those above. Nothing is started yet.
///
/// # Errors
///
/// [`NoProject`](project::NoProject) when there is none.
pub fn project_server(
    common: &Common,
    environment: &Environment,
    settings: &ProjectSettings,
    output: Output,
) -> anyhow::Result<ProjectServer> {
    let project = project::folder(settings)?;
    let options = Options {
        binaries: environment.pg_bin.clone(),
        allow_download: !common.no_download && !settings.forbids_download(),
        announce: Box::new(move |text| output.note(text)),
        ..Options::default()
    };
    Ok(ProjectServer::new(&project, options))
}

/// The migrations in a folder.
///
/// # Errors
///
/// When it is not there, or holds something else than migrations.
pub fn read_folder(folder: &Path) -> anyhow::Result<MigrationSet> {
    if !files::is_folder(folder).map_err(|error| migration_folder::no_folder(folder, &error))? {
        return Err(anyhow!(UsageError(format!(
            "there is no folder {} (--migrations-dir names a folder with `public` and `tenant` in it)",
            folder.display()
        ))));
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
        Ok(MigrationSet::from_source(&Folder { source, path })?)
    });
    set.with_context(|| format!("the migrations in {} cannot be used", folder.display()))
}
