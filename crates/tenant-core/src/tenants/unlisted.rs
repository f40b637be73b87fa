//! Tenants that the application does not list any more, and of which something is left.

use super::handle::Tenants;
use super::reading::Reading;
use crate::Error;
use crate::report::{Problem, ProblemKind};

impl Tenants {
    /// The tenants of which something is kept beside the application's list, and that it does
    /// not have any more.
    ///
    /// # Errors
    ///
    /// A server error.
    pub(super) async fn unlisted(&self, reading: &Reading<'_>) -> Result<Vec<Problem>, Error> {
        let Some(question) = self.registry.left_beside() else {
            return Ok(Vec::new());
        };
        let failed = |error| Error::database("look for tenants that are not listed", error);
        let rows = reading.query(&question, &[]).await.map_err(failed)?;
        let problem = |row: &tokio_postgres::Row| {
            Ok(Problem {
                tenant: row.try_get(0)?,
                kind: ProblemKind::UnlistedTenant {
                    schema: row.try_get(1)?,
                    exists: row.try_get(2)?,
                },
            })
        };
        let problems = rows.iter().map(problem);
        let problems = problems.collect::<Result<_, tokio_postgres::Error>>();
        problems.map_err(failed)
    }
}
