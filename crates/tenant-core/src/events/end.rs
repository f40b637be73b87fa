//! How the work on one schema ended, whoever tells it.

use std::time::Duration;

use crate::Error;
use crate::engine::Removed;
use crate::tenants::{Outcome, PublicOutcome, Status};

/// How the work on one schema ended.
pub(crate) struct End<'a> {
    pub(super) status: Status,
    /// Of a call that failed it is not known.
    pub(super) migrations: Option<usize>,
    pub(super) from_spare: bool,
    pub(super) duration: Duration,
    pub(super) error: Option<&'a Error>,
}

impl<'a> End<'a> {
    /// The end of what a call did with one schema.
    pub(super) fn of<T>(done: &'a Result<T, Error>, duration: Duration) -> Self
    where
        Self: From<&'a T>,
    {
        let end = match done {
            Ok(done) => Self::from(done),
            Err(error) => Self {
                migrations: None,
                error: Some(error),
                ..Self::plain(Status::Failed)
            },
        };
        Self { duration, ..end }
    }

    /// The outcome in a word.
    pub(super) fn outcome(&self) -> &'static str {
        match self.status {
            Status::Created => "created",
            Status::Migrated => "migrated",
            Status::Reverted => "reverted",
            Status::UpToDate => "up_to_date",
            Status::Failed => "failed",
            Status::Dropped => "dropped",
            Status::Skipped => "skipped",
        }
    }

    fn plain(status: Status) -> Self {
        Self {
            status,
            migrations: Some(0),
            from_spare: false,
            duration: Duration::ZERO,
            error: None,
        }
    }
}

impl<'a> From<&'a Outcome> for End<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        Self {
            status: outcome.status,
            migrations: Some(outcome.applied.len() + outcome.reverted.len()),
            from_spare: outcome.from_spare,
            duration: outcome.duration,
            error: outcome.error.as_ref(),
        }
    }
}

impl From<&Removed> for End<'_> {
    fn from(_: &Removed) -> Self {
        Self::plain(Status::Dropped)
    }
}

impl From<&PublicOutcome> for End<'_> {
    fn from(outcome: &PublicOutcome) -> Self {
        let status = match (outcome.applied.is_empty(), outcome.pending.is_empty()) {
            (false, _) => Status::Migrated,
            (true, true) => Status::UpToDate,
            (true, false) => Status::Skipped,
        };
        Self {
            migrations: Some(outcome.applied.len()),
            ..Self::plain(status)
        }
    }
}
