//! Changes to the rows of one table: all of them are kept, or none.
//!
//! First every row that is to change is locked, and looked at: whoever has changed
//! it in between has done so before that. Only then is anything written, so that
//! what a trigger or a foreign key does to another of the rows is not taken for
//! somebody else's doing.

use std::collections::BTreeMap;

use serde::Deserialize;
use tenant_core::{PgError, quote_ident};

use super::catalog::{Column, Table};
use super::dml::Dml;
use super::identify::CurrentRow;
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
pub(crate) enum Refusal {
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

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The statements that `changes` stand for, as people read them.
pub(crate) fn preview(table: &Table, changes: &[Change]) -> Result<Vec<String>, Refusal> {
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
) -> Result<Done, Refusal> {
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

/// Makes sure that the row is what somebody saw, and that it stays so.
async fn lock(
    writing: &Writing,
    table: &Table,
    (index, change): (usize, &Change),
) -> Result<(), Refusal> {
    let (key, version, strength) = match change {
        Change::Insert { .. } => return Ok(()),
        Change::Update { key, version, .. } => (key, version, "NO KEY UPDATE"),
        Change::Delete { key, version } => (key, version, "UPDATE"),
    };
    let mut question = table
        .question(key)
        .map_err(|message| Refusal::Wrong(index, message))?;
    question.push(&format!(" FOR {strength}"));
    let rows = writing.rows(&question).await;
    let rows = rows.map_err(|error| refused(Some(index), error))?;
    let current = rows.first().map(CurrentRow::of).transpose();
    let current = current.map_err(Failure::of("Reading the row"))?;
    match current {
        Some(current) if current.version == *version => Ok(()),
        current => Err(Refusal::Stale(index, current)),
    }
}

/// Runs a statement that must change exactly one row, and tells its key.
async fn run(
    writing: &Writing,
    table: &Table,
    (index, dml): (usize, &Dml),
) -> Result<Option<OrderValues>, Refusal> {
    let (changed, key) = if table.key().is_some() {
        let rows = writing.rows(dml).await;
        let rows = rows.map_err(|error| refused(Some(index), error))?;
        let row = rows.first();
        let key = row.map(|row| (0..row.len()).map(|at| row.try_get(at)).collect());
        let key = key.transpose().map_err(Failure::of("Reading the key"))?;
        (u64::try_from(rows.len()).unwrap_or(u64::MAX), key)
    } else {
        let changed = writing.execute(dml).await;
        let changed = changed.map_err(|error| refused(Some(index), error))?;
        (changed, None)
    };
    match changed {
        1 => Ok(key),
        0 => Err(Refusal::Wrong(
            index,
            "PostgreSQL has changed no row for this: a trigger or a rule has prevented it, or \
             another of these changes has come before it."
                .to_owned(),
        )),
        _ => Err(Refusal::Wrong(
            index,
            "This would change more than one row.".to_owned(),
        )),
    }
}

fn refused(index: Option<usize>, error: tokio_postgres::Error) -> Refusal {
    let Some(said) = error.as_db_error() else {
        return Failure::of("Changing rows")(error).into();
    };
    let column = said.column().map(str::to_owned);
    let constraint = said.constraint().map(str::to_owned);
    Refusal::Server {
        index,
        column,
        constraint,
        error: error.into(),
    }
}

fn statements(table: &Table, changes: &[Change]) -> Result<Vec<Dml>, Refusal> {
    let all = changes.iter().enumerate();
    let all = all.map(|(index, change)| {
        statement(table, change).map_err(|message| Refusal::Wrong(index, message))
    });
    all.collect()
}

/// The statement that a change stands for, once every name in it was found in the
/// catalog.
fn statement(table: &Table, change: &Change) -> Result<Dml, String> {
    let mut dml = Dml::default();
    let is_insert = matches!(change, Change::Insert { .. });
    if !table.is_writable() || !is_insert && !table.has_writable_rows() {
        let kind = table.relation.kind.name();
        return Err(match table.is_writable() {
            true => "Rows of a partitioned table without a key cannot be changed.".to_owned(),
            false => format!("The rows of a {kind} cannot be changed."),
        });
    }
    match change {
        Change::Update { key, set, .. } => {
            dml.push(&format!("UPDATE {} SET ", table.target()));
            assign(&mut dml, &inputs(table, set)?)?;
            dml.push(" WHERE ");
            table.identify(&mut dml, key)?;
        }
        Change::Delete { key, .. } => {
            dml.push(&format!("DELETE FROM {} WHERE ", table.target()));
            table.identify(&mut dml, key)?;
        }
        Change::Insert { set } => {
            dml.push(&format!("INSERT INTO {} ", table.target()));
            insert(&mut dml, &inputs(table, set)?);
        }
    }
    if let Some(key) = table.key() {
        let key = key
            .iter()
            .map(|name| format!("{}::pg_catalog.text", quote_ident(name)));
        let key = key.collect::<Vec<_>>().join(", ");
        dml.push_hidden(&format!(" RETURNING {key}"));
    }
    Ok(dml)
}

/// The columns that are named, each with its value.
fn inputs<'a>(
    table: &'a Table,
    set: &'a BTreeMap<String, Input>,
) -> Result<Vec<(&'a Column, &'a Input)>, String> {
    let all = set.iter().map(|(name, input)| {
        let column = table
            .column(name)
            .ok_or_else(|| format!("The table has no column “{name}”."))?;
        if !column.is_writable() {
            return Err(format!(
                "PostgreSQL gives “{name}” its value: it cannot be set."
            ));
        }
        match input {
            Input::Default { default: false } => Err(format!("“{name}” has no value.")),
            _ => Ok((column, input)),
        }
    });
    all.collect()
}

fn assign(dml: &mut Dml, inputs: &[(&Column, &Input)]) -> Result<(), String> {
    if inputs.is_empty() {
        return Err("Nothing is to be changed in this row.".to_owned());
    }
    for (at, (column, input)) in inputs.iter().enumerate() {
        dml.push(if at == 0 { "" } else { ", " });
        dml.push(&format!("{} = ", quote_ident(&column.name)));
        write(dml, column, input);
    }
    Ok(())
}

fn insert(dml: &mut Dml, inputs: &[(&Column, &Input)]) {
    if inputs.is_empty() {
        return dml.push("DEFAULT VALUES");
    }
    let names = inputs.iter().map(|(column, _)| quote_ident(&column.name));
    let names = names.collect::<Vec<_>>().join(", ");
    dml.push(&format!("({names}) VALUES ("));
    for (at, (column, input)) in inputs.iter().enumerate() {
        dml.push(if at == 0 { "" } else { ", " });
        write(dml, column, input);
    }
    dml.push(")");
}

fn write(dml: &mut Dml, column: &Column, input: &Input) {
    match input {
        Input::Default { .. } => dml.push("DEFAULT"),
        Input::Value(value) => dml.value(value.as_deref(), &column.written_type),
    }
}
