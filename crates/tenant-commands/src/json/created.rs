//! The document of `create`.

use command_line::Invocation;
use command_line::json::VersionText;
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{FleetReport, Outcome, Status, Version};

use super::{Counts, End, NoteDetail, Start, notes};
use crate::messages::Messages;

/// Tenants that were to be created.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Created {
    /// Tenants of the run.
    total: usize,
    /// Tenants that were created.
    created: usize,
    #[serde(flatten)]
    counts: Counts,
    /// Duration of the run, in milliseconds.
    duration_ms: u128,
    /// One object per tenant, by name.
    tenants: Vec<Tenant>,
    /// The notes of the run.
    notes: Vec<NoteDetail>,
}

/// A tenant that was to be created.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CreatedTenant")]
struct Tenant {
    #[serde(flatten)]
    start: Start,
    /// Applied migrations, oldest first.
    #[schemars(with = "Vec<VersionText>")]
    applied: Vec<Version>,
    /// Whether the tenant was created from a spare.
    from_spare: bool,
    #[serde(flatten)]
    messages: Messages,
    #[serde(flatten)]
    end: End,
}

impl Created {
    pub(crate) fn new(report: &FleetReport, by: &Invocation) -> Self {
        Self {
            total: report.outcomes.len(),
            created: report.count(Status::Created),
            counts: Counts::of(report),
            duration_ms: report.duration.as_millis(),
            tenants: report.outcomes.iter().map(|it| tenant(it, by)).collect(),
            notes: notes(&report.notes, by),
        }
    }
}

fn tenant(outcome: &Outcome, by: &Invocation) -> Tenant {
    Tenant {
        start: Start::of(outcome),
        applied: outcome.applied.clone(),
        from_spare: outcome.from_spare,
        messages: Messages::of(outcome, by),
        end: End::of(outcome, by),
    }
}
