//! Why changes were refused, as a document and in words.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::data::{Cell, CurrentRow, RefusedChange, Table};
use crate::error::Failure;

/// What is said of a row that is not what it was.
pub(super) const CHANGED: &str = "another session has changed this row";
pub(super) const GONE: &str =
    "this row no longer exists: another session has deleted it or changed its key";

impl RefusedChange {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Stale(..) => StatusCode::CONFLICT,
            // Against others at the same moment: nothing is wrong with the change.
            Self::Server { error, .. }
                if matches!(error.sqlstate(), Some("40001" | "40P01" | "55P03")) =>
            {
                StatusCode::CONFLICT
            }
            Self::Failed(failure) => failure.status(),
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    pub(super) fn message(&self) -> String {
        match self {
            Self::Wrong(_, message) => message.clone(),
            Self::Stale(_, Some(_)) => CHANGED.to_owned(),
            Self::Stale(_, None) => GONE.to_owned(),
            Self::Server { error, .. } => error.to_string(),
            Self::Failed(failure) => failure.to_string(),
        }
    }

    fn document(&self, table: &Table) -> Value {
        let mut document = json!({ "message": self.message(), "index": self.index() });
        let more = match self {
            Self::Stale(_, current) => vec![(
                "current",
                current
                    .as_ref()
                    .map_or(Value::Null, |row| row_document(table, row)),
            )],
            Self::Server {
                error,
                column,
                constraint,
                ..
            } => vec![
                ("sqlstate", json!(error.sqlstate())),
                ("hint", json!(error.hint())),
                ("column", json!(column)),
                ("constraint", json!(constraint)),
            ],
            _ => Vec::new(),
        };
        if let Value::Object(fields) = &mut document {
            fields.extend(
                more.into_iter()
                    .map(|(name, value)| (name.to_owned(), value)),
            );
        }
        document
    }

    /// The number of the change that is refused, if it is one.
    fn index(&self) -> Option<usize> {
        match self {
            Self::Wrong(index, _) | Self::Stale(index, _) => Some(*index),
            Self::Server { index, .. } => *index,
            Self::Failed(_) => None,
        }
    }
}

/// The answer to a document of changes that is refused.
pub(super) fn refused(table: &Table, refusal: &RefusedChange) -> Response {
    let document = json!({ "refused": refusal.document(table) });
    (refusal.status(), Json(document)).into_response()
}

/// The answer to a document that comes to nothing, for another reason.
pub(super) fn failed(failure: &Failure) -> Response {
    let document = json!({ "error": failure.to_string() });
    (failure.status(), Json(document)).into_response()
}

/// A row as it is. A value that cannot be edited here is left out.
pub(super) fn row_document(table: &Table, row: &CurrentRow) -> Value {
    let pairs = table.columns.iter().zip(&row.values);
    let short = pairs.filter(|(_, value)| unfit(value.as_ref()).is_none());
    let values = short.map(|(column, value)| {
        let text = value.as_ref().and_then(Cell::exact);
        (column.name.clone(), json!(text))
    });
    json!({ "version": row.version, "values": values.collect::<serde_json::Map<_, _>>() })
}

/// Why a value cannot be edited, if it cannot.
pub(super) fn unfit(value: Option<&Cell>) -> Option<&'static str> {
    match value? {
        Cell::Bytes(_) => Some("This value cannot be edited: some of its bytes are not UTF-8."),
        Cell::Text(text) if text.chars().nth(CurrentRow::LETTERS_TO_EDIT).is_none() => None,
        Cell::Text(_) | Cell::Large(_) => Some("This value is too long to be edited here."),
    }
}
