//! No server: what is said where one would be started.

use crate::hints::Advised;
use crate::{Common, Environment, Invocation, Output, ProjectSettings};

/// Nothing else names a database, and this program has no server.
#[derive(Debug, thiserror::Error)]
#[error("no database is named, and this program was built without its own PostgreSQL server")]
struct NoServer;

/// Refuses, because the program has no server to name.
///
/// # Errors
///
/// Always.
pub(crate) async fn url(
    _: &Common,
    _: &Environment,
    _: &ProjectSettings,
    _: &Invocation,
    _: Output,
) -> anyhow::Result<String> {
    Err(anyhow::Error::new(NoServer).context(Advised::new(
        "found no database",
        "Name one with --database-url, with DATABASE_URL in the environment or in .env, or in \
         tenants.toml.",
    )))
}

/// Whether it is what [`url`] says.
pub(crate) fn is_its_error(error: &anyhow::Error) -> bool {
    error.is::<NoServer>()
}
