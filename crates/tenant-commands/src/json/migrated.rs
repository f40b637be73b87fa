//! The document of `migrate`.

use command_line::Invocation;
use command_line::json::VersionText;
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{FleetReport, Outcome, Status, Version};

use super::rolled_back::if_known;
use super::spares::Spare;
use super::{Counts, End, NoteDetail, Start, notes};
use crate::messages::Messages;

/// Tenants that were to be migrated.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Migrated {
    /// Tenants of the run.
    total: usize,
    /// Tenants that were migrated.
    migrated: usize,
    #[serde(flatten)]
    counts: Counts,
    /// Whether the run changed nothing.
    dry_run: bool,
    /// Duration of the run, in milliseconds.
    duration_ms: u128,
    /// One object per tenant, by name.
    tenants: Vec<Tenant>,
    /// One object per spare of the run.
    spares: Vec<Spare>,
    /// The notes of the run.
    notes: Vec<NoteDetail>,
}

/// A tenant that was to be migrated.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MigratedTenant")]
struct Tenant {
    #[serde(flatten)]
    start: Start,
    /// Applied migrations, oldest first.
    #[schemars(with = "Vec<VersionText>")]
    applied: Vec<Version>,
    /// Pending migrations, oldest first. Null if the tenant was not reachable.
    #[schemars(with = "Option<Vec<VersionText>>")]
    pending: Option<Vec<Version>>,
    #[serde(flatten)]
    messages: Messages,
    #[serde(flatten)]
    end: End,
}

impl Migrated {
    pub(crate) fn new(report: &FleetReport, dry_run: bool, by: &Invocation) -> Self {
        Self {
            total: report.outcomes.len(),
            migrated: report.count(Status::Migrated),
            counts: Counts::of(report),
            dry_run,
            duration_ms: report.duration.as_millis(),
            tenants: report.outcomes.iter().map(|it| tenant(it, by)).collect(),
            spares: report.spares.iter().map(|it| Spare::of(it, by)).collect(),
            notes: notes(&report.notes, by),
        }
    }
}

fn tenant(outcome: &Outcome, by: &Invocation) -> Tenant {
    Tenant {
        start: Start::of(outcome),
        applied: outcome.applied.clone(),
        pending: if_known(outcome, &outcome.pending),
        messages: Messages::of(outcome, by),
        end: End::of(outcome, by),
    }
}
