//! Questions about many tenants at once.

use futures_util::future::join3;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error as DriverError, Row};

use super::Tenants;
use crate::Error;
use crate::connect::Lease;

/// A connection for questions about many tenants.
///
/// Each is a transaction of its own, so that what is set for it ends with it:
/// behind a pooler the server connection is somebody else's a moment later.
pub(super) struct Reading<'a> {
    session: Lease<'a>,
    begin: String,
}

impl Tenants {
    /// A connection for looking at many tenants, on which nobody's lock holds up
    /// the whole for longer than the time-out.
    pub(super) async fn reading(&self) -> Result<Reading<'_>, Error> {
        // Compiling a query over all tenants takes longer than running it.
        let begin = format!(
            "BEGIN READ ONLY; SET LOCAL lock_timeout = {}; SET LOCAL jit = off",
            self.settings.lock_timeout_ms()
        );
        Ok(Reading {
            session: self.session().await?,
            begin,
        })
    }
}

impl Reading<'_> {
    /// The rows that answer a question.
    ///
    /// Beginning, question and end are sent together, and so are one round trip.
    ///
    /// # Errors
    ///
    /// What the server says. The transaction has ended all the same.
    pub(super) async fn query(
        &self,
        sql: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, DriverError> {
        let client = self.session.client();
        // They are sent in the order in which they are first polled. After an error
        // the server takes the end for a rollback.
        let (begun, rows, ended) = join3(
            client.batch_execute(&self.begin),
            client.query_typed(sql, parameters),
            client.batch_execute("COMMIT"),
        )
        .await;
        begun?;
        let rows = rows?;
        ended?;
        Ok(rows)
    }
}
