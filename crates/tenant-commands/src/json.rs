//! The JSON document of a run over several tenants. Field names are stable.

use command_line::json::{ErrorDetail, Said};
use command_line::{Invocation, remedy};
use serde::Serialize;
use tenant_core::{ErrorKind, FleetReport, Loss, Note, Outcome, SpareReport, Status, Version};

use crate::messages::{self, MessageDetail};

/// A run over several tenants.
#[derive(Debug, Serialize)]
pub(crate) struct Fleet {
    total: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    migrated: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reverted: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distributed: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    squashed: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<usize>,
    up_to_date: usize,
    failed: usize,
    skipped: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
    duration_ms: u128,
    tenants: Vec<Tenant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spares: Option<Vec<Tenant>>,
    /// Of a rollback; null in the document when it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    loss: Option<Option<Vec<LossDetail>>>,
    notes: Vec<NoteDetail>,
}

/// What is no failure and should be known.
#[derive(Debug, Serialize)]
pub(crate) struct NoteDetail {
    kind: &'static str,
    #[serde(flatten)]
    said: Said,
}

/// What a rollback drops although it holds something.
#[derive(Debug, Serialize)]
struct LossDetail {
    table: String,
    column: Option<String>,
    tenants: usize,
    rows: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Tenant {
    name: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<Vec<Version>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reverted: Option<Vec<Version>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_revert: Option<Option<Vec<Version>>>,
    /// Null in the document when it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<Option<Vec<Version>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<Vec<Version>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forgotten: Option<Vec<Version>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<Vec<Version>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_spare: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<MessageDetail>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages_left_out: Option<usize>,
    duration_ms: u128,
    error: Option<ErrorDetail>,
}

impl Fleet {
    pub(crate) fn migrated(report: &FleetReport, dry_run: bool, by: &Invocation) -> Self {
        let mut document = Self::new(report, by);
        document.migrated = Some(report.count(Status::Migrated));
        document.dry_run = Some(dry_run);
        document.spares = Some(report.spares.iter().map(|it| tenant(it, by)).collect());
        for (tenant, outcome) in document.tenants.iter_mut().zip(&report.outcomes) {
            tenant.pending = Some(if_known(outcome, &outcome.pending));
        }
        document
    }

    pub(crate) fn created(report: &FleetReport, by: &Invocation) -> Self {
        let mut document = Self::new(report, by);
        document.created = Some(report.count(Status::Created));
        for (tenant, outcome) in document.tenants.iter_mut().zip(&report.outcomes) {
            tenant.from_spare = Some(outcome.from_spare);
        }
        document
    }

    pub(crate) fn reverted(
        report: &FleetReport,
        (loss, dry_run): (Option<&[Loss]>, bool),
        by: &Invocation,
    ) -> Self {
        let mut document = Self::new(report, by);
        document.reverted = Some(report.count(Status::Reverted));
        document.dry_run = Some(dry_run);
        document.tenants = report.outcomes.iter().map(|it| reverted(it, by)).collect();
        document.spares = Some(report.spares.iter().map(|it| reverted(it, by)).collect());
        document.loss = Some(loss.map(|loss| loss.iter().map(loss_detail).collect()));
        document
    }

    pub(crate) fn distributed(report: &FleetReport, dry_run: bool, by: &Invocation) -> Self {
        let mut document = Self::new(report, by);
        document.distributed = Some(report.count(Status::Distributed));
        document.dry_run = Some(dry_run);
        document.tenants = report
            .outcomes
            .iter()
            .map(|it| distributed(it, by))
            .collect();
        document.spares = Some(report.spares.iter().map(|it| distributed(it, by)).collect());
        document
    }

    pub(crate) fn squashed(report: &FleetReport, dry_run: bool, by: &Invocation) -> Self {
        let squashed = |outcome: &Outcome| Tenant {
            recorded: Some(outcome.recorded.clone()),
            forgotten: Some(outcome.forgotten.clone()),
            ..distributed(outcome, by)
        };
        let count = report.count(Status::Squashed);
        Self {
            squashed: Some(count),
            ..Self::of_records(report, dry_run, by, &squashed)
        }
    }

