//! What a tenant has of pending migrations: its migration history lacks entries, or a migration was
//! run in part by hand. It is reported as the health check reports it, and no repair undoes it.

use crate::report::{Problem, ProblemKind};
use crate::shape::{Change, Difference};
use crate::tenants::expected::{Shapes, Trust};
use crate::tenants::handle::Tenants;
use crate::tenants::state::Standing;
use crate::{Error, TenantName};

impl Tenants {
    /// The problems of a lost history: [`ProblemKind::LostEntries`] alone,
    /// [`ProblemKind::RecordedOnly`], or
    /// [`ProblemKind::MadeByPending`] of each object.
    ///
    /// # Errors
    ///
    /// [`Error::InUse`], or a server error.
    pub(super) async fn unrecorded(
        &self,
        name: &TenantName,
        standing: &Standing,
        shapes: &Shapes,
    ) -> Result<Vec<Problem>, Error> {
        if standing.pending.is_empty() {
            return Ok(Vec::new());
        }
        let standings = std::slice::from_ref(standing);
        let drift = self.drift(standings, shapes, Trust::Tried).await?;
        if !drift.busy.is_empty() {
            return Err(Error::InUse(name.clone()));
        }
        let mut problems = drift.problems;
        let reading = self.reading().await?;
        self.tell_of_recorded(&reading, standings, &mut problems)
            .await?;
        drop(reading);
        self.tell_of_lost_entries(standings, Trust::Tried, &mut problems)
            .await?;
        problems.retain(|it| is_lost(it) || matches!(it.kind, ProblemKind::MadeByPending { .. }));
        Ok(problems)
    }
}

/// Whether the schema is at a later version than its history says. What differs from the earlier
/// version is no damage then.
pub(super) fn is_lost(problem: &Problem) -> bool {
    use ProblemKind::{LostEntries, RecordedOnly};
    matches!(problem.kind, LostEntries { .. } | RecordedOnly(_))
}

/// Whether one of these problems is about the same object.
pub(super) fn is_told(difference: &Difference, unrecorded: &[Problem]) -> bool {
    let object = difference.object.to_string();
    let is_same = |it: &Problem| matches!(&it.kind, ProblemKind::MadeByPending { object: made } if *made == object);
    difference.change == Change::Extra && unrecorded.iter().any(is_same)
}
