//! Finds the database to work with, and reads a folder of migrations.

use std::path::Path;

use tenant_core::{Database, MigrationSet};

use crate::settings::{database_url, failure};
use crate::{Common, Environment, Invocation, Output, ProjectSettings, own_server};

/// The URL of the database: `--database-url`, else `DATABASE_URL`, else what libpq's
/// variables say, else that of the settings, else the project's own server, which is
/// started when it does not run.
///
/// The variables count if one of them names the database, `PGDATABASE` or `PGSERVICE`. A `PGHOST`
/// that is set for another program does not lead to that program's database. Parts that a URL
/// leaves out are taken from the variables too, except for the project's own server.
///
/// # Errors
///
/// When the project's own server is needed, and there is none or it does not start. When a URL, a
/// variable or a file of libpq's is invalid. When a program without its own server was given no
/// database.
pub async fn find_url(
    common: &Common,
    environment: &Environment,
    settings: &ProjectSettings,
    invocation: &Invocation,
    output: Output,
) -> anyhow::Result<String> {
    if let Some(url) = named_url(common, environment, settings, output)? {
        return Ok(url);
    }
    own_server::url(common, environment, settings, invocation, output).await
}

/// The same, if an option, a variable or the settings name the database.
///
/// # Errors
///
/// A URL, a variable or a file of libpq's that means nothing.
pub(crate) fn named_url(
    common: &Common,
    environment: &Environment,
    settings: &ProjectSettings,
    output: Output,
) -> anyhow::Result<Option<String>> {
    let given = common
        .database_url
        .as_ref()
        .or(environment.database_url.as_ref());
    let libpq = &environment.libpq;
    if let Some(url) = given {
        return Ok(Some(libpq.complete(url)?));
    }
    if let Some(named) = libpq.naming_a_database().next() {
        let url = libpq.complete(FROM_VARIABLES)?;
        let database = Database::parse(&url)?;
        output.note(&format!("Using {database}, as {named} says."));
        return Ok(Some(url));
    }
    match database_url(settings, output)? {
        Some(url) => Ok(Some(libpq.complete(&url)?)),
        None => Ok(None),
    }
}

/// A URL that leaves everything to libpq's variables.
pub(crate) const FROM_VARIABLES: &str = "postgres://";

/// The migrations in a folder: see [`tenant_settings::read_folder`].
///
/// # Errors
///
/// A wrong use when it is not there, or holds something else than migrations.
pub fn read_folder(folder: &Path) -> anyhow::Result<MigrationSet> {
    tenant_settings::read_folder(folder).map_err(failure)
}