    pub(crate) fn accepted(report: &FleetReport, dry_run: bool, by: &Invocation) -> Self {
        let accepted = |outcome: &Outcome| Tenant {
            accepted: Some(outcome.accepted.clone()),
            ..distributed(outcome, by)
        };
        let count = report.count(Status::Accepted);
        Self {
            accepted: Some(count),
            ..Self::of_records(report, dry_run, by, &accepted)
        }
    }

    fn of_records(
        report: &FleetReport,
        dry_run: bool,
        by: &Invocation,
        detail: &dyn Fn(&Outcome) -> Tenant,
    ) -> Self {
        Self {
            dry_run: Some(dry_run),
            tenants: report.outcomes.iter().map(detail).collect(),
            spares: Some(report.spares.iter().map(detail).collect()),
            ..Self::new(report, by)
        }
    }

    fn new(report: &FleetReport, by: &Invocation) -> Self {
        Self {
            total: report.outcomes.len(),
            migrated: None,
            created: None,
            reverted: None,
            distributed: None,
            squashed: None,
            accepted: None,
            up_to_date: report.count(Status::UpToDate),
            failed: report.count(Status::Failed),
            skipped: report.count(Status::Skipped),
            dry_run: None,
            duration_ms: report.duration.as_millis(),
            tenants: report.outcomes.iter().map(|it| tenant(it, by)).collect(),
            spares: None,
            loss: None,
            notes: notes(&report.notes, by),
        }
    }
}

/// Notes, in their order.
pub(crate) fn notes(notes: &[Note], by: &Invocation) -> Vec<NoteDetail> {
    notes.iter().map(|it| note(it, by)).collect()
}

fn note(note: &Note, by: &Invocation) -> NoteDetail {
    let hints = remedy::hints(&note.remedies(), by);
    NoteDetail {
        kind: note.code(),
        said: Said::new(note.to_string()).hints(&hints),
    }
}

fn tenant(outcome: &Outcome, by: &Invocation) -> Tenant {
    Tenant {
        name: outcome.name.clone(),
        status: outcome.status.code(),
        applied: Some(outcome.applied.clone()),
        reverted: None,
        to_revert: None,
        pending: None,
        recorded: None,
        forgotten: None,
        accepted: None,
        from_spare: None,
        messages: Some(messages::details(&outcome.messages, by)),
        messages_left_out: Some(outcome.messages_left_out),
        duration_ms: outcome.duration.as_millis(),
        error: outcome
            .error
            .as_ref()
            .map(|error| ErrorDetail::of(error, by)),
    }
}

/// The same of a rollback.
fn reverted(outcome: &Outcome, by: &Invocation) -> Tenant {
    Tenant {
        applied: None,
        reverted: Some(outcome.reverted.clone()),
        to_revert: Some(if_known(outcome, &outcome.to_revert)),
        ..tenant(outcome, by)
    }
}

/// What a tenant lacks or has; nothing is known of one that could not be reached.
fn if_known(outcome: &Outcome, versions: &[Version]) -> Option<Vec<Version>> {
    let error = outcome.error.as_ref();
    let is_away = error.is_some_and(|error| error.kind() == ErrorKind::Unreachable);
    (!is_away || !versions.is_empty()).then(|| versions.to_vec())
}

/// The same of a run that is not about migrations.
fn distributed(outcome: &Outcome, by: &Invocation) -> Tenant {
    Tenant {
        applied: None,
        messages: None,
        messages_left_out: None,
        ..tenant(outcome, by)
    }
}

fn loss_detail(loss: &Loss) -> LossDetail {
    LossDetail {
        table: loss.table.clone(),
        column: loss.column.clone(),
        tenants: loss.tenants,
        rows: loss.rows,
    }
}

/// What came of keeping spare schemas.
#[derive(Debug, Serialize)]
pub(crate) struct Spares {
    ready: usize,
    created: usize,
    migrated: usize,
    dropped: usize,
    failed: usize,
    ahead: usize,
    left_alone: Vec<String>,
    duration_ms: u128,
    spares: Vec<Tenant>,
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
            spares: report.outcomes.iter().map(|it| tenant(it, by)).collect(),
        }
    }
}
