//! [`Reading`]: a transaction for one page.

use std::pin::Pin;
use std::time::Duration;

use tenant_core::{DriverTransaction, TenantPool};
use tokio::sync::OwnedSemaphorePermit;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, RowStream};

use super::select::Statement;
use crate::error::Failure;
use crate::shown_schema::ShownSchema;

/// A value for a question, with the type that it is sent as.
pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// Has a database send the bytes that it has, if it does not know what they mean: it would
/// refuse to send those that are no UTF-8.
pub(super) const AS_THEY_ARE: &str = "SELECT pg_catalog.set_config('client_encoding', 'SQL_ASCII', true) \
     WHERE pg_catalog.getdatabaseencoding() = 'SQL_ASCII'::pg_catalog.name";

/// A transaction in one schema, which PostgreSQL holds to reading. Dropped before
/// it has all its answers, it cancels what it is at: the browser has gone away.
pub(crate) struct Reading {
    pub(super) transaction: DriverTransaction,
    pub(super) place: ShownSchema,
    /// Given back at the end, for the next page.
    pub(super) _permit: OwnedSemaphorePermit,
}

impl Reading {
    /// Begins it at `place`, with tables read from their beginning; each statement may take `timeout`.
    pub(crate) async fn begin(
        pool: &TenantPool,
        permit: OwnedSemaphorePermit,
        (place, timeout): (&ShownSchema, Duration),
    ) -> Result<Self, Failure> {
        let transaction = match place {
            ShownSchema::Public => pool.public().read_only().unhurried().on_driver().await?,
            ShownSchema::Tenant(name) => {
                pool.tenant(name)
                    .read_only()
                    .unhurried()
                    .on_driver()
                    .await?
            }
        };
        let set = format!(
            "SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = '3s'; SET LOCAL jit = off; \
             SET LOCAL synchronize_seqscans = off; {AS_THEY_ARE}",
            timeout.as_millis()
        );
        let set = transaction.batch_execute(&set).await;
        set.map_err(Failure::of("Beginning"))?;
        Ok(Self {
            transaction,
            place: place.clone(),
            _permit: permit,
        })
    }

    /// The name of the schema that is read, as PostgreSQL calls it.
    pub(crate) fn schema(&self) -> &str {
        self.transaction.schema()
    }

    /// Where it reads.
    pub(crate) fn place(&self) -> &ShownSchema {
        &self.place
    }

    /// The rows that answer `sql`; `what` is named when there are none for an error.
    pub(crate) async fn rows(
        &self,
        what: &'static str,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        let rows = self.transaction.query_typed(sql, parameters).await;
        rows.map_err(Failure::of(what))
    }

    /// The rows that answer a statement.
    pub(crate) async fn ask(
        &self,
        what: &'static str,
        statement: &Statement,
    ) -> Result<Vec<Row>, Failure> {
        self.rows(what, &statement.sql, &statement.parameters())
            .await
    }

    /// The same rows as they come.
    pub(crate) async fn stream(
        &self,
        what: &'static str,
        statement: &Statement,
    ) -> Result<Pin<Box<RowStream>>, Failure> {
        let parameters = statement.parameters();
        let rows = self.transaction.query_typed_raw(&statement.sql, parameters);
        Ok(Box::pin(rows.await.map_err(Failure::of(what))?))
    }

    /// The transaction itself, for a typed statement.
    pub(super) fn transaction(&self) -> &DriverTransaction {
        &self.transaction
    }

    /// Ends it: all is answered.
    pub(crate) fn end(self) {
        self.transaction.end();
    }
}
