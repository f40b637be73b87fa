//! The document of `rollback`.

use command_line::Invocation;
use command_line::json::VersionText;
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{ErrorKind, FleetReport, Loss, Outcome, Status, Version};

use super::{Counts, End, NoteDetail, Start, notes};
use crate::messages::Messages;

/// Tenants that were to be rolled back.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RolledBack {
    /// Tenants of the run.
    total: usize,
    /// Tenants that were rolled back.
    reverted: usize,
    #[serde(flatten)]
    counts: Counts,
    /// Whether the run changed nothing.
    dry_run: bool,
    /// Duration of the run, in milliseconds.
    duration_ms: u128,
    /// One object per tenant, by name.
    tenants: Vec<Schema>,
    /// One object per spare of the run.
    spares: Vec<Schema>,
    /// What the rollback drops. Null if this is unknown.
    loss: Option<Vec<LossDetail>>,
    /// The notes of the run.
    notes: Vec<NoteDetail>,
}

/// A tenant or a spare that was to be rolled back.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RolledBackTenant")]
struct Schema {
    #[serde(flatten)]
    start: Start,
    /// Migrations that were rolled back, newest first.
    #[schemars(with = "Vec<VersionText>")]
    reverted: Vec<Version>,
    /// Migrations to roll back that are still applied, newest first. Null if the tenant was not
    /// reachable.
    #[schemars(with = "Option<Vec<VersionText>>")]
    to_revert: Option<Vec<Version>>,
    #[serde(flatten)]
    messages: Messages,
    #[serde(flatten)]
    end: End,
}

/// What a rollback drops although it holds something.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Loss")]
struct LossDetail {
    /// The table.
    table: String,
    /// The column. Null if the whole table is dropped.
    column: Option<String>,
    /// Tenants with rows in the table, or with values in the column.
    tenants: usize,
    /// Rows in these tenants, estimated by the server. Null for a column, and if the table was
    /// never analyzed.
    rows: Option<u64>,
}

impl RolledBack {
    pub(crate) fn new(
        report: &FleetReport,
        loss: Option<&[Loss]>,
        dry_run: bool,
        by: &Invocation,
    ) -> Self {
        Self {
            total: report.outcomes.len(),
            reverted: report.count(Status::Reverted),
            counts: Counts::of(report),
            dry_run,
            duration_ms: report.duration.as_millis(),
            tenants: report.outcomes.iter().map(|it| schema(it, by)).collect(),
            spares: report.spares.iter().map(|it| schema(it, by)).collect(),
            loss: loss.map(|loss| loss.iter().map(loss_detail).collect()),
            notes: notes(&report.notes, by),
        }
    }
}

fn schema(outcome: &Outcome, by: &Invocation) -> Schema {
    Schema {
        start: Start::of(outcome),
        reverted: outcome.reverted.clone(),
        to_revert: if_known(outcome, &outcome.to_revert),
        messages: Messages::of(outcome, by),
        end: End::of(outcome, by),
    }
}

/// What a tenant lacks or has; nothing is known of one that could not be reached.
pub(super) fn if_known(outcome: &Outcome, versions: &[Version]) -> Option<Vec<Version>> {
    let error = outcome.error.as_ref();
    let is_away = error.is_some_and(|error| error.kind() == ErrorKind::Unreachable);
    (!is_away || !versions.is_empty()).then(|| versions.to_vec())
}

fn loss_detail(loss: &Loss) -> LossDetail {
    LossDetail {
        table: loss.table.clone(),
        column: loss.column.clone(),
        tenants: loss.tenants,
        rows: loss.rows,
    }
}
