//! The JSON documents of runs over several tenants. Field names are stable.
//!
//! Each command has its own types, so that the JSON Schema of its documents has the keys that it
//! prints and no others. Here are the keys that runs share.

mod archived;
mod created;
mod migrated;
mod recorded;
mod rolled_back;
mod spares;

use command_line::json::{ErrorDetail, Said};
use command_line::{Invocation, remedy};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{FleetReport, Note, Outcome, Status};

pub(crate) use archived::TableDetail;
pub(crate) use created::Created;
pub(crate) use migrated::Migrated;
pub(crate) use recorded::{Accepted, Distributed, Squashed};
pub(crate) use rolled_back::RolledBack;
pub(crate) use spares::Spares;

/// A fact that is no failure but may become one.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Note")]
pub(crate) struct NoteDetail {
    /// The code of the note.
    #[schemars(extend("enum" = Note::CODES))]
    kind: &'static str,
    #[serde(flatten)]
    said: Said,
}

/// What every run counts.
#[derive(Debug, Serialize, JsonSchema)]
struct Counts {
    /// Tenants that needed no change.
    up_to_date: usize,
    /// Tenants that failed.
    failed: usize,
    /// Tenants that were not changed, because of a dry run or because the run ended early.
    skipped: usize,
}

/// What every object of a tenant begins with.
#[derive(Debug, Serialize, JsonSchema)]
struct Start {
    /// Name of the tenant or the spare.
    name: String,
    /// How it ended.
    #[schemars(extend("enum" = Status::CODES))]
    status: &'static str,
}

/// What every object of a tenant ends with.
#[derive(Debug, Serialize, JsonSchema)]
struct End {
    /// Duration, in milliseconds.
    duration_ms: u128,
    /// The error, if it failed.
    error: Option<ErrorDetail>,
}

impl Counts {
    fn of(report: &FleetReport) -> Self {
        Self {
            up_to_date: report.count(Status::UpToDate),
            failed: report.count(Status::Failed),
            skipped: report.count(Status::Skipped),
        }
    }
}

impl Start {
    fn of(outcome: &Outcome) -> Self {
        Self {
            name: outcome.name.clone(),
            status: outcome.status.code(),
        }
    }
}

impl End {
    fn of(outcome: &Outcome, by: &Invocation) -> Self {
        let error = outcome.error.as_ref();
        Self {
            duration_ms: outcome.duration.as_millis(),
            error: error.map(|error| ErrorDetail::of(error, by)),
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
