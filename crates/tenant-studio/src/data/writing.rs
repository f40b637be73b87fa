//! [`Writing`]: the one kind of transaction that can change something.

use std::time::Duration;

use tenant_core::{Isolation, PoolError, TenantPool};
use tokio::sync::OwnedSemaphorePermit;
use tokio_postgres::Row;

use super::dml::Dml;
use super::reading::{AS_THEY_ARE, Reading};
use crate::error::Failure;
use crate::shown_schema::ShownSchema;

/// A transaction in one schema. Dropped before it is committed, it keeps nothing.
pub(crate) struct Writing(Reading);

impl Writing {
    /// Begins it at `place`; each statement may take `timeout`. Each statement sees what was
    /// committed before it begins. So the check that a row is still the row that was shown comes
    /// after the row is locked.
    pub(crate) async fn begin(
        pool: &TenantPool,
        permit: OwnedSemaphorePermit,
        (place, timeout): (&ShownSchema, Duration),
    ) -> Result<Self, Failure> {
        let how = Isolation::ReadCommitted;
        let transaction = match place {
            ShownSchema::Public => pool.public().isolation(how).unhurried().on_driver().await?,
            ShownSchema::Tenant(name) => {
                pool.tenant(name)
                    .isolation(how)
                    .unhurried()
                    .on_driver()
                    .await?
            }
        };
        let set = format!(
            "SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = '3s'; SET LOCAL jit = off; \
             {AS_THEY_ARE}",
            timeout.as_millis()
        );
        let set = transaction.batch_execute(&set).await;
        set.map_err(Failure::of("Beginning"))?;
        Ok(Self(Reading {
            transaction,
            place: place.clone(),
            _permit: permit,
        }))
    }

    /// The same transaction, for questions.
    pub(crate) fn reading(&self) -> &Reading {
        &self.0
    }

    /// The rows that a statement gives back.
    pub(super) async fn rows(&self, dml: &Dml) -> Result<Vec<Row>, tokio_postgres::Error> {
        let parameters = dml.parameters();
        self.0.transaction.query_typed(&dml.sql, &parameters).await
    }

    /// How many rows a statement changes.
    pub(super) async fn execute(&self, dml: &Dml) -> Result<u64, tokio_postgres::Error> {
        let parameters = dml.parameters();
        self.0
            .transaction
            .execute_typed(&dml.sql, &parameters)
            .await
    }

    /// Has the constraints checked that were put off to the end.
    pub(super) async fn check(&self) -> Result<(), tokio_postgres::Error> {
        let all = "SET CONSTRAINTS ALL IMMEDIATE";
        self.0.transaction.batch_execute(all).await
    }

    /// Keeps what was done.
    pub(crate) async fn commit(self) -> Result<(), PoolError> {
        self.0.transaction.commit().await
    }
}
