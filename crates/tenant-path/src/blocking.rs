//! Work in a tenant, on a synchronous connection of Diesel.

use diesel::connection::{CacheSize, Connection, TransactionManager};
use diesel::pg::Pg;
use diesel::result::Error;

use crate::mark::Mark;
use crate::{Refusal, TenantPath};

/// How this connection does transactions.
type Manager<C> = <C as Connection>::TransactionManager;

/// Runs `work` in a transaction in the tenant, commits it if `work` returns `Ok`, and rolls
/// it back if `work` returns `Err`.
///
/// The call accepts every synchronous connection to PostgreSQL: `PgConnection`, which needs libpq,
/// diesel-async's `AsyncConnectionWrapper`, which does not, and r2d2's connections of either type.
/// It adds four round trips.
///
/// The call first empties Diesel's cache of prepared statements
/// ([`TenantPath::keeping_statements`]). It cannot empty Diesel's cache of the OIDs of custom
/// types. If every tenant has its own enum, give the enum the OID 0 (`tenant_core::tenant_enum!`).
///
/// # Errors
///
/// The error of `work`, or Diesel's:
/// - [`Error::AlreadyInTransaction`] if the connection is in a transaction.
/// - What [`Refusal::of`] finds if the path does not resolve or was changed, or `work` ended
///   the transaction itself or left an inner one open.
/// - The error of the server, such as a deferred constraint at the commit, or a query that
///   failed before although `work` returned `Ok`.
pub fn in_tenant_sync<C, T, E>(
    connection: &mut C,
    path: &TenantPath,
    work: impl FnOnce(&mut C) -> Result<T, E>,
) -> Result<T, E>
where
    C: Connection<Backend = Pg>,
    E: From<Error>,
{
    let mark = begin(connection, path)?;
    let worked = work(connection);
    let depth = depth(connection)?;
    if depth != 1 {
        // Diesel's count is not the server's any more. It stays wrong, so that a pool closes
        // the connection; its locks are released now.
        let rolled_back = connection.batch_execute("ROLLBACK");
        worked?;
        rolled_back?;
        return Err(Refusal::at_depth(depth, path).into());
    }
    match worked {
        Ok(value) => Ok(commit(connection, path, mark).map(|()| value)?),
        Err(error) => {
            // The error of the work is the one to know.
            Manager::<C>::rollback_transaction(connection).ok();
            Err(error)
        }
    }
}

fn begin<C: Connection<Backend = Pg>>(
    connection: &mut C,
    path: &TenantPath,
) -> Result<Mark, Error> {
    let mark = Mark::new();
    if depth(connection)? != 0 {
        return Err(Error::AlreadyInTransaction);
    }
    if !path.keeps_statements_prepared() {
        connection.set_prepared_statement_cache_size(CacheSize::Disabled);
        connection.set_prepared_statement_cache_size(CacheSize::Unbounded);
    }
    Manager::<C>::begin_transaction(connection)?;
    if let Err(error) = connection.batch_execute(&mark.enter(path)) {
        Manager::<C>::rollback_transaction(connection).ok();
        return Err(Refusal::at_begin(error, path));
    }
    Ok(mark)
}

fn commit<C: Connection<Backend = Pg>>(
    connection: &mut C,
    path: &TenantPath,
    mark: Mark,
) -> Result<(), Error> {
    if let Err(error) = connection.batch_execute(&mark.leave(path)) {
        Manager::<C>::rollback_transaction(connection).ok();
        return Err(Refusal::at_end(error, path));
    }
    Manager::<C>::commit_transaction(connection)
}

/// How many transactions Diesel has begun, one inside the other.
pub(crate) fn depth<C: Connection>(connection: &mut C) -> Result<u32, Error> {
    let status = Manager::<C>::transaction_manager_status_mut(connection);
    Ok(status.transaction_depth()?.map_or(0, u32::from))
}
