//! Changes to the rows of one table: all of them are kept, or none.
//!
//! First every row to change is locked and read, so changes by other sessions are found before
//! anything is written. The writes come after that. So the effects of a trigger or a foreign key on
//! another of the rows are not taken for changes by other sessions.

use std::collections::BTreeMap;

use serde::Deserialize;
use tenant_core::PgError;

use super::catalog::Table;
use super::dml::Dml;
use super::identify::CurrentRow;
use super::statements::statements;
use super::text::{Cell, some_text};
use super::writing::Writing;
use crate::error::Failure;
use crate::query::OrderValues;

/// What a document of changes holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Changes {
    pub(crate) changes: Vec<Change>,
}

/// One of them.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Change {
    /// Gives these columns of a row other values.
    Update {
        key: OrderValues,
        version: String,
        set: BTreeMap<String, Input>,
    },
    /// Adds a row. What is not named gets its default.
    Insert {
        #[serde(default)]
        set: BTreeMap<String, Input>,
    },
    /// Removes a row.
    Delete { key: OrderValues, version: String },
}

/// A value: text, NULL, or `{"default": true}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Input {
    Default { default: bool },
    Value(Option<String>),
}

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) updated: usize,
    pub(crate) inserted: usize,
    pub(crate) deleted: usize,
    /// The key that each changed or added row has now, where the table has one.
    pub(crate) keys: Vec<Option<OrderValues>>,
}

/// Why nothing was done.
#[derive(Debug)]
pub(crate) enum RefusedChange {
    /// The change with this number makes no sense for this table.
    Wrong(usize, String),
    /// The row is not any more what it was: this is it now, if it is there.
    Stale(usize, Option<CurrentRow>),
    /// PostgreSQL refuses the change; or none in particular, but all together.
    Server {
        index: Option<usize>,
        error: PgError,
        column: Option<String>,
        constraint: Option<String>,
    },
    /// Something else.
    Failed(Failure),
}

impl From<Failure> for RefusedChange {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The statements that `changes` stand for, as people read them.
pub(crate) fn preview(table: &Table, changes: &[Change]) -> Result<Vec<String>, RefusedChange> {
    let statements = statements(table, changes)?;
    Ok(statements
        .into_iter()
        .map(|dml| format!("{};", dml.shown))
        .collect())
}

/// Does `changes`. The transaction is of no more use when they are refused.
pub(crate) async fn apply(
    writing: &Writing,
    table: &Table,
    changes: &[Change],
) -> Result<Done, RefusedChange> {
    let statements = statements(table, changes)?;
    for (index, change) in changes.iter().enumerate() {
        lock(writing, table, (index, change)).await?;
    }
    let mut applied = Done::default();
    for (index, (change, dml)) in changes.iter().zip(&statements).enumerate() {
        let key = run(writing, table, (index, dml)).await?;
        match change {
            Change::Update { .. } => applied.updated += 1,
            Change::Insert { .. } => applied.inserted += 1,
            Change::Delete { .. } => applied.deleted += 1,
        }
        applied.keys.push(key);
    }
    let checked = writing.check().await;
    checked.map_err(|error| refused(None, error))?;
    Ok(applied)
}

/// Makes sure that the row is still the row that was shown, and that it stays so.
async fn lock(
    writing: &Writing,
    table: &Table,
    (index, change): (usize, &Change),
) -> Result<(), RefusedChange> {
    let (key, version, strength) = match change {
        Change::Insert { .. } => return Ok(()),
        Change::Update { key, version, .. } => (key, version, "NO KEY UPDATE"),
        Change::Delete { key, version } => (key, version, "UPDATE"),
    };
    let mut question = table
        .question(key)
        .map_err(|message| RefusedChange::Wrong(index, message))?;
    question.push(&format!(" FOR {strength}"));
    let rows = writing.rows(&question).await;
    let rows = rows.map_err(|error| refused(Some(index), error))?;
    let current = rows.first().map(|row| table.current_row(row)).transpose();
    let current = current.map_err(Failure::of("Reading the row"))?;
    match current {
        Some(current) if current.version.is_empty() => Err(RefusedChange::Wrong(
            index,
            "this row is too large to be changed here: its table has no key".to_owned(),
        )),
        Some(current) if current.version == *version => {
            editable(table, change, &current).map_err(|text| RefusedChange::Wrong(index, text))
        }
        current => Err(RefusedChange::Stale(index, current)),
    }
}

/// Refuses to overwrite what was not shown as it is.
fn editable(table: &Table, change: &Change, current: &CurrentRow) -> Result<(), String> {
    let Change::Update { set, .. } = change else {
        return Ok(());
    };
    for (column, value) in table.columns.iter().zip(&current.values) {
        if set.contains_key(&column.name)
            && let Some(Cell::Bytes(_)) = value
        {
            let name = &column.name;
            return Err(format!(
                "the value of `{name}` cannot be edited: some of its bytes are not UTF-8"
            ));
        }
    }
    Ok(())
}

/// Runs a statement that must change exactly one row, and tells its key.
async fn run(
    writing: &Writing,
    table: &Table,
    (index, dml): (usize, &Dml),
) -> Result<Option<OrderValues>, RefusedChange> {
    let (changed, key) = if table.key().is_some() {
        let rows = writing.rows(dml).await;
        let rows = rows.map_err(|error| refused(Some(index), error))?;
        let row = rows.first();
        let key = row.map(|row| (0..row.len()).map(|at| some_text(row, at)).collect());
        let key = key.transpose().map_err(Failure::of("Reading the key"))?;
        (u64::try_from(rows.len()).unwrap_or(u64::MAX), key)
    } else {
        let changed = writing.execute(dml).await;
        let changed = changed.map_err(|error| refused(Some(index), error))?;
        (changed, None)
    };
    match changed {
        1 => Ok(key),
        0 => Err(RefusedChange::Wrong(
            index,
            "PostgreSQL has changed no row for this: a trigger or a rule has prevented it, or \
             another of these changes has come before it."
                .to_owned(),
        )),
        _ => Err(RefusedChange::Wrong(
            index,
            "this would change more than one row".to_owned(),
        )),
    }
}

fn refused(index: Option<usize>, error: tokio_postgres::Error) -> RefusedChange {
    let Some(said) = error.as_db_error() else {
        return Failure::of("Changing rows")(error).into();
    };
    let column = said.column().map(str::to_owned);
    let constraint = said.constraint().map(str::to_owned);
    RefusedChange::Server {
        index,
        column,
        constraint,
        error: error.into(),
    }
}
