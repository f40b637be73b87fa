//! Rows as CSV and as JSON.

use tokio_postgres::Row;

use crate::data::{Column, Statement, Table, marked_text, order_by};
use crate::error::Failure;
use crate::query::View;

/// What a file of rows is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// As RFC 4180 has it. NULL is nothing, and the empty text is `""`.
    Csv,
    /// A list of objects, a row on each line.
    Json,
}

impl Table {
    /// The rows that `view` shows, on all its pages: their values as text for CSV,
    /// or each row as one JSON object.
    pub(crate) fn export(&self, view: &View, format: Format) -> Result<Statement, Failure> {
        let columns = self.shown(view).into_iter().map(|column| match format {
            Format::Csv => format!("{}::pg_catalog.text", column.quoted()),
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
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
        }
    }

    /// What comes before the first row.
    pub(crate) fn beginning(self, columns: &[&Column]) -> String {
        match self {
            Self::Csv => line(columns.iter().map(|column| Some(column.name.as_str()))),
            Self::Json => "[".to_owned(),
        }
    }

    /// What comes behind the last one.
    pub(crate) fn end(self) -> &'static [u8] {
        match self {
            Self::Csv => b"",
            Self::Json => b"\n]\n",
        }
    }

    /// A row; `at` counts them from 0.
    pub(crate) fn row(self, at: usize, row: &Row) -> Result<String, tokio_postgres::Error> {
        // In JSON a backslash stands for two.
        let mark = match self {
            Self::Csv => "\\x",
            Self::Json => "\\\\x",
        };
        let text = |column| marked_text(row, column, mark);
        match self {
            Self::Csv => {
                let values = (0..row.len()).map(text).collect::<Result<Vec<_>, _>>()?;
                Ok(line(values.iter().map(Option::as_deref)))
            }
            Self::Json => {
                let comma = if at == 0 { "\n" } else { ",\n" };
                Ok(format!("{comma}{}", text(0)?.as_deref().unwrap_or("null")))
            }
        }
    }
}

/// A line of CSV.
pub(crate) fn line<'a>(values: impl Iterator<Item = Option<&'a str>>) -> String {
    let values = values.map(|value| match value {
        None => String::new(),
        Some("") => "\"\"".to_owned(),
        Some(text) if text.contains(['"', ',', '\n', '\r']) || text.trim() != text => {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
        Some(text) => text.to_owned(),
    });
    let mut line = values.collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_the_empty_text_and_text_with_quotes_differ_in_csv() {
        let values = [
            None,
            Some(""),
            Some("a\"b"),
            Some("c,\nd"),
            Some(" e"),
            Some("f g"),
        ];
        let expected = ",\"\",\"a\"\"b\",\"c,\nd\",\" e\",f g\r\n";
        assert_eq!(line(values.into_iter()), expected);
    }
}
