//! Diesel queries that see one tenant's tables only.

use diesel::QueryResult;
use diesel::connection::CacheSize;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncPgConnection, SimpleAsyncConnection,
    TransactionManager,
};
use thiserror::Error;

use crate::TenantName;
use crate::path::{ExtensionsSchema, Path};
use crate::sql::{Schema, literal};

/// Runs `work` in a transaction in which unqualified names are looked up in the
/// schema of the tenant `name` alone (and in `extensions`, if given).
///
/// The path ends with the transaction, so the connection can go back to a pool,
/// also one like PgBouncer's in transaction mode. What `work` did is committed
/// when it returns `Ok`, and rolled back otherwise.
///
/// ```no_run
/// # use tenant_core::{Database, ScopeError, in_tenant};
/// # use diesel_async::RunQueryDsl;
/// # async fn example(connection: &mut diesel_async::AsyncPgConnection) -> Result<(), ScopeError> {
/// let acme = "acme_corp".parse().expect("a good name");
/// let rows = in_tenant(connection, &acme, None, async |connection| {
///     diesel::sql_query("DELETE FROM dummy_table").execute(connection).await
/// })
/// .await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`ScopeError::NoSchema`] when the tenant has no schema, before any query of
/// `work` has run; [`ScopeError::InTransaction`] on a connection that is in a
/// transaction; otherwise what `work` returns.
pub async fn in_tenant<R>(
    connection: &mut AsyncPgConnection,
    name: &TenantName,
    extensions: Option<&ExtensionsSchema>,
    work: impl AsyncFnOnce(&mut AsyncPgConnection) -> QueryResult<R>,
) -> Result<R, ScopeError> {
    // Plans and result types of prepared statements belong to the tenant they
    // were made for.
    connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    connection.set_prepared_statement_cache_size(CacheSize::Unbounded);
    begin(connection, name, extensions).await?;
    match work(connection).await {
        Ok(result) => {
            AnsiTransactionManager::commit_transaction(connection).await?;
            Ok(result)
        }
        Err(error) => {
            AnsiTransactionManager::rollback_transaction(connection).await?;
            Err(error.into())
        }
    }
}

/// Why [`in_tenant`] did not do its work.
#[derive(Debug, Error)]
pub enum ScopeError {
    /// The tenant has no schema, or the schema for extensions is missing.
    #[error("the schema of tenant `{0}` does not exist")]
    NoSchema(TenantName),
    /// The connection is in a transaction already, which may be another tenant's.
    #[error("the connection is in a transaction already; work in a tenant has one of its own")]
    InTransaction,
    /// The transaction failed, or the work did.
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
}

/// Begins the transaction with its path: one message, so no extra round trip.
async fn begin(
    connection: &mut AsyncPgConnection,
    name: &TenantName,
    extensions: Option<&ExtensionsSchema>,
) -> Result<(), ScopeError> {
    let path = Path::new(Schema::Tenant(name), extensions);
    let sql = format!("BEGIN; {}; {}", path.set_local(), path.check());
    let begun = AnsiTransactionManager::begin_transaction_sql(connection, &sql).await;
    let Err(error) = begun else { return Ok(()) };
    if matches!(error, diesel::result::Error::AlreadyInTransaction) {
        // Nothing was sent, and the transaction is the caller's.
        return Err(ScopeError::InTransaction);
    }
    // `BEGIN` itself went well, which the transaction manager does not know.
    connection.batch_execute("ROLLBACK").await?;
    let exists = format!(
        "SELECT 1 / (pg_catalog.to_regnamespace({}) IS NOT NULL)::int",
        literal(&Schema::Tenant(name).ident())
    );
    match connection.batch_execute(&exists).await {
        Ok(()) => Err(error.into()),
        Err(_) => Err(ScopeError::NoSchema(name.clone())),
    }
}
