//! [`Answer`]: the result of a typed statement, as text; and [`Refusal`]: why there is none.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use tenant_core::{DriverTransaction, PgError};
use tokio_postgres::error::ErrorPosition;
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow, Statement};

use crate::words;

/// So much text is kept of one answer, in bytes, whatever the limits are.
const KEPT: usize = 32 * 1024 * 1024;

/// How much of an answer is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// How many rows.
    pub(crate) rows: usize,
    /// How many letters of a value.
    pub(crate) letters: usize,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// The type's name.
    pub(crate) kind: String,
}

impl Field {
    /// Whether its values are numbers.
    pub(crate) fn is_number(&self) -> bool {
        let numbers = [
            "int2", "int4", "int8", "float4", "float8", "numeric", "money", "oid",
        ];
        numbers.contains(&self.kind.as_str())
    }
}

/// A value, cut where it is too long.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    pub(crate) text: String,
    /// How much there is, when it is not all here.
    pub(crate) cut_from: Option<String>,
}

/// The values of one row; NULL is none.
pub(crate) type Values = Vec<Option<Value>>;

/// What a statement gave.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) fields: Vec<Field>,
    pub(crate) rows: Vec<Values>,
    /// Whether there were more rows than are here.
    pub(crate) is_cut: bool,
    /// How many rows it concerned, when that was counted to the end.
    pub(crate) counted: Option<u64>,
    pub(crate) took: Duration,
}

/// Why a statement gave nothing.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    /// Where in the text, in letters from 0.
    pub(crate) position: Option<usize>,
    /// What to do about it.
    pub(crate) hint: Option<&'static str>,
    /// The SQLSTATE, when the server refused.
    pub(crate) code: Option<String>,
}

impl Answer {
    /// An empty one with the columns of `statement`.
    pub(super) fn of(statement: &Statement) -> Self {
        let fields = statement.columns().iter().map(|column| Field {
            name: column.name().to_owned(),
            kind: column.type_().name().to_owned(),
        });
        Self {
            fields: fields.collect(),
            ..Self::default()
        }
    }

    /// Runs `sql` to its end, and keeps what `limits` let through. By the simple
    /// protocol, which alone gives every type as text; so `sql` has to be known to
    /// be a single statement.
    pub(super) async fn fill(
        &mut self,
        transaction: &DriverTransaction,
        sql: &str,
        limits: Limits,
    ) -> Result<(), tokio_postgres::Error> {
        let mut messages = pin!(transaction.simple_query_raw(sql).await?);
        let mut kept = 0;
        while let Some(message) = messages.next().await {
            match message? {
                SimpleQueryMessage::Row(row) => {
                    self.keep((limits, &mut kept), || values(&row, limits.letters));
                }
                SimpleQueryMessage::CommandComplete(rows) => self.counted = Some(rows),
                _ => {}
            }
        }
        Ok(())
    }

    /// Keeps a row, if there is room for it.
    pub(super) fn keep(
        &mut self,
        (limits, kept): (Limits, &mut usize),
        row: impl FnOnce() -> Values,
    ) {
        if self.rows.len() >= limits.rows || *kept > KEPT {
            self.is_cut = true;
            return;
        }
        let row = row();
        *kept += row
            .iter()
            .flatten()
            .map(|value| value.text.len())
            .sum::<usize>();
        self.rows.push(row);
    }
}

fn values(row: &SimpleQueryRow, letters: usize) -> Values {
    let values = (0..row.len()).map(|at| match row.try_get(at) {
        Ok(text) => text.map(|text| Value::cut(text, letters)),
        Err(_) => Some(Value {
            text: "(bytes that are not UTF-8)".to_owned(),
            cut_from: None,
        }),
    });
    values.collect()
}

impl Value {
    /// At most `letters` of `text`.
    pub(super) fn cut(text: &str, letters: usize) -> Self {
        match text.char_indices().nth(letters) {
            None => Self {
                text: text.to_owned(),
                cut_from: None,
            },
            Some((end, _)) => Self {
                text: text.get(..end).unwrap_or_default().to_owned(),
                cut_from: Some(length(text)),
            },
        }
    }
}

fn length(text: &str) -> String {
    let letters = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    format!("{} letters", words::counted(letters))
}

impl Refusal {
    /// One of the studio's own.
    pub(super) fn new(message: &str, hint: &'static str) -> Self {
        Self {
            message: message.to_owned(),
            position: None,
            hint: Some(hint),
            code: None,
        }
    }

    /// What is not the text's fault.
    pub(crate) fn other(error: impl std::fmt::Display) -> Self {
        Self {
            message: error.to_string(),
            position: None,
            hint: None,
            code: None,
        }
    }

    /// The server's, about a text that has `before` letters which are not those of
    /// the person who typed it; negative when it lacks some.
    pub(super) fn of(error: tokio_postgres::Error, before: isize) -> Self {
        let position = match error.as_db_error().and_then(|error| error.position()) {
            Some(ErrorPosition::Original(position)) => isize::try_from(*position).ok(),
            _ => None,
        };
        let position = position.and_then(|at| usize::try_from(at - 1 - before).ok());
        let error = PgError::from(error);
        let code = error.sqlstate().map(str::to_owned);
        let message = error.to_string();
        Self {
            position,
            hint: hint(code.as_deref(), &message),
            message,
            code,
        }
    }

    /// The same with what to do about it.
    pub(super) fn with(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }
}

fn hint(code: Option<&str>, message: &str) -> Option<&'static str> {
    match code? {
        "57014" => Some("Select fewer rows, or choose a longer time limit."),
        "42601" if message.contains("multiple commands") => Some("Run one statement at a time."),
        "25006" => Some(
            "Connect to the primary server with writing on. This transaction is read-only, as all are on a standby.",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_cut_between_letters_and_its_length_is_known() {
        let cut = Value::cut("äöüß", 2);
        assert_eq!(
            (cut.text.as_str(), cut.cut_from.as_deref()),
            ("äö", Some("4 letters"))
        );
        let whole = Value::cut("äö", 2);
        assert_eq!((whole.text.as_str(), whole.cut_from), ("äö", None));
    }
}
