//! What came of a run over several tenants.

use std::time::{Duration, Instant};

use super::Note;
use crate::{Error, ServerMessage, Version};

/// The result of a run for one tenant.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The tenant's name. It is a string, because a registry row without a valid name is also
    /// reported.
    pub name: String,
    /// How it ended.
    pub status: Status,
    /// The versions of the migrations that were applied, oldest first.
    pub applied: Vec<Version>,
    /// The versions that are still pending, oldest first.
    pub pending: Vec<Version>,
    /// The versions that were rolled back, newest first.
    pub reverted: Vec<Version>,
    /// The versions that should have been rolled back and are still applied, newest first.
    pub to_revert: Vec<Version>,
    /// The versions that were recorded as applied without running, oldest first. In a dry run, the
    /// versions that would be.
    pub recorded: Vec<Version>,
    /// The versions that were removed from the history, oldest first. In a dry run, the versions
    /// that would be.
    pub forgotten: Vec<Version>,
    /// The versions whose edited text was accepted, oldest first. In a dry run, the versions that
    /// would be.
    pub accepted: Vec<Version>,
    /// Whether a new tenant was created from a spare.
    pub from_spare: bool,
    /// How long it took.
    pub duration: Duration,
    /// Warnings of the server during its migrations, in order, and notices if
    /// [`Settings::notices`](crate::Settings::notices) is set. At most 100 of each.
    pub messages: Vec<ServerMessage>,
    /// How many more messages there were.
    pub messages_left_out: usize,
    /// The error, if it failed.
    pub error: Option<Error>,
}

/// How a tenant's part of a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// This run created it.
    Created,
    /// This run migrated it.
    Migrated,
    /// This run rolled it back.
    Reverted,
    /// This run distributed it.
    Distributed,
    /// A baseline was recorded in place of old migrations.
    Squashed,
    /// The texts of edited migrations were accepted.
    Accepted,
    /// It needed no change.
    UpToDate,
    /// It failed: see [`Outcome::error`].
    Failed,
    /// This run dropped it, because it was a surplus spare.
    Dropped,
    /// It was not changed, because of a dry run or because the run ended early.
    Skipped,
}

impl Status {
    /// Every [`code`](Self::code).
    pub const CODES: &'static [&'static str] = &[
        "created",
        "migrated",
        "reverted",
        "distributed",
        "squashed",
        "accepted",
        "up_to_date",
        "failed",
        "dropped",
        "skipped",
    ];

    /// The code of the status, for programs: `up_to_date`. It is stable across versions.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Migrated => "migrated",
            Self::Reverted => "reverted",
            Self::Distributed => "distributed",
            Self::Squashed => "squashed",
            Self::Accepted => "accepted",
            Self::UpToDate => "up_to_date",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
            Self::Skipped => "skipped",
        }
    }
}

/// The result of a run.
#[derive(Debug)]
#[non_exhaustive]
pub struct FleetReport {
    /// One for each tenant, by name.
    pub outcomes: Vec<Outcome>,
    /// One for each spare that the run handled, by name.
    pub spares: Vec<Outcome>,
    /// Findings that are no failures.
    pub notes: Vec<Note>,
    /// How long the run took.
    pub duration: Duration,
}

impl FleetReport {
    /// Counts the tenants with this status.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        let same = |outcome: &&Outcome| outcome.status == status;
        self.outcomes.iter().filter(same).count()
    }

    /// Returns the tenants and spares that failed, by name.
    pub fn failures(&self) -> impl Iterator<Item = (&Outcome, &Error)> {
        self.outcomes
            .iter()
            .chain(&self.spares)
            .filter_map(|outcome| Some((outcome, outcome.error.as_ref()?)))
    }
}

impl Outcome {
    /// What comes of `work` on the tenant called `name`, and how long that takes. An
    /// error is one before which nothing was done.
    pub(crate) async fn timed(name: &str, work: impl Future<Output = Result<Self, Error>>) -> Self {
        let started = Instant::now();
        let done = work.await;
        Self {
            duration: started.elapsed(),
            ..done.unwrap_or_else(|error| Self::failed(name, error))
        }
    }

    /// The same for those who want a failure as an error.
    pub(crate) fn into_result(mut self) -> Result<Self, Error> {
        match self.error.take() {
            Some(error) => Err(error.after_saying(self.messages)),
            None => Ok(self),
        }
    }

    /// A tenant that failed before anything was done.
    pub(crate) fn failed(name: impl Into<String>, error: Error) -> Self {
        Self {
            error: Some(error),
            ..Self::idle(name, Status::Failed)
        }
    }

    /// A tenant with which nothing was done.
    pub(crate) fn idle(name: impl Into<String>, status: Status) -> Self {
        Self {
            name: name.into(),
            status,
            applied: Vec::new(),
            pending: Vec::new(),
            reverted: Vec::new(),
            to_revert: Vec::new(),
            recorded: Vec::new(),
            forgotten: Vec::new(),
            accepted: Vec::new(),
            from_spare: false,
            messages: Vec::new(),
            messages_left_out: 0,
            duration: Duration::ZERO,
            error: None,
        }
    }
}
