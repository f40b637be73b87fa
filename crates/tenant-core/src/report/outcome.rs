//! What came of a run over several tenants.

use std::time::{Duration, Instant};

use super::Note;
use crate::{Error, ServerMessage, Version};

/// What came of one tenant.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The tenant's name. A string, because a row of the registry that is no
    /// tenant's name is reported too.
    pub name: String,
    /// How it ended.
    pub status: Status,
    /// The versions of the migrations that were applied, oldest first.
    pub applied: Vec<Version>,
    /// The versions that are still pending, oldest first.
    pub pending: Vec<Version>,
    /// The versions of the migrations that were reverted, newest first.
    pub reverted: Vec<Version>,
    /// The versions that were to be reverted and still are applied, newest first.
    pub to_revert: Vec<Version>,
    /// The versions that were recorded as applied without being run, oldest first; in a dry
    /// run, those that would be.
    pub recorded: Vec<Version>,
    /// The versions that were taken out of the history, oldest first; in a dry run, those
    /// that would be.
    pub forgotten: Vec<Version>,
    /// The versions whose edited text was accepted, oldest first; in a dry run, those that
    /// would be.
    pub accepted: Vec<Version>,
    /// Whether a new tenant was made of a spare schema.
    pub from_spare: bool,
    /// How long it took.
    pub duration: Duration,
    /// What its migrations made the server say, in that order: warnings, and notices
    /// where [`Settings::notices`](crate::Settings::notices) asks for them. Of each at
    /// most 100.
    pub messages: Vec<ServerMessage>,
    /// How many more of these there were.
    pub messages_left_out: usize,
    /// Why it failed, when it did.
    pub error: Option<Error>,
}

/// How a tenant's part of a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Made by this run.
    Created,
    /// Brought up to date by this run.
    Migrated,
    /// Brought back to an older version by this run.
    Reverted,
    /// Brought to a server of the cluster by this run.
    Distributed,
    /// A baseline was recorded in place of old migrations.
    Squashed,
    /// The texts of edited migrations were accepted.
    Accepted,
    /// There was nothing to do.
    UpToDate,
    /// As [`Outcome::error`] says.
    Failed,
    /// Removed by this run: a spare schema too many.
    Dropped,
    /// Left alone: a dry run, or the run ended before.
    Skipped,
}

impl Status {
    /// The status in one word, for programs: `up_to_date`. It does not change from one
    /// version to the next.
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

/// What came of a run.
#[derive(Debug)]
#[non_exhaustive]
pub struct FleetReport {
    /// One for each tenant, by name.
    pub outcomes: Vec<Outcome>,
    /// One for each spare schema that something was done with, by name.
    pub spares: Vec<Outcome>,
    /// What is no failure and should be known.
    pub notes: Vec<Note>,
    /// How long the run took.
    pub duration: Duration,
}

impl FleetReport {
    /// How many tenants ended as `status`.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        let same = |outcome: &&Outcome| outcome.status == status;
        self.outcomes.iter().filter(same).count()
    }

    /// The tenants and the spare schemas that failed, by name.
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
