//! Work in a tenant, on a connection of diesel-async.

use diesel::connection::CacheSize;
use diesel::result::Error;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncPgConnection, SimpleAsyncConnection,
    TransactionManager,
};

use crate::mark::Mark;
use crate::{Refusal, TenantPath};

/// Runs `work` in a transaction in the tenant, commits it if `work` returns `Ok`, and rolls
/// it back if `work` returns `Err`.
///
/// A pooled connection derefs to the parameter type: `in_tenant(&mut connection, &path, ...)`. The
/// call adds three round trips: begin, check, commit.
///
/// The call first empties Diesel's cache of prepared statements
/// ([`TenantPath::keeping_statements`]). It cannot empty Diesel's cache of the OIDs of custom
/// types. If every tenant has its own enum, give the enum the OID 0 (`tenant_core::tenant_enum!`).
///
/// A pooler in transaction mode must support prepared statements, as PgBouncer does since 1.21.
/// With an older pooler, a query can run as another program's query.
///
/// # Errors
///
/// The error of `work`, or Diesel's:
/// - [`Error::AlreadyInTransaction`] if the connection is in a transaction.
/// - What [`Refusal::of`] finds if the path does not resolve or was changed, or `work` ended
///   the transaction itself or left an inner one open. The last two are not for the next
///   user: a pool of diesel-async closes a connection whose inner transaction is open.
/// - The error of the server, such as a deferred constraint at the commit, or a query that
///   failed before although `work` returned `Ok`.
///
/// # When the future is dropped
///
/// The connection stays in the transaction. bb8 closes such a connection when it is returned.
/// deadpool closes it before its next use, or at once with `in_tenant_of`. The running query
/// continues until the server notices the closed connection. Nothing is committed.
pub async fn in_tenant<T, E, W>(
    connection: &mut AsyncPgConnection,
    path: &TenantPath,
    work: W,
) -> Result<T, E>
where
    E: From<Error>,
    W: AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, E>,
{
    let mark = begin(connection, path).await?;
    let worked = work(connection).await;
    let depth = depth(connection)?;
    if depth != 1 {
        // Diesel's count is not the server's any more. It stays wrong, so that a pool closes
        // the connection; its locks are released now.
        let rolled_back = connection.batch_execute("ROLLBACK").await;
        worked?;
        rolled_back?;
        return Err(Refusal::at_depth(depth, path).into());
    }
    match worked {
        Ok(value) => Ok(commit(connection, path, mark).await.map(|()| value)?),
        Err(error) => {
            // The error of the work is the one to know.
            roll_back(connection).await.ok();
            Err(error)
        }
    }
}

async fn begin(connection: &mut AsyncPgConnection, path: &TenantPath) -> Result<Mark, Error> {
    let mark = Mark::new();
    let message = format!("BEGIN; {}", mark.enter(path));
    if depth(connection)? != 0 {
        return Err(Error::AlreadyInTransaction);
    }
    if !path.keeps_statements_prepared() {
        connection.set_prepared_statement_cache_size(CacheSize::Disabled);
        connection.set_prepared_statement_cache_size(CacheSize::Unbounded);
    }
    match AnsiTransactionManager::begin_transaction_sql(connection, &message).await {
        Ok(()) => Ok(mark),
        Err(error) => {
            connection.batch_execute("ROLLBACK").await.ok();
            Err(Refusal::at_begin(error, path))
        }
    }
}

async fn commit(
    connection: &mut AsyncPgConnection,
    path: &TenantPath,
    mark: Mark,
) -> Result<(), Error> {
    if let Err(error) = connection.batch_execute(&mark.leave(path)).await {
        roll_back(connection).await.ok();
        return Err(Refusal::at_end(error, path));
    }
    AnsiTransactionManager::commit_transaction(connection).await
}

async fn roll_back(connection: &mut AsyncPgConnection) -> Result<(), Error> {
    AnsiTransactionManager::rollback_transaction(connection).await
}

/// How many transactions Diesel has begun, one inside the other.
pub(crate) fn depth(connection: &mut AsyncPgConnection) -> Result<u32, Error> {
    let status = AnsiTransactionManager::transaction_manager_status_mut(connection);
    Ok(status.transaction_depth()?.map_or(0, u32::from))
}
