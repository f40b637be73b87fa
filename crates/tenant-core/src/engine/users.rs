//! The sessions that use a tenant's tables.
//!
//! A transaction that has used a table holds a lock on it until it ends, whatever it has done. A
//! transaction that has been begun for the tenant, and has used nothing yet, is not seen.

use sql_text::literal;
use tokio_postgres::Client;

use super::lock_holders::describe;
use crate::name::Schema;
use crate::{Error, LockHolder, PgError};

/// The sessions that are in a transaction that uses a table of `schema`, without the runs of this
/// library and the server's own processes.
///
/// # Errors
///
/// What the server says.
pub(crate) async fn users(client: &Client, schema: Schema<'_>) -> Result<Vec<LockHolder>, Error> {
    let described = describe(client, &users_of(schema)).await;
    let described =
        described.map_err(|error| Error::database("find the sessions of the tenant", error))?;
    Ok(described.into_iter().filter(|one| !one.is_run).collect())
}

/// Ends a session, unless it does not use the schema any more.
///
/// # Errors
///
/// What the server says: that the role may not end it.
pub(crate) async fn end_user(
    client: &Client,
    schema: Schema<'_>,
    user: &LockHolder,
) -> Result<(), Error> {
    let end = format!(
        "SELECT pg_catalog.pg_terminate_backend(w.pid) FROM ({}) w WHERE w.pid = {}",
        users_of(schema),
        user.pid
    );
    let ended = client.simple_query(&end).await;
    let failed = |error| {
        let operation = format!("end the session with process id {}", user.pid);
        Error::database(operation, PgError::from(error))
    };
    ended.map(drop).map_err(failed)
}

/// The process ids of those sessions: `pid`. What a role may not see of another's session is not
/// asked for.
fn users_of(schema: Schema<'_>) -> String {
    format!(
        "SELECT DISTINCT l.pid FROM pg_catalog.pg_locks l \
         JOIN pg_catalog.pg_class c ON c.oid = l.relation \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_stat_activity s ON s.pid = l.pid \
         WHERE n.nspname = {} AND l.locktype = 'relation' AND l.granted \
         AND l.pid <> pg_catalog.pg_backend_pid() \
         AND s.backend_type IS DISTINCT FROM 'autovacuum worker' \
         AND s.backend_type IS DISTINCT FROM 'parallel worker' \
         AND l.database = (SELECT oid FROM pg_catalog.pg_database \
                           WHERE datname = pg_catalog.current_database())",
        literal(schema.schema_name())
    )
}
