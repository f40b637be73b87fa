//! The document of `spares`, and a spare in the documents of other runs.

use command_line::Invocation;
use command_line::json::VersionText;
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{Outcome, SpareReport, Status, Version};

use super::{End, Start};
use crate::messages::Messages;

/// With a number: what keeping spares did.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KeptSpares")]
pub(crate) struct Spares {
    /// Spares that are ready.
    ready: usize,
    /// Spares that were created.
    created: usize,
    /// Spares that were migrated.
    migrated: usize,
    /// Spares that were dropped.
    dropped: usize,
    /// Spares that failed.
    failed: usize,
    /// Spares of a newer or another program. They were not changed.
    ahead: usize,
    /// Names of these spares.
    left_alone: Vec<String>,
    /// Duration, in milliseconds.
    duration_ms: u128,
    /// One object per changed or failed spare.
    spares: Vec<Spare>,
}

/// A spare of a run.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Spare {
    #[serde(flatten)]
    start: Start,
    /// Applied migrations, oldest first.
    #[schemars(with = "Vec<VersionText>")]
    applied: Vec<Version>,
    #[serde(flatten)]
    messages: Messages,
    #[serde(flatten)]
    end: End,
}

impl Spares {
    pub(crate) fn new(report: &SpareReport, by: &Invocation) -> Self {
        let count = |status| {
            let same = report.outcomes.iter().filter(|it| it.status == status);
            same.count()
        };
        Self {
            ready: report.ready,
            created: count(Status::Created),
            migrated: count(Status::Migrated),
            dropped: count(Status::Dropped),
            failed: count(Status::Failed),
            ahead: report.ahead,
            left_alone: report.left_alone.clone(),
            duration_ms: report.duration.as_millis(),
            spares: report.outcomes.iter().map(|it| Spare::of(it, by)).collect(),
        }
    }
}

impl Spare {
    pub(super) fn of(outcome: &Outcome, by: &Invocation) -> Self {
        Self {
            start: Start::of(outcome),
            applied: outcome.applied.clone(),
            messages: Messages::of(outcome, by),
            end: End::of(outcome, by),
        }
    }
}
