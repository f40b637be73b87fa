//! The documents of runs that apply no migration: `distribute`, `squash` and `accept-edits`.

use command_line::Invocation;
use command_line::json::VersionText;
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{FleetReport, Outcome, Status, Version};

use super::{Counts, End, NoteDetail, Start, notes};

/// Tenants that were to be distributed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Distributed {
    /// Tenants of the run.
    total: usize,
    /// Tenants that were distributed.
    distributed: usize,
    #[serde(flatten)]
    run: Run<DistributedSchema>,
}

/// Tenants that were to get a baseline.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Squashed {
    /// Tenants of the run.
    total: usize,
    /// Tenants that got the baseline.
    squashed: usize,
    #[serde(flatten)]
    run: Run<SquashedSchema>,
}

/// Tenants whose edited migrations were to be accepted.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Accepted {
    /// Tenants of the run.
    total: usize,
    /// Tenants with accepted edits.
    accepted: usize,
    #[serde(flatten)]
    run: Run<AcceptedSchema>,
}

/// What these runs share.
#[derive(Debug, Serialize, JsonSchema)]
struct Run<Each> {
    #[serde(flatten)]
    counts: Counts,
    /// Whether the run changed nothing.
    dry_run: bool,
    /// Duration of the run, in milliseconds.
    duration_ms: u128,
    /// One object per tenant, by name.
    tenants: Vec<Each>,
    /// One object per spare of the run.
    spares: Vec<Each>,
    /// The notes of the run.
    notes: Vec<NoteDetail>,
}

/// A tenant or a spare that was to be distributed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DistributedTenant")]
struct DistributedSchema {
    #[serde(flatten)]
    start: Start,
    #[serde(flatten)]
    end: End,
}

/// A tenant or a spare that was to get a baseline.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SquashedTenant")]
struct SquashedSchema {
    #[serde(flatten)]
    start: Start,
    /// Versions that were recorded without running; in a dry run, versions that would be.
    #[schemars(with = "Vec<VersionText>")]
    recorded: Vec<Version>,
    /// Versions that were removed from the history; in a dry run, versions that would be.
    #[schemars(with = "Vec<VersionText>")]
    forgotten: Vec<Version>,
    #[serde(flatten)]
    end: End,
}

/// A tenant or a spare whose edited migrations were to be accepted.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AcceptedTenant")]
struct AcceptedSchema {
    #[serde(flatten)]
    start: Start,
    /// Versions whose edited text was accepted; in a dry run, versions that would be.
    #[schemars(with = "Vec<VersionText>")]
    accepted: Vec<Version>,
    #[serde(flatten)]
    end: End,
}

impl Distributed {
    pub(crate) fn new(report: &FleetReport, dry_run: bool, by: &Invocation) -> Self {
        let schema = |outcome: &Outcome| DistributedSchema {
            start: Start::of(outcome),
            end: End::of(outcome, by),
        };
        Self {
            total: report.outcomes.len(),
            distributed: report.count(Status::Distributed),
            run: Run::of(report, dry_run, by, &schema),
        }
    }
}

impl Squashed {
    pub(crate) fn new(report: &FleetReport, dry_run: bool, by: &Invocation) -> Self {
        let schema = |outcome: &Outcome| SquashedSchema {
            start: Start::of(outcome),
            recorded: outcome.recorded.clone(),
            forgotten: outcome.forgotten.clone(),
            end: End::of(outcome, by),
        };
        Self {
            total: report.outcomes.len(),
            squashed: report.count(Status::Squashed),
            run: Run::of(report, dry_run, by, &schema),
        }
    }
}

impl Accepted {
    pub(crate) fn new(report: &FleetReport, dry_run: bool, by: &Invocation) -> Self {
        let schema = |outcome: &Outcome| AcceptedSchema {
            start: Start::of(outcome),
            accepted: outcome.accepted.clone(),
            end: End::of(outcome, by),
        };
        Self {
            total: report.outcomes.len(),
            accepted: report.count(Status::Accepted),
            run: Run::of(report, dry_run, by, &schema),
        }
    }
}

impl<Each> Run<Each> {
    fn of(
        report: &FleetReport,
        dry_run: bool,
        by: &Invocation,
        each: &dyn Fn(&Outcome) -> Each,
    ) -> Self {
        Self {
            counts: Counts::of(report),
            dry_run,
            duration_ms: report.duration.as_millis(),
            tenants: report.outcomes.iter().map(each).collect(),
            spares: report.spares.iter().map(each).collect(),
            notes: notes(&report.notes, by),
        }
    }
}
