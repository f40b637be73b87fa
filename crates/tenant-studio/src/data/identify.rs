//! Which row is meant, and whether it is still the row that was shown.
//!
//! A row is identified by the columns of its key and by the transaction that wrote it last
//! (`xmin`). Without a key it is identified by its place (`ctid`, and the table if there are
//! several) and a hash of its content, because another row may later take the place.

use tenant_core::quote_ident;
use tokio_postgres::Row;

use super::catalog::{Column, Table};
use super::cut::{Extent, Source};
use super::dml::Dml;
use super::reading::Reading;
use super::relation::Kind;
use super::text::Cell;
use crate::error::Failure;
use crate::query::OrderValues;

/// A row as it is now, and the version that it has.
#[derive(Debug, Clone)]
pub(crate) struct CurrentRow {
    /// Empty when the row is too large to have one.
    pub(crate) version: String,
    /// One for each column, at most [`LETTERS_TO_EDIT`](Self::LETTERS_TO_EDIT) letters and one more.
    pub(crate) values: Vec<Option<Cell>>,
}

impl CurrentRow {
    /// How many letters a value may have to be edited here.
    pub(crate) const LETTERS_TO_EDIT: usize = 100_000;

    const EXTENT: Extent = Extent::of(Self::LETTERS_TO_EDIT);

    /// How many bytes a row without a key may take on the disk to be changed here.
    const MOST_WITHOUT_KEY: usize = 8 * 1024 * 1024;
}

/// A column where the table has no other name: in changes.
fn unnamed(column: &Column) -> Source {
    Source {
        value: quote_ident(&column.name),
        ..column.source()
    }
}

impl Column {
    /// Whether a value can be given: PostgreSQL computes the others itself.
    pub(crate) fn is_writable(&self) -> bool {
        !self.is_generated && !self.is_always
    }
}

impl Table {
    /// Whether rows can be added.
    pub(crate) fn is_writable(&self) -> bool {
        matches!(self.relation.kind, Kind::Table | Kind::Partitioned)
    }

    /// Whether its rows can be named, so that they can be changed.
    pub(crate) fn has_writable_rows(&self) -> bool {
        self.is_writable() && self.is_total()
    }

    /// Adds the condition that is true for the row with this identity only.
    pub(super) fn identify(&self, dml: &mut Dml, identity: &OrderValues) -> Result<(), String> {
        let wrong = || "the key names no row of the table".to_owned();
        let named = self.identifying();
        if named.len() != identity.len() || named.is_empty() {
            return Err(wrong());
        }
        for (at, (one, value)) in named.iter().zip(identity).enumerate() {
            let value = value.as_deref().ok_or_else(wrong)?;
            dml.push(if at == 0 { "" } else { " AND " });
            dml.equals(&one.name, (value, &one.type_name), |value| {
                one.equals(&one.name, value)
            });
        }
        Ok(())
    }

    /// The question for the row as it is now.
    pub(super) fn question(&self, identity: &OrderValues) -> Result<Dml, String> {
        let mut dml = Dml::default();
        dml.push(&format!("SELECT {}", self.version()));
        for source in self.columns.iter().map(unnamed) {
            let cut = source.cut(CurrentRow::EXTENT, self.is_bytes);
            dml.push(&format!(", {cut}"));
        }
        dml.push(&format!(" FROM {} WHERE ", self.target()));
        self.identify(&mut dml, identity)?;
        Ok(dml)
    }

    /// The answer to it.
    pub(super) fn current_row(&self, row: &Row) -> Result<CurrentRow, tokio_postgres::Error> {
        let sources = self.columns.iter().map(unnamed).enumerate();
        let values = sources.map(|(at, source)| source.read(row, at + 1));
        Ok(CurrentRow {
            version: row.try_get::<_, Option<String>>(0)?.unwrap_or_default(),
            values: values.collect::<Result<_, _>>()?,
        })
    }

    /// A value that differs once the row has been changed. NULL for a row without a key that is too
    /// large to be compared as a whole.
    fn version(&self) -> String {
        if self.key().is_some() {
            return "xmin::pg_catalog.text".to_owned();
        }
        let names = self.columns.iter().map(|column| quote_ident(&column.name));
        let names = names.collect::<Vec<_>>();
        let sizes = names
            .iter()
            .map(|name| format!("coalesce(pg_catalog.pg_column_size({name}), 0)::pg_catalog.int8"));
        let sizes = std::iter::once("0::pg_catalog.int8".to_owned()).chain(sizes);
        let sizes = sizes.collect::<Vec<_>>().join(" OPERATOR(pg_catalog.+) ");
        let most = CurrentRow::MOST_WITHOUT_KEY;
        format!(
            "CASE WHEN {sizes} OPERATOR(pg_catalog.<=) {most}::pg_catalog.int8 \
             THEN pg_catalog.encode(pg_catalog.sha256(pg_catalog.textsend( \
                tableoid::pg_catalog.text OPERATOR(pg_catalog.||) \
                ROW({})::pg_catalog.text)), 'hex') END",
            names.join(", ")
        )
    }

    /// The row with this identity, if it is there.
    pub(crate) async fn current(
        &self,
        reading: &Reading,
        identity: &OrderValues,
    ) -> Result<Option<CurrentRow>, Failure> {
        const WHAT: &str = "Reading the row";
        if !self.has_writable_rows() {
            return Err(Failure::Wrong("its rows cannot be changed".to_owned()));
        }
        let question = self.question(identity).map_err(Failure::Wrong)?;
        let parameters = question.parameters();
        let rows = reading.rows(WHAT, &question.sql, &parameters).await?;
        let row = rows.first().map(|row| self.current_row(row)).transpose();
        row.map_err(Failure::of(WHAT))
    }
}
