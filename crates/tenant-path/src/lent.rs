//! What clears the connections of a pool of deadpool.

use deadpool::managed::{Hook, HookError, Manager, Object};
use diesel::result::Error;
use diesel_async::pooled_connection::PoolError;
use diesel_async::{
    AnsiTransactionManager, AsyncPgConnection, SimpleAsyncConnection, TransactionManager,
};

use crate::asynchronous::{depth, in_tenant};
use crate::notifications::discard_notifications;
use crate::{Clearing, TenantPath};

/// Returns a hook that clears each connection before the pool lends it again. Use it as
/// `pre_recycle` of the pool's builder.
///
/// The hook closes a connection that was returned during a transaction. deadpool does not check a
/// connection when it is returned, so such a transaction keeps its locks until the next request.
/// [`in_tenant_of`] closes it at once.
///
/// After the hook, the manager's own recycling check runs. Its settings are kept.
pub fn clear_before_use<M>(clearing: &Clearing) -> Hook<M>
where
    M: Manager<Type = AsyncPgConnection, Error = PoolError>,
{
    let message = clearing.message();
    Hook::async_fn(move |connection: &mut AsyncPgConnection, _| {
        let message = message.clone();
        Box::pin(async move {
            if is_in_the_middle(connection) {
                return Err(HookError::message(
                    "returned in the middle of a transaction",
                ));
            }
            // Another depth is that of Diesel's test transaction.
            if depth(connection).map_err(failed)? == 0 {
                connection.batch_execute(&message).await.map_err(failed)?;
                discard_notifications(connection);
            }
            Ok(())
        })
    })
}

fn failed(error: Error) -> HookError<PoolError> {
    HookError::Backend(PoolError::QueryError(error))
}

fn is_in_the_middle(connection: &mut AsyncPgConnection) -> bool {
    AnsiTransactionManager::is_broken_transaction_manager(connection)
}

/// Runs `work` in the tenant as [`in_tenant`] does, and returns the connection to its pool. If the
/// future is dropped while it runs, or if `work` panics or leaves an inner transaction open, the
/// connection is closed and its place in the pool is free at once.
///
/// # Errors
///
/// Those of [`in_tenant`].
pub async fn in_tenant_of<M, T, E, W>(object: Object<M>, path: &TenantPath, work: W) -> Result<T, E>
where
    M: Manager<Type = AsyncPgConnection>,
    E: From<Error>,
    W: AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, E>,
{
    let mut lent = Lent(Some(object));
    match lent.0.as_deref_mut() {
        Some(connection) => in_tenant(connection, path, work).await,
        None => Err(Error::BrokenTransactionManager.into()),
    }
}

/// Closes the connection if it is dropped in the middle of a transaction.
struct Lent<M: Manager<Type = AsyncPgConnection>>(Option<Object<M>>);

impl<M: Manager<Type = AsyncPgConnection>> Drop for Lent<M> {
    fn drop(&mut self) {
        if let Some(mut object) = self.0.take()
            && is_in_the_middle(&mut object)
        {
            drop(Object::take(object));
        }
    }
}
