//! [`Done`]: what a run on one schema has committed, and how it ended.

use crate::Error;
use crate::migration::Migration;
use crate::name::Schema;
use crate::report::{Outcome, Status};

/// What a run on one schema has committed, and how it ended: one in batches can fail
/// after some of them.
pub(crate) struct Done<'a> {
    /// The migrations that were applied or reverted, in that order.
    pub(crate) committed: Vec<&'a Migration>,
    pub(crate) result: Result<(), Error>,
}

impl<'a> Done<'a> {
    /// It went well so far, with these migrations.
    pub(super) fn with(committed: &[&'a Migration]) -> Self {
        Self {
            committed: committed.to_vec(),
            result: Ok(()),
        }
    }

    /// It failed before anything was committed.
    pub(super) fn failed(error: Error) -> Self {
        Self {
            committed: Vec::new(),
            result: Err(error),
        }
    }

    /// The same, after what earlier attempts have committed.
    pub(super) fn after(self, mut earlier: Vec<&'a Migration>) -> Self {
        earlier.extend(self.committed);
        Self {
            committed: earlier,
            ..self
        }
    }

    /// All that was committed.
    ///
    /// # Errors
    ///
    /// How the run failed.
    pub(crate) fn require_all(self) -> Result<Vec<&'a Migration>, Error> {
        self.result.map(|()| self.committed)
    }

    /// What came of the schema: `did` when it has done something.
    pub(crate) fn outcome(self, schema: Schema<'_>, did: Status) -> Outcome {
        let status = match &self.result {
            Err(_) => Status::Failed,
            Ok(()) if self.committed.is_empty() => Status::UpToDate,
            Ok(()) => did,
        };
        Outcome {
            error: self.result.err(),
            ..Outcome::idle(schema.key(), status)
        }
    }
}
