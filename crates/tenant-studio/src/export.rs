//! Rows as CSV and as JSON.

use tokio_postgres::Row;

use crate::csv::{Formulas, Value, line};
use crate::data::{Column, Statement, Table, marked_text, order_by};
use crate::error::Failure;
use crate::query::View;

/// What a file of rows is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Values with commas between them: see `csv.rs`.
    Csv(Formulas),
    /// A list of objects, a row on each line.
    Json,
}

impl Table {
    /// The rows that `view` shows, on all its pages: their values as text for CSV,
    /// or each row as one JSON object.
    pub(crate) fn export(&self, view: &View, format: Format) -> Result<Statement, Failure> {
        let columns = self.shown(view).into_iter().map(|column| match format {
            Format::Csv(_) => format!("{}::pg_catalog.text", column.quoted()),
            Format::Json => column.quoted(),
        });
        let columns = columns.collect::<Vec<_>>().join(", ");
        let mut statement = Statement::default();
        if format == Format::Json {
            statement.push("SELECT pg_catalog.row_to_json(export.*)::pg_catalog.text FROM (");
        }
        statement.push(&format!("SELECT {columns} FROM {}", self.quoted()));
        self.filter(&mut statement, view)?;
        let is_down = view.sort.as_ref().is_some_and(|sort| sort.is_down);
        if view.sort.is_some() || self.key().is_some() {
            statement.push(&order_by(&self.order(view)?, is_down));
        }
        if format == Format::Json {
            statement.push(") AS export");
        }
        Ok(statement)
    }
}

impl Format {
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::Csv(_) => "csv",
            Self::Json => "json",
        }
    }

    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Csv(_) => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
        }
    }

    /// What comes before the first row.
    pub(crate) fn beginning(self, columns: &[&Column]) -> String {
        match self {
            Self::Csv(formulas) => {
                let names = columns.iter().map(|column| Value::text(&column.name));
                line(names, formulas)
            }
            Self::Json => "[".to_owned(),
        }
    }

    /// What comes behind the last one.
    pub(crate) fn end(self) -> &'static [u8] {
        match self {
            Self::Csv(_) => b"",
            Self::Json => b"\n]\n",
        }
    }

    /// A row; `at` counts them from 0. `numbers` says of each column whether it has numbers.
    pub(crate) fn row(
        self,
        at: usize,
        row: &Row,
        numbers: &[bool],
    ) -> Result<String, tokio_postgres::Error> {
        // In JSON a backslash stands for two.
        let mark = match self {
            Self::Csv(_) => "\\x",
            Self::Json => "\\\\x",
        };
        let text = |column| marked_text(row, column, mark);
        match self {
            Self::Csv(formulas) => {
                let values = (0..row.len()).map(text).collect::<Result<Vec<_>, _>>()?;
                let values = values.iter().zip(numbers);
                let values = values.map(|(text, number)| Value::new(text.as_deref(), *number));
                Ok(line(values, formulas))
            }
            Self::Json => {
                let comma = if at == 0 { "\n" } else { ",\n" };
                Ok(format!("{comma}{}", text(0)?.as_deref().unwrap_or("null")))
            }
        }
    }
}
