//! Which row is meant, and whether it is still the one that somebody saw.
//!
//! A row is named by the columns of its key and the transaction that wrote it last
//! (`xmin`); without a key by its place (`ctid`) and a hash of all that is in it,
//! because a place is taken by another row one day.

use tenant_core::quote_ident;
use tokio_postgres::Row;

use super::catalog::{Column, Table};
use super::dml::Dml;
use super::reading::Reading;
use super::relation::Kind;
use crate::error::Failure;
use crate::query::OrderValues;

/// A row as it is now, and the version that it has.
#[derive(Debug, Clone)]
pub(crate) struct CurrentRow {
    pub(crate) version: String,
    /// One for each column, at most [`LETTERS_TO_EDIT`](Self::LETTERS_TO_EDIT) letters and one more.
    pub(crate) values: Vec<Option<String>>,
}

impl CurrentRow {
    /// How many letters a value may have to be edited here.
    pub(crate) const LETTERS_TO_EDIT: usize = 100_000;

    pub(super) fn of(row: &Row) -> Result<Self, tokio_postgres::Error> {
        let values = (1..row.len()).map(|at| row.try_get(at));
        Ok(Self {
            version: row.try_get(0)?,
            values: values.collect::<Result<_, _>>()?,
        })
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

    /// Whether its rows can be named, so that they can be changed. Those of a
    /// partitioned table without a key cannot: two can have the same place.
    pub(crate) fn has_writable_rows(&self) -> bool {
        self.is_writable() && (self.key().is_some() || self.relation.kind == Kind::Table)
    }

    /// Adds the condition that is true for the row with this identity only.
    pub(super) fn identify(&self, dml: &mut Dml, identity: &OrderValues) -> Result<(), String> {
        let wrong = || "This does not name a row of the table.".to_owned();
        let Some(key) = self.key() else {
            let [Some(place)] = identity.as_slice() else {
                return Err(wrong());
            };
            dml.push("ctid = ");
            dml.value(Some(place), "pg_catalog.tid");
            return Ok(());
        };
        if key.len() != identity.len() {
            return Err(wrong());
        }
        for (at, (name, value)) in key.iter().zip(identity).enumerate() {
            let column = self.column(name).ok_or_else(wrong)?;
            let value = value.as_deref().ok_or_else(wrong)?;
            dml.push(if at == 0 { "" } else { " AND " });
            dml.push(&format!("{} = ", quote_ident(name)));
            dml.value(Some(value), &column.bare_type);
        }
        Ok(())
    }

    /// The question for the row as it is now.
    pub(super) fn question(&self, identity: &OrderValues) -> Result<Dml, String> {
        let letters = CurrentRow::LETTERS_TO_EDIT + 1;
        let mut dml = Dml::default();
        dml.push(&format!("SELECT {}", self.version()));
        for column in &self.columns {
            let name = quote_ident(&column.name);
            dml.push(&format!(
                ", pg_catalog.left({name}::pg_catalog.text, {letters})"
            ));
        }
        dml.push(&format!(" FROM {} WHERE ", self.target()));
        self.identify(&mut dml, identity)?;
        Ok(dml)
    }

    /// What differs as soon as somebody has changed the row.
    fn version(&self) -> String {
        if self.key().is_some() {
            return "xmin::pg_catalog.text".to_owned();
        }
        let columns = self.columns.iter().map(|column| quote_ident(&column.name));
        let columns = columns.collect::<Vec<_>>().join(", ");
        format!(
            "pg_catalog.encode(pg_catalog.sha256(pg_catalog.textsend( \
             tableoid::pg_catalog.text || ROW({columns})::pg_catalog.text)), 'hex')"
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
            return Err(Failure::Wrong("Rows of this cannot be changed.".to_owned()));
        }
        let question = self.question(identity).map_err(Failure::Wrong)?;
        let parameters = question.parameters();
        let rows = reading.rows(WHAT, &question.sql, &parameters).await?;
        let row = rows.first().map(CurrentRow::of).transpose();
        row.map_err(Failure::of(WHAT))
    }
}
